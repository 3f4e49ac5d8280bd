// The TypeScript SDK, version 1 (@modelcontextprotocol/sdk); the mode is the alias of its version, `sdk-1.17.0`.
import { drive, listAndCall, say } from "./steps.mjs";

await drive(async (url, calls, alias) => {
  const { Client } = await import(`${alias}/client/index.js`);
  const { StreamableHTTPClientTransport } = await import(`${alias}/client/streamableHttp.js`);
  const client = new Client({ name: alias, version: "1" });
  const transport = new StreamableHTTPClientTransport(new URL(url));
  // 1.10.0 knows no protocolVersion: the answer to `initialize` is read as it passes.
  let protocol;
  const connected = client.connect(transport);
  const receive = transport.onmessage;
  transport.onmessage = (message, ...rest) => {
    protocol ??= message.result?.protocolVersion;
    receive(message, ...rest);
  };
  await connected;
  say("connect", { protocol });
  await listAndCall(client, calls);
  await client.close();
});
