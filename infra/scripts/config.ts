//! `npm run config`: writes mcp-server-config.json from what the deployment said. There is a secret in it.

import { execFile } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { allOutputs, clientConfig } from "./client-config.ts";

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** By the AWS command line, with the credentials of whoever runs this. */
async function secretOf(id: string): Promise<string> {
  const { stdout } = await promisify(execFile)("aws", ["secretsmanager", "get-secret-value", "--secret-id", id, "--query", "SecretString", "--output", "text"]);
  return stdout.trim();
}

const outputs = allOutputs(readFileSync(path("outputs.json"), "utf8"));
const config = await clientConfig(outputs, process.env["MCP_NAME"] ?? "lambda-mcp", secretOf);
const file = path("mcp-server-config.json");
writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
// The mode above is for a file that was not there before.
chmodSync(file, 0o600);
console.log(`wrote ${file}: keep it to yourself`);
