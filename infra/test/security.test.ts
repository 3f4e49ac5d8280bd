//! Each property that keeps a deployment safe, held in every variant where there is such a thing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { names, synthesised, type Resource, type Variant } from "./variants.ts";

const each = (what: string, check: (name: Variant) => void) => {
  for (const name of names) test(`${name}: ${what}`, () => check(name));
};

interface Statement {
  Sid?: string;
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Condition?: Record<string, Record<string, unknown>>;
}
const list = <T>(one: T | T[]): T[] => (Array.isArray(one) ? one : [one]);
const statements = (name: Variant): Statement[] => synthesised(name).all("AWS::IAM::ManagedPolicy").flatMap((policy) => policy.Properties.PolicyDocument.Statement as Statement[]);
/** Of the function's own policy. */
const ofFunction = (name: Variant, which: string): Statement[] => {
  const { templates } = synthesised(name);
  const resources = templates["functions"]!.toJSON()["Resources"] as Record<string, Resource>;
  return Object.entries(resources)
    .filter(([id, resource]) => resource.Type === "AWS::IAM::ManagedPolicy" && id.startsWith(`${which}Policy`))
    .flatMap(([, policy]) => policy.Properties.PolicyDocument.Statement as Statement[]);
};

each("no action is a wildcard, and no role has an inline policy", (name) => {
  for (const statement of statements(name)) {
    for (const action of list(statement.Action)) assert.ok(!action.includes("*"), action);
    assert.equal(statement.Effect, "Allow");
  }
  assert.equal(synthesised(name).all("AWS::IAM::Policy").length, 0);
  for (const role of synthesised(name).all("AWS::IAM::Role")) assert.equal(role.Properties.Policies, undefined);
});

each("a resource is * only where the action has none", (name) => {
  const withoutResource = /^(xray:Put(TelemetryRecords|TraceSegments)|aps:ListWorkspaces|ec2:(Assign|Unassign)PrivateIpAddresses|ec2:(Create|Delete)NetworkInterface|ec2:Describe(NetworkInterfaces|Subnets))$/;
  for (const statement of statements(name).filter((statement) => list(statement.Resource).includes("*"))) {
    for (const action of list(statement.Action)) assert.match(action, withoutResource);
  }
});

each("nobody but an API of ours may invoke a function, and for its own paths only", (name) => {
  const { all } = synthesised(name);
  const permissions = all("AWS::Lambda::Permission");
  assert.ok(permissions.length > 0);
  for (const { Properties } of permissions) {
    assert.equal(Properties.Principal, "apigateway.amazonaws.com");
    assert.equal(Properties.Action, "lambda:InvokeFunction");
    assert.match(JSON.stringify(Properties.SourceArn), /:execute-api:us-east-1:123456789012:.*(authorizers|prod|\$default)/);
  }
  assert.equal(all("AWS::Lambda::Url").length, 0);
});

each("tools are behind a door, and what is open is what must be", (name) => {
  const { all, settings } = synthesised(name);
  const open = /^(OPTIONS|GET|POST|DELETE)$/;
  for (const { Properties } of all("AWS::ApiGateway::Method")) {
    if (Properties.AuthorizationType !== "NONE") assert.ok(["CUSTOM", "AWS_IAM"].includes(Properties.AuthorizationType));
    else assert.match(Properties.HttpMethod, open);
    assert.notEqual(Properties.HttpMethod, "ANY");
  }
  const guarded = [...all("AWS::ApiGateway::Method"), ...all("AWS::ApiGatewayV2::Route")].filter(({ Properties }) => Properties.AuthorizationType !== "NONE");
  assert.equal(guarded.length, settings.auth === "mixed" ? 10 : 5, "POST, GET and DELETE /mcp, GET /tools, POST /tools/{name}");
});

each("a tenant is whom the authorizer names, never whom a client does", (name) => {
  const { all, settings } = synthesised(name);
  const mapped = all("AWS::ApiGateway::Method").flatMap(({ Properties }) => Object.entries(Properties.Integration.RequestParameters ?? {}));
  for (const pair of mapped) assert.deepEqual(pair, ["integration.request.header.X-Amz-Tenant-Id", "context.authorizer.tenantId"]);
  assert.equal(mapped.length, settings.perTenant ? 5 : 0);
  const isolated = all("AWS::Lambda::Function").filter(({ Properties }) => Properties.TenancyConfig);
  assert.deepEqual(isolated.map(({ Properties }) => [Properties.FunctionName, Properties.TenancyConfig.TenantIsolationMode]), settings.perTenant ? [["lambda-mcp-mcp-per-tenant", "PER_TENANT"]] : []);
});

