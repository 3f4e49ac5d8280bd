//! Tenants: each in its own environments, with a session of its own.

import assert from "node:assert/strict";
import type { Aws } from "./aws.ts";
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
  assert.equal(await aws.assume(role, { tenant_id: "acme" }), undefined, "it trusts the function only, not even the account's root");
  await trustRoot(aws, role.split("/")[1]!);
  assert.equal(await aws.assume(role, {}), undefined, "there is no session without a tenant");
  const session = await aws.assume(role, { tenant_id: "acme" });
  assert.ok(session, "the session of a tenant");
  const put = (tenant: string) => aws.as(session).json("dynamodb", "DynamoDB_20120810.PutItem", { TableName: table, Item: { tenant_id: { S: tenant }, item: { S: "x" } } });
  // MiniStack 1.5.33 knows neither dynamodb:LeadingKeys nor aws:PrincipalTag: to it no request says whose item it is about.
  // Without the Null guard each of these would pass; that a tenant reaches its own items, AWS alone can show.
  for (const answer of [await put("blue"), await aws.as(session).json("dynamodb", "DynamoDB_20120810.Scan", { TableName: table })]) {
    assert.equal(answer.status, 403, answer.text);
    assert.match(answer.text, /AccessDenied/);
  }
  step("a session begins with a tenant only, and is denied the items of another, and all at once");

  await deployment.destroy();
  step("destroyed");
}

/** Lets this test begin sessions as the function does: by the same conditions. */
async function trustRoot(aws: Aws, RoleName: string): Promise<void> {
  const PolicyDocument = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
        Action: ["sts:AssumeRole", "sts:TagSession"],
        Condition: { StringLike: { "aws:RequestTag/tenant_id": "?*" }, "ForAllValues:StringEquals": { "aws:TagKeys": ["tenant_id"] } },
      },
    ],
  });
  const answer = await aws.query("iam", { Action: "UpdateAssumeRolePolicy", Version: "2010-05-08", RoleName, PolicyDocument });
  assert.equal(answer.status, 200, answer.text);
}
