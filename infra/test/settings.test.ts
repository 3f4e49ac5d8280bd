import assert from "node:assert/strict";
import { test } from "node:test";
import { readSettings, checked, SettingsError } from "../lib/settings/settings.ts";
import type { Written } from "../lib/settings/fields.ts";
import { base } from "./variants.ts";

const faults = (written: Record<string, unknown>): string => {
  try {
    checked(written);
  } catch (error) {
    assert.ok(error instanceof SettingsError);
    return error.faults.join("\n");
  }
  return "";
};

test("all faults of form are told together, by both names", () => {
  const told = faults({ region: "mars", auth: "password", logRetentionDays: 2, callbackUrls: ["ftp://a"], tenant: "x" });
  for (const expected of ["account (CDK_DEFAULT_ACCOUNT): must be set", "region (CDK_DEFAULT_REGION)", "auth (MCP_AUTH)", "logRetentionDays", "callbackUrls (CALLBACK_URL).0", "tenant"]) {
    assert.ok(told.includes(expected), `${expected} is not in\n${told}`);
  }
});

test("the context goes before the environment, and lists and numbers are written as text there", () => {
  const env = { CDK_DEFAULT_ACCOUNT: "123456789012", CDK_DEFAULT_REGION: "eu-west-1", AMP_WORKSPACE_IDS: "ws-1, ws-2", OAUTH_SCOPE: "mcp/invoke other/read", MCP_TIMEOUT_SECONDS: "60", MCP_WAF: "false", MCP_NAME: "" };
  const context: Record<string, unknown> = { region: "us-east-1" };
  const settings = readSettings({ env, context: (name) => context[name] });
  assert.deepEqual(settings.workspaceIds, ["ws-1", "ws-2"]);
  assert.deepEqual(settings.scopes, ["mcp/invoke", "other/read"]);
  assert.deepEqual([settings.region, settings.timeoutSeconds, settings.waf, settings.name], ["us-east-1", 60, false, "lambda-mcp"]);
});

test("what is not set depends on the front door", () => {
  const rest = checked(base);
  assert.deepEqual([rest.responseMode, rest.timeoutSeconds, rest.waf], ["streaming", 900, true]);
  const http = checked({ ...base, frontDoor: "http" });
  assert.deepEqual([http.responseMode, http.timeoutSeconds, http.waf], ["buffered", 29, false]);
});

const impossible: [string, Written, RegExp][] = [
  ["tenants behind an HTTP API", { ...base, workspaceIds: [], frontDoor: "http", tenancy: "per-tenant", tenants: { a: "ws-a" } }, /cannot set X-Amz-Tenant-Id/],
  ["tenants of AWS principals", { ...base, workspaceIds: [], auth: "iam", tenancy: "per-tenant", tenants: { a: "ws-a" } }, /only an authorizer can say/],
  ["tenant isolation in GovCloud", { ...base, workspaceIds: [], region: "us-gov-west-1", tenancy: "per-tenant", tenants: { a: "ws-a" } }, /commercial regions/],
  ["tenant isolation without tenants", { ...base, workspaceIds: [], tenancy: "per-tenant" }, /needs tenants/],
  ["a server that would tell all tenants the same", { ...base, workspaceIds: [], tenancy: "per-tenant", tenants: { a: "ws-a" }, prometheusUrl: "https://p.example.com" }, /tell all of them the same/],
  ["WAF before an HTTP API", { ...base, frontDoor: "http", waf: true }, /cannot stand before an HTTP API/],
  ["an HTTP API that streams", { ...base, frontDoor: "http", responseMode: "streaming" }, /cannot stream/],
  ["our authorization server behind an HTTP API", { ...base, frontDoor: "http", auth: "own", domainName: "a.example.com", certificateArn: "arn:aws:acm:us-east-1:1:certificate/1" }, /once its issuer answers/],
  ["two doors at an HTTP API", { ...base, frontDoor: "http", auth: "mixed" }, /second API/],
  ["our authorization server behind a stage", { ...base, auth: "own" }, /root of the host/],
  ["a domain name without a certificate", { ...base, domainName: "a.example.com" }, /certificateArn/],
  ["a certificate of another region", { ...base, domainName: "a.example.com", certificateArn: "arn:aws:acm:eu-west-1:1:certificate/1" }, /must be in us-east-1/],
  ["fifteen minutes without a stream", { ...base, responseMode: "buffered", timeoutSeconds: 900 }, /29 seconds/],
  ["subnets without a VPC", { ...base, network: "vpc", subnetIds: ["subnet-1"] }, /go together/],
  ["images from nowhere", { ...base, artifact: "image" }, /imageRepository/],
  ["a pool of yours and no client of it", { ...base, userPoolId: "us-east-1_A" }, /needs clients/],
  ["no workspace at all", { ...base, workspaceIds: [] }, /which workspaces/],
  ["a variable that no function reads", { ...base, variables: { mcp: { LISTS: "x" } } }, /mcp reads no LISTS/],
  ["a secret as a variable", { ...base, variables: { oauth: { OAUTH_LOGIN_CLIENT_SECRET: "x" } } }, /is a secret/],
];
for (const [name, written, reason] of impossible) {
  test(`there is no such thing as ${name}, and it is said why`, () => assert.match(faults(written), reason));
}