for (const name of ["peopleOfTenants", "programsOfTenants"] as const) {
  test(`${name}: a tenant's session reaches its own items and its own workspace, and the function none of its own`, () => {
    const items = statements(name).find((statement) => statement.Sid === "ItemsOfTheTenant")!;
    assert.deepEqual(items.Condition, {
      "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["${aws:PrincipalTag/tenant_id}"] },
      Null: { "dynamodb:LeadingKeys": "false", "aws:PrincipalTag/tenant_id": "false" },
    });
    assert.ok(!list(items.Action).some((action) => /Scan|Batch|PartiQL/.test(action)));
    assert.ok(!JSON.stringify(items.Resource).includes("index"));
    const workspaces = statements(name).find((statement) => statement.Sid === "WorkspacesOfTheTenant")!;
    assert.deepEqual(workspaces.Condition, { StringEquals: { "aws:ResourceTag/tenant_id": "${aws:PrincipalTag/tenant_id}" } });
    const own = ofFunction(name, "mcp");
    assert.ok(own.some((statement) => list(statement.Action).includes("sts:TagSession")));
    for (const statement of own) {
      for (const action of list(statement.Action)) assert.ok(!/^aps:/.test(action) && (!/^dynamodb:/.test(action) || action === "dynamodb:BatchGetItem"), action);
      assert.ok(!JSON.stringify(statement.Resource).includes("Tenants"), "the function may not touch the tenants' table");
    }
    const role = synthesised(name).all("AWS::IAM::Role").find(({ Properties }) => Properties.RoleName === "lambda-mcp-tenant-us-east-1")!;
    const trust = role.Properties.AssumeRolePolicyDocument.Statement as Statement[];
    assert.deepEqual(trust.flatMap((statement) => statement.Action).sort(), ["sts:AssumeRole", "sts:TagSession"]);
    for (const { Condition } of trust) assert.deepEqual(Condition, { StringLike: { "aws:RequestTag/tenant_id": "?*" }, "ForAllValues:StringEquals": { "aws:TagKeys": ["tenant_id"] } });
  });
}

each("tables are encrypted, recoverable, and forget by themselves", (name) => {
  const { all, settings } = synthesised(name);
  assert.equal(all("AWS::DynamoDB::Table").length, 0);
  const tables = all("AWS::DynamoDB::GlobalTable");
  assert.equal(tables.length, (settings.auth === "own" ? 3 : 0) + (settings.perTenant ? 1 : 0));
  for (const { Properties, DeletionPolicy } of tables) {
    assert.deepEqual(Properties.SSESpecification, { SSEEnabled: true, SSEType: "KMS" });
    assert.deepEqual(Properties.TimeToLiveSpecification, { AttributeName: "ttl", Enabled: true });
    assert.equal(Properties.BillingMode, "PAY_PER_REQUEST");
    assert.equal(Properties.GlobalSecondaryIndexes, undefined);
    for (const replica of Properties.Replicas) {
      assert.equal(replica.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled, true);
      assert.equal(replica.DeletionProtectionEnabled, true);
      assert.equal(replica.SSESpecification !== undefined, settings.encryption === "customer");
    }
    assert.equal(DeletionPolicy, "Retain");
  }
});

each("with a key of yours everything is encrypted with it", (name) => {
  const { all, settings } = synthesised(name);
  if (settings.encryption !== "customer") return;
  for (const [type, property] of [
    ["AWS::Logs::LogGroup", "KmsKeyId"],
    ["AWS::SecretsManager::Secret", "KmsKeyId"],
    ["AWS::Lambda::Function", "KmsKeyArn"],
    ["AWS::SNS::Topic", "KmsMasterKeyId"],
    ["AWS::Cognito::UserPool", "KeyConfiguration"],
  ] as const) {
    for (const { Properties } of all(type)) assert.ok(Properties[property], `${type} has no ${property}`);
  }
  for (const { Properties } of all("AWS::KMS::Key")) if (Properties.KeyUsage !== "SIGN_VERIFY") assert.equal(Properties.EnableKeyRotation, true);
});

each("logs are kept for as long as is set, and no log is without an end", (name) => {
  const { all, settings } = synthesised(name);
  for (const { Properties } of all("AWS::Logs::LogGroup")) assert.equal(Properties.RetentionInDays, settings.logRetentionDays);
});

