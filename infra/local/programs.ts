//! A program with a token of Cognito: the deployment as it comes.

import assert from "node:assert/strict";
import { clientConfig } from "../scripts/client-config.ts";
import type { Aws } from "./aws.ts";
import { Deployment } from "./deployment.ts";
import { ask } from "./http.ts";
import type { Context, Step } from "./scenarios.ts";

/** A token for a program, or for that of a tenant, by what `npm run config` would write. */
export async function cognitoToken(aws: Aws, deployment: Deployment, tenant?: string): Promise<string> {
  const { oauth } = await clientConfig(deployment.outputs, "lambda-mcp", (id) => aws.secret(id));
  const { clientId, clientSecret } = oauth!.clients.find((client) => client.tenant === tenant)!;
  const form = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret, scope: oauth!.scope };
  // Where the configuration says, MiniStack cannot be found: its own address stands for every pool's.
  const answer = await ask(`${aws.url}/oauth2/token`, { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: new URLSearchParams(form).toString() });
  assert.equal(answer.status, 200, answer.text);
  return answer.json().access_token as string;
}

export const COUNT = { name: "ExecuteQuery", arguments: { query: "vector(42)" } };

export async function programs({ ministack, aws, prometheus }: Context, step: Step): Promise<void> {
  const deployment = new Deployment(ministack, { name: "programs", workspaceIds: ["ws-one"], poolKeysUrl: ministack });
  await deployment.deploy();
  step("all stacks are deployed");

  const health = await deployment.ask("/health");
  assert.equal(health.status, 200, health.text);
  step("/health answers to anybody");

  const nobody = await deployment.call("tools/list", {});
  assert.equal(nobody.status, 401, nobody.text);
  assert.match(String(nobody.headers["www-authenticate"]), /resource_metadata="https:.*scope=/, "API Gateway tells where to log in");
  const forged = await deployment.call("tools/list", {}, "eyJhbGciOiJub25lIn0.e30.");
  assert.equal(forged.status, 401, forged.text);
  step("no token and a forged one are 401, with a challenge");

  const token = await cognitoToken(aws, deployment);
  const list = await deployment.call("tools/list", {}, token);
  assert.equal(list.status, 200, list.text);
  assert.ok(list.json().result.tools.some((tool: { name: string }) => tool.name === "ExecuteQuery"));
  const asked = prometheus.asked.length;
  const call = await deployment.call("tools/call", COUNT, token);
  assert.equal(call.status, 200, call.text);
  assert.match(call.text, /42/);
  const asking = prometheus.asked.slice(asked);
  assert.ok(asking.some(({ path }) => path.startsWith("/workspaces/ws-one/api/v1/query")), JSON.stringify(asking));
  for (const { accessKeyId } of asking) assert.match(accessKeyId ?? "", /^ASIA/, "the function signs with the keys of its role");
  step("a token → the authorizer → mcp → Amazon Managed Prometheus");

  await deployment.deploy({ variables: { mcp: { LIST_ONLY_CALLABLE_TOOLS: "true" } }, memoryMb: 512 });
  assert.equal((await deployment.call("tools/call", COUNT, token)).status, 200);
  step("an update is deployed, and the same token goes on");

  await deployment.destroy();
  const gone = await deployment.ask("/health");
  assert.notEqual(gone.status, 200);
  step("destroyed");
}
