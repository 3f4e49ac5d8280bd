//! Tenants: each in its own environments, with a session of its own.

import assert from "node:assert/strict";
import { Deployment, ACCOUNT, REGION } from "./deployment.ts";
import { cognitoToken, COUNT } from "./programs.ts";
import type { Context, Step } from "./scenarios.ts";

export async function tenants({ ministack, aws, prometheus }: Context, step: Step): Promise<void> {
  const deployment = new Deployment(ministack, {
    name: "tenants",
    tenancy: "per-tenant",
    tenants: { acme: "ws-acme", blue: "ws-blue" },
    encryption: "customer",
    poolKeysUrl: ministack,
  });
  await deployment.deploy();
  step("all stacks are deployed");

  for (const [tenant, workspace] of [["acme", "ws-acme"], ["blue", "ws-blue"]] as const) {
    const asked = prometheus.asked.length;
    const token = await cognitoToken(aws, deployment, tenant);
    const call = await deployment.call("tools/call", COUNT, token);
    assert.equal(call.status, 200, call.text);
    assert.match(call.text, /42/, call.text);
    for (const { path } of prometheus.asked.slice(asked)) assert.ok(path.startsWith(`/workspaces/${workspace}`), path);
    const other = tenant === "acme" ? "ws-blue" : "ws-acme";
    const foreign = await deployment.call("tools/call", { ...COUNT, arguments: { ...COUNT.arguments, workspace_id: other } }, token);
    assert.match(foreign.text, /"isError":\s*true|"error"/, foreign.text);
    assert.ok(prometheus.asked.slice(asked).every(({ path }) => !path.includes(other)));
  }
  step("each tenant's program asks its own workspace, and no other");

  const table = "tenants-tenants";
  const role = `arn:aws:iam::${ACCOUNT}:role/tenants-tenant-${REGION}`;
  const session = await aws.assume(role, { tenant_id: "acme" });
  assert.ok(session, "the session of a tenant");
  const put = (tenant: string) => aws.as(session).json("dynamodb", "DynamoDB_20120810.PutItem", { TableName: table, Item: { tenant_id: { S: tenant }, item: { S: "x" } } });
  const own = await put("acme");
  assert.equal(own.status, 200, own.text);
  const foreign = await put("blue");
  assert.equal(foreign.status, 400, foreign.text);
  assert.match(foreign.text, /AccessDenied/);
  const scan = await aws.as(session).json("dynamodb", "DynamoDB_20120810.Scan", { TableName: table });
  assert.match(scan.text, /AccessDenied/);
  step("a session of a tenant writes its own items, and is denied those of another and all at once");

  await deployment.destroy();
  step("destroyed");
}
