import assert from "node:assert/strict";
import { test } from "node:test";
import { allOutputs, clientConfig } from "../scripts/client-config.ts";

const outputs = JSON.stringify({
  "lambda-mcp-api": { McpUrl: "https://mcp.example.com/mcp", SignedUrl: "https://a1.execute-api.eu-west-1.amazonaws.com/prod" },
  "lambda-mcp-identity": { Issuer: "https://issuer", TokenEndpoint: "https://p.auth.eu-west-1.amazoncognito.com/oauth2/token", Scope: "mcp/invoke", ClientIdacme: "c1", ClientSecretArnacme: "arn:1" },
});

test("a client gets where the server is, its secret, and where to sign for", async () => {
  const config = await clientConfig(allOutputs(outputs), "metrics", async (arn) => `secret of ${arn}`);
  assert.deepEqual(config.mcpServers, { metrics: { type: "http", url: "https://mcp.example.com/mcp" } });
  assert.deepEqual(config.oauth?.clients, [{ tenant: "acme", clientId: "c1", clientSecret: "secret of arn:1" }]);
  assert.deepEqual(config.iam, { url: "https://a1.execute-api.eu-west-1.amazonaws.com/prod/mcp", service: "execute-api", region: "eu-west-1" });
});

test("what was not deployed is no configuration", async () => {
  await assert.rejects(clientConfig({}, "metrics", async () => ""), /npm run deploy/);
  await assert.rejects(clientConfig({ McpUrl: "https://${Token[TOKEN.1]}/mcp" }, "metrics", async () => ""), /token of the CDK/);
});
