//! A program with a token of Cognito: the deployment as it comes.

import assert from "node:assert/strict";
import type { Aws } from "./aws.ts";
import { Deployment } from "./deployment.ts";
import { ask } from "./http.ts";
import type { Context, Step } from "./scenarios.ts";

/** A token for a program, as it asks Cognito. */
export async function cognitoToken(aws: Aws, deployment: Deployment, suffix = ""): Promise<string> {
  const secret = await aws.secret(deployment.outputs[`ClientSecretArn${suffix}`]!);
  const form = { grant_type: "client_credentials", client_id: deployment.outputs[`ClientId${suffix}`]!, client_secret: secret, scope: deployment.outputs["Scope"]! };
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
