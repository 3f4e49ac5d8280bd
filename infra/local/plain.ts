//! The plain template, as its users deploy it: by CloudFormation, beside a case-insights deployment.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { kept } from "../lib/generated.ts";
import { TEMPLATE } from "../lib/iam-template.ts";
import { Deployment } from "./deployment.ts";
import type { Context, Step } from "./scenarios.ts";

const zip = fileURLToPath(new URL("../../target/lambda/mcp.zip", import.meta.url));

/** What a case-insights deployment exports, and no more of it. */
const caseInsights = {
  Resources: { Nothing: { Type: "AWS::CloudFormation::WaitConditionHandle" } },
  Outputs: Object.fromEntries(
    Object.entries({ AthenaWorkGroup: "cases", GlueDatabase: "cases", DataBucket: "cases-data", ResultsBucket: "cases-results" }).map(([name, Value]) => [name, { Value, Export: { Name: `case-insights-${name}` } }]),
  ),
};

export async function plain({ ministack, aws }: Context, step: Step): Promise<void> {
  const stored = await aws.put("artifacts", "mcp.zip", readFileSync(zip));
  assert.equal(stored.status, 200, stored.text);
  await aws.createStack("case-insights", caseInsights);
  const template = JSON.parse(readFileSync(kept(TEMPLATE), "utf8")) as object;
  const deployment = new Deployment(ministack, { name: "plain" });
  deployment.outputs = await aws.createStack("plain", template, {
    ArtifactBucket: "artifacts",
    ArtifactKey: "mcp.zip",
    UniqueIdentifier: "one",
    CaseInsightsStackName: "case-insights",
    BedrockModelIds: "amazon.nova-lite-v1:0,amazon.nova-micro-v1:0",
    StageName: "live",
  });
  step("the template is deployed by CloudFormation alone");

  deployment.outputs["SignedUrl"] = deployment.outputs["McpUrl"]!.replace(/\/mcp$/, "");
  const allowed = await aws.user("user-of-plain", [deployment.outputs["UserAccessPolicyArn"]!]);
  const denied = await aws.user("nobody-of-plain", []);
  const list = await deployment.call("tools/list", {}, undefined, allowed);
  assert.equal(list.status, 200, list.text);
  assert.ok(list.json().result.tools.length > 0);
  assert.equal((await deployment.call("tools/list", {}, undefined, denied)).status, 403);
  step("who has its policy lists the tools, who has not is 403");
}
