// The Inspector's command line: one process a step. The mode is its protocol era: auto, legacy or modern.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { called, drive, say } from "./steps.mjs";

await drive(async (url, calls, era) => {
  const program = join(createRequire(import.meta.url).resolve("@modelcontextprotocol/inspector/package.json"), "../clients/launcher/build/index.js");
  const state = mkdtempSync(join(tmpdir(), "inspector-"));
  const env = { ...process.env, HOME: state }; // it keeps its catalogue and storage there
  const run = async (...args) => {
    const all = [program, "--cli", url, "--transport", "http", "--protocol-era", era, "--method", ...args];
    const { stdout } = await promisify(execFile)(process.execPath, all, { env, maxBuffer: 1 << 26 });
    return JSON.parse(stdout);
  };
  try {
    const { tools } = await run("tools/list", "--strict"); // fails when a schema is not portable
    say("list", { tools: tools.map((tool) => tool.name) });
    for (const { name, arguments: given } of calls) {
      const pairs = Object.entries(given).flatMap(([key, value]) => ["--tool-arg", `${key}=${value}`]);
      called(name, await run("tools/call", "--tool-name", name, ...pairs));
    }
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
});
