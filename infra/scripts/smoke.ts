//! `npm run smoke`: a token, the list of tools, one call, the health check; by mcp-server-config.json.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ClientConfig } from "./client-config.ts";

const config = JSON.parse(readFileSync(fileURLToPath(new URL("../mcp-server-config.json", import.meta.url)), "utf8")) as ClientConfig;
const { url } = Object.values(config.mcpServers)[0]!;

async function said(what: string, response: Promise<Response>): Promise<any> {
  const answer = await response;
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${what}: ${answer.status} ${text.slice(0, 500)}`);
  console.log(`ok  ${what}`);
  return JSON.parse(text) as unknown;
}

await said("health", fetch(new URL(url.replace(/\/mcp$/, "/health"))));
if (!config.oauth) {
  console.log("no client of Cognito to try: people log in with a client, principals sign their requests");
} else {
  const { clientId, clientSecret } = config.oauth.clients[0]!;
  const form = new URLSearchParams({ grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret, scope: config.oauth.scope });
  const { access_token } = await said("a token", fetch(config.oauth.tokenEndpoint, { method: "POST", body: form }));
  const call = (method: string, params: object) =>
    fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json", accept: "application/json, text/event-stream" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
  const { result } = await said("tools/list", call("tools/list", {}));
  console.log(`    ${result.tools.map((tool: { name: string }) => tool.name).join(", ")}`);
  const reply = await said("ExecuteQuery", call("tools/call", { name: "ExecuteQuery", arguments: { query: "vector(1)" } }));
  if (reply.error || reply.result.isError) throw new Error(`the tool failed: ${JSON.stringify(reply).slice(0, 500)}`);
}
