// mcp-remote: a client over stdio on this side, the server over HTTP on the other. Modes: those of the client, legacy or auto.
import { createRequire } from "node:module";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { drive, listAndCall, say } from "./steps.mjs";

await drive(async (url, calls, mode) => {
  const proxy = join(createRequire(import.meta.url).resolve("mcp-remote/package.json"), "../dist/proxy.js");
  const state = mkdtempSync(join(tmpdir(), "mcp-remote-"));
  const client = new Client({ name: "interop", version: "1" }, { versionNegotiation: { mode } });
  try {
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: [proxy, url, "--allow-http", "--transport", "http-only"],
        env: { ...process.env, MCP_REMOTE_CONFIG_DIR: state },
        stderr: "ignore",
      }),
    );
    say("connect", { protocol: client.getNegotiatedProtocolVersion() });
    await listAndCall(client, calls);
    await client.close();
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
});