each("functions stream where that is set, and are told so", (name) => {
  const { all, settings } = synthesised(name);
  for (const { Properties } of all("AWS::ApiGateway::Method")) {
    const uri = JSON.stringify(Properties.Integration.Uri);
    if (uri.includes("-oauth")) assert.equal(Properties.Integration.ResponseTransferMode, "BUFFERED");
    else assert.equal(Properties.Integration.ResponseTransferMode, settings.responseMode === "streaming" ? "STREAM" : "BUFFERED");
    assert.equal(Properties.Integration.TimeoutInMillis, Properties.Integration.ResponseTransferMode === "STREAM" ? 900_000 : 29_000);
  }
  for (const { Properties } of all("AWS::Lambda::Function")) {
    const { RESPONSE_MODE } = Properties.Environment.Variables;
    if (RESPONSE_MODE) assert.equal(RESPONSE_MODE, settings.responseMode);
    assert.deepEqual(Properties.TracingConfig, { Mode: "Active" });
  }
});

each("a REST API tells where to log in, by the newest TLS, and is not passed by", (name) => {
  const { all, settings } = synthesised(name);
  if (settings.frontDoor !== "rest") return;
  for (const { Properties } of all("AWS::ApiGateway::RestApi")) {
    assert.equal(Properties.SecurityPolicy, "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09");
    assert.equal(Properties.EndpointAccessMode, "STRICT");
    const isNamed = settings.domainName !== undefined && !settings.domainElsewhere;
    assert.equal(Properties.DisableExecuteApiEndpoint, isNamed);
  }
  const told = all("AWS::ApiGateway::GatewayResponse");
  assert.equal(told.length, settings.doors.tokens ? 2 : 0);
  for (const { Properties } of told) {
    const challenge = JSON.stringify(Properties.ResponseParameters["gatewayresponse.header.WWW-Authenticate"]);
    assert.match(challenge, /Bearer resource_metadata=.*\/\.well-known\/oauth-protected-resource\/mcp/);
    assert.equal(Properties.StatusCode, undefined, "the statuses stay 401 and 403");
  }
  for (const { Properties } of all("AWS::ApiGateway::Authorizer")) {
    assert.deepEqual([Properties.Type, Properties.IdentitySource, Properties.AuthorizerResultTtlInSeconds], ["REQUEST", "method.request.header.Authorization", 60]);
  }
  for (const { Properties } of all("AWS::ApiGateway::Stage")) {
    assert.ok(Properties.AccessLogSetting && Properties.TracingEnabled);
    assert.ok(!/authorization|querystring|body/i.test(Properties.AccessLogSetting.Format.replaceAll("$context.authorizer", "")));
    assert.ok(Properties.MethodSettings.every((one: { ThrottlingRateLimit?: number }) => one.ThrottlingRateLimit !== undefined || Object.keys(one).length > 0));
  }
});

each("WAF stands before each REST API unless it is switched off, and its log has no tokens", (name) => {
  const { all, settings } = synthesised(name);
  const apis = settings.waf ? all("AWS::ApiGateway::RestApi").length : 0;
  assert.equal(all("AWS::WAFv2::WebACLAssociation").length, apis);
  for (const { Properties } of all("AWS::WAFv2::LoggingConfiguration")) assert.match(JSON.stringify(Properties.RedactedFields), /authorization/);
});

each("five alarms tell of trouble and of its end", (name) => {
  const { all, settings } = synthesised(name);
  const alarms = all("AWS::CloudWatch::Alarm").map(({ Properties }) => [Properties.MetricName, Properties.Threshold, Properties.TreatMissingData, Properties.AlarmActions.length, Properties.OKActions.length]);
  const timeoutMs = settings.timeoutSeconds * 1000;
  const failures = settings.frontDoor === "rest" ? "5XXError" : "5xx";
  assert.deepEqual(
    alarms,
    [["Errors", 5], ["Duration", timeoutMs * 0.8], ["Throttles", 5], [failures, 10], ["Latency", timeoutMs * 0.9]].map((alarm) => [...alarm, "notBreaching", 1, 1]),
  );
});

each("no secret is in an output", (name) => {
  for (const template of Object.values(synthesised(name).templates)) {
    const outputs = template.toJSON()["Outputs"] ?? {};
    assert.ok(!/resolve:secretsmanager|"ClientSecret"|\.ClientSecret/.test(JSON.stringify(outputs)));
  }
});

test("people cannot log in behind a stage, and it is said loudly", async () => {
  const { Annotations, Match } = await import("aws-cdk-lib/assertions");
  const { stacks } = synthesised("first");
  Annotations.fromStack(stacks.api).hasWarning("*", Match.stringLikeRegexp("PEOPLE CANNOT LOG IN"));
  Annotations.fromStack(synthesised("people").stacks.api).hasNoWarning("*", Match.stringLikeRegexp("PEOPLE CANNOT LOG IN"));
});
