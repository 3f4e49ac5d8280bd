//! What each function reads from its environment: `variables.json`, which `cargo xtask docs` writes from the programs.

import { readFileSync } from "node:fs";

export type FunctionName = "mcp" | "authorizer" | "oauth" | "health";

export interface Variable {
  name: string;
  secret: boolean;
}

const declared = JSON.parse(readFileSync(new URL("../variables.json", import.meta.url), "utf8")) as Record<FunctionName, Variable[]>;

export const functionVariables = (name: FunctionName): Variable[] => declared[name];
