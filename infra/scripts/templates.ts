//! `npm run templates FOLDER`: the templates of the variants, for linters.

import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kept } from "../lib/generated.ts";
import { TEMPLATE } from "../lib/iam-template.ts";
import { names, synthesised } from "../test/variants.ts";

const folder = process.argv[2] ?? "cdk.out/variants";
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const name of names) {
  for (const [stack, template] of Object.entries(synthesised(name).templates)) {
    writeFileSync(join(folder, `${name}-${stack}.json`), JSON.stringify(template.toJSON(), null, 1));
  }
}
copyFileSync(kept(TEMPLATE), join(folder, "iam.json"));
copyFileSync(kept("Dockerfile"), join(folder, "Dockerfile"));
