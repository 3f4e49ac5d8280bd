import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { kept } from "../lib/generated.ts";
import { TEMPLATE } from "../lib/iam-template.ts";

const template = JSON.parse(readFileSync(kept(TEMPLATE), "utf8")) as { Parameters: object; Resources: Record<string, { Type: string; Properties: any }>; Outputs: object };
const all = (type: string) => Object.values(template.Resources).filter((resource) => resource.Type === type);

test("it takes what its users know, and nothing of the CDK's", () => {
  assert.deepEqual(Object.keys(template.Parameters), ["ArtifactBucket", "ArtifactKey", "UniqueIdentifier", "CaseInsightsStackName", "BedrockModelIds", "StageName"]);
  assert.ok(!/cdk-hnb659fds|BootstrapVersion|aws:cdk/.test(JSON.stringify(template)));
});

test("every method wants a signature, and the policy for users is to call and no more", () => {
  const methods = all("AWS::ApiGateway::Method");
  assert.equal(methods.length, 5);
  for (const { Properties } of methods) assert.equal(Properties.AuthorizationType, "AWS_IAM");
  const access = all("AWS::IAM::ManagedPolicy").find(({ Properties }) => JSON.stringify(Properties.ManagedPolicyName).includes("User-Access"))!;
  assert.deepEqual(access.Properties.PolicyDocument.Statement.map((one: { Action: string }) => one.Action), ["execute-api:Invoke"]);
});

test("cases are imported from their stack, and models are those that are named", () => {
  const text = JSON.stringify(template);
  for (const what of ["AthenaWorkGroup", "GlueDatabase", "DataBucket", "ResultsBucket"]) assert.ok(text.includes(`"Fn::ImportValue"`) && text.includes(`-${what}`), what);
  const models = all("AWS::IAM::ManagedPolicy").find(({ Properties }) => JSON.stringify(Properties.ManagedPolicyName).includes("MCP-Models"))!;
  assert.ok(!JSON.stringify(models).includes("foundation-model/*"));
});

test("no action is a wildcard", () => {
  for (const { Properties } of all("AWS::IAM::ManagedPolicy")) {
    for (const { Action } of Properties.PolicyDocument.Statement) for (const action of [Action].flat()) assert.ok(!action.includes("*"), action);
  }
});
