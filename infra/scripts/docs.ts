import { mkdirSync } from "node:fs";
import { kept, write } from "../lib/generated.ts";

mkdirSync(kept("dist"), { recursive: true });
write();
