// mcp-remote as a program that logs in: its own listener, the browser of this machine, its own folder.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { did, front } from "./logins.mjs";
import { called, drive, listAndCall } from "./steps.mjs";

await drive(async (url, calls) => {
  const ask = front(url);
  const proxy = join(createRequire(import.meta.url).resolve("mcp-remote/package.json"), "../dist/proxy.js");
  const state = mkdtempSync(join(tmpdir(), "mcp-remote-"));
  const program = [proxy, url, "--allow-http", "--transport", "http-only", "--auth-timeout", "15"];
  const env = { ...process.env, MCP_REMOTE_CONFIG_DIR: state };
  const connect = async () => {
    const client = new Client({ name: "logins", version: "1" }, { versionNegotiation: { mode: "auto" } });
    await client.connect(new StdioClientTransport({ command: process.execPath, args: program, env, stderr: "ignore" }));
    return client;
  };
  const kept = (what) =>
    readdirSync(state, { recursive: true })
      .filter((file) => file.endsWith(`_${what}.json`))
      .map((file) => join(state, file));
  /// It looks at its own clock before it asks.
  const expire = async () => {
    await ask("asked");
    await ask("expire");
    for (const path of kept("tokens")) {
      writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path)), expires_at: 1 }));
    }
  };
  try {
    let client = await connect();
    await did(url, "login");
    await listAndCall(client, calls);
    for (const step of ["refresh", "revoked", "deleted"]) {
      if (step === "revoked") await ask("revoke");
      if (step === "deleted") await ask("delete");
      await expire();
      const result = await client.callTool(calls[0]);
      await did(url, step);
      called(calls[0].name, result);
    }
    await client.close();
    // The same again, on a day when it has nothing but the id of its registration: only the page could tell it. It
    // registers anew, and takes the login that it gave up for one that is under way; the next start opens the browser.
    await ask("asked");
    await ask("delete");
    for (const path of kept("tokens")) rmSync(path);
    const known = () => kept("client_info").map((path) => readFileSync(path, "utf8")).join();
    const before = known();
    const start = spawn(process.execPath, program, { env, stdio: "ignore" });
    for (let waited = 0; waited < 100 && (known() === "" || known() === before); waited += 1) await sleep(100);
    start.kill();
    client = await connect();
    const result = await client.callTool(calls[0]);
    await did(url, "forgotten");
    called(calls[0].name, result);
    await client.close();
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
});
