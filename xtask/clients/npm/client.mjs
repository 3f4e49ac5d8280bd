// The TypeScript client, version 2 (@modelcontextprotocol/client). Modes: legacy, auto.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { drive, listAndCall, say } from "./steps.mjs";

await drive(async (url, calls, mode) => {
  const client = new Client({ name: "interop", version: "1" }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  say("connect", { protocol: client.getNegotiatedProtocolVersion() });
  await listAndCall(client, calls);
  await client.close();
});
