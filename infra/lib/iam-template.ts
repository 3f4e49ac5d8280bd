//! The server for AWS principals as one plain CloudFormation template, for those who do not use the CDK. It reads cases
//! from a case-insights deployment that is there already, and its functions from a bucket of yours.

import { Aws, CfnOutput, CfnParameter, DefaultStackSynthesizer, Duration, Fn, RemovalPolicy, Stack, type App } from "aws-cdk-lib";
import { AccessLogFormat, AuthorizationType, EndpointType, LambdaIntegration, LogGroupLogDestination, RestApi, type CfnRestApi, type CfnStage } from "aws-cdk-lib/aws-apigateway";
import { CfnManagedPolicy, ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Code, Function, Runtime, Tracing } from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { acknowledge, acknowledgeWildcards, because } from "./acknowledge.ts";

export const TEMPLATE = "dist/lambda-mcp-iam.template.json";

/** API Gateway's limit for an answer that is not streamed. */
const TIMEOUT = Duration.seconds(29);

export function iamTemplate(app: App): Stack {
  const stack = new Stack(app, "lambda-mcp-iam", {
    description: "An MCP server for AWS principals: API Gateway with AWS_IAM before a Lambda function",
    synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }),
  });
  const parameter = (name: string, description: string, more: { default?: string; allowedPattern?: string; type?: string } = {}) =>
    new CfnParameter(stack, name, { type: "String", description, ...more });
  const bucket = parameter("ArtifactBucket", "The bucket with the function's zip, in this region", { allowedPattern: "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]" });
  const key = parameter("ArtifactKey", "Its key there", { default: "mcp.zip", allowedPattern: ".+" });
  const id = parameter("UniqueIdentifier", "What tells this deployment from others of the account: it is in every name", { allowedPattern: "[a-zA-Z0-9][a-zA-Z0-9-]{0,19}" }).valueAsString;
  const source = parameter("CaseInsightsStackName", "The case-insights stack whose work group, database and buckets are imported", { allowedPattern: "[a-zA-Z][-a-zA-Z0-9]{0,127}" }).valueAsString;
  const models = parameter("BedrockModelIds", "The models that may be asked, by their ids", { type: "CommaDelimitedList", default: "amazon.nova-lite-v1:0" });
  const stage = parameter("StageName", "The stage of the API", { default: "prod", allowedPattern: "[a-zA-Z0-9_]{1,128}" }).valueAsString;

  const name = `MCP-Server-${id}`;
  // These are the exports of a case-insights deployment, by the names that it gives them.
  const imported = (what: string) => Fn.importValue(`${source}-${what}`);
  const arn = (service: string, resource: string) => `arn:${Aws.PARTITION}:${service}:${Aws.REGION}:${Aws.ACCOUNT_ID}:${resource}`;
  const bucketArn = (what: string) => `arn:${Aws.PARTITION}:s3:::${imported(what)}`;

  const logs = new LogGroup(stack, "FunctionLogs", { logGroupName: `/aws/lambda/${name}`, retention: RetentionDays.ONE_YEAR, removalPolicy: RemovalPolicy.RETAIN });
  const accessLogs = new LogGroup(stack, "AccessLogs", { logGroupName: `/aws/apigateway/${name}`, retention: RetentionDays.ONE_YEAR, removalPolicy: RemovalPolicy.RETAIN });
  for (const group of [logs, accessLogs]) acknowledge(group, { "NIST.800.53.R5-CloudWatchLogGroupEncrypted": "CloudWatch encrypts with a key of its own; the CDK app sets one of yours (encryption=customer)." });

  const role = new Role(stack, "FunctionRole", { roleName: `MCP-Function-${id}`, assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
  const statements = [
    new PolicyStatement({ sid: "Logs", actions: ["logs:CreateLogStream", "logs:PutLogEvents"], resources: [logs.logGroupArn] }),
    because("X-Ray has no resources.", new PolicyStatement({ sid: "Traces", actions: ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], resources: ["*"] })),
    new PolicyStatement({
      sid: "Athena",
      actions: ["athena:GetQueryExecution", "athena:GetQueryResults", "athena:GetWorkGroup", "athena:StartQueryExecution", "athena:StopQueryExecution"],
      resources: [arn("athena", `workgroup/${imported("AthenaWorkGroup")}`)],
    }),
    because(
      "Tables of one database.",
      new PolicyStatement({
        sid: "Glue",
        actions: ["glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"],
        resources: [arn("glue", "catalog"), arn("glue", `database/${imported("GlueDatabase")}`), arn("glue", `table/${imported("GlueDatabase")}/*`)],
      }),
    ),
    new PolicyStatement({ sid: "Buckets", actions: ["s3:GetBucketLocation", "s3:ListBucket"], resources: [bucketArn("DataBucket"), bucketArn("ResultsBucket")] }),
    because("Objects of one bucket.", new PolicyStatement({ sid: "Cases", actions: ["s3:GetObject"], resources: [`${bucketArn("DataBucket")}/*`] })),
    because(
      "Objects of one bucket: Athena names its results by the query.",
      new PolicyStatement({ sid: "Results", actions: ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"], resources: [`${bucketArn("ResultsBucket")}/*`] }),
    ),
  ];
  const policy = new ManagedPolicy(stack, "FunctionPolicy", { managedPolicyName: `MCP-Function-${id}`, roles: [role], statements });
  acknowledgeWildcards(policy, statements);
  // A list of ARNs from a list of ids: what joins them must be literal, so the region is said by a condition.
  const anyRegion = `arn:*:bedrock:*::foundation-model/`;
  const modelArns = Fn.split(",", Fn.join("", [anyRegion, Fn.join(`,${anyRegion}`, models.valueAsList)]));
  const modelPolicy = new CfnManagedPolicy(stack, "ModelPolicy", {
    managedPolicyName: `MCP-Models-${id}`,
    roles: [role.roleName],
    policyDocument: { Version: "2012-10-17", Statement: [{ Sid: "Models", Effect: "Allow", Action: ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"], Resource: modelArns, Condition: { StringEquals: { "aws:RequestedRegion": Aws.REGION } } }] },
  });

  acknowledge(modelPolicy, {
    [`AwsSolutions-IAM5[Resource::${JSON.stringify(stack.resolve(modelArns))}]`]: "Models by their whole ids; the region is held by the condition.",
  });

  const artifacts = Bucket.fromBucketName(stack, "Artifacts", bucket.valueAsString);
  acknowledge(artifacts, { "Annotation::@aws-cdk/aws-lambda:codeFromBucketObjectVersionNotSpecified": "A new version is deployed by another ArtifactKey." });
  const mcp = new Function(stack, "Function", {
    functionName: name,
    description: "The MCP server, for AWS principals",
    runtime: Runtime.PROVIDED_AL2023,
    architecture: Architecture.ARM_64,
    handler: "bootstrap",
    code: Code.fromBucket(artifacts, key.valueAsString),
    role: role.withoutPolicyUpdates(),
    logGroup: logs,
    memorySize: 256,
    timeout: TIMEOUT,
    tracing: Tracing.ACTIVE,
    environment: {
      AUTH_MODE: "iam",
      IAM_SCOPES: "cases/read mcp/invoke",
      RESPONSE_MODE: "buffered",
      LOG_LEVEL: "info",
      ATHENA_DATABASE: imported("GlueDatabase"),
      ATHENA_WORKGROUP: imported("AthenaWorkGroup"),
      BEDROCK_MODEL_IDS: Fn.join(",", models.valueAsList),
    },
  });
  mcp.node.addDependency(policy);
  acknowledge(mcp, {
    "NIST.800.53.R5-LambdaDLQ": "It is only invoked for an answer: what fails is told to whoever asked.",
    "NIST.800.53.R5-LambdaConcurrency": "The account's limit holds, and the API throttles before it.",
    "NIST.800.53.R5-LambdaInsideVPC": "It calls public endpoints of AWS, over TLS; the CDK app has a variant in a VPC.",
  });

  const api = new RestApi(stack, "Api", {
    restApiName: `MCP-API-${id}`,
    description: "MCP, for AWS principals",
    cloudWatchRole: false,
    endpointTypes: [EndpointType.REGIONAL],
    deployOptions: {
      tracingEnabled: true,
      metricsEnabled: true,
      throttlingRateLimit: 100,
      throttlingBurstLimit: 200,
      accessLogDestination: new LogGroupLogDestination(accessLogs),
      accessLogFormat: AccessLogFormat.custom(JSON.stringify({ requestId: "$context.requestId", time: "$context.requestTimeEpoch", caller: "$context.identity.userArn", method: "$context.httpMethod", path: "$context.resourcePath", status: "$context.status" })),
    },
    defaultMethodOptions: { authorizationType: AuthorizationType.IAM },
  });
  const cfn = api.node.defaultChild as CfnRestApi;
  cfn.securityPolicy = "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09";
  cfn.endpointAccessMode = "STRICT";
  // The construct takes no parameter for a name.
  (api.deploymentStage.node.defaultChild as CfnStage).stageName = stage;
  const integration = new LambdaIntegration(mcp, { allowTestInvoke: false, timeout: TIMEOUT });
  const paths = { mcp: api.root.addResource("mcp"), tools: api.root.addResource("tools") };
  const methods = [...["POST", "GET", "DELETE"].map((verb) => paths.mcp.addMethod(verb, integration)), paths.tools.addMethod("GET", integration), paths.tools.addResource("{name}").addMethod("POST", integration)];
  for (const method of methods) acknowledge(method, { "AwsSolutions-COG4": "It is for AWS principals: API Gateway verifies their signatures." });
  acknowledge(api, { "AwsSolutions-APIG2": "The function checks every request itself, down to the schema of each tool." });
  acknowledge(api.deploymentStage, {
    "AwsSolutions-APIG3": "Only principals of IAM come in; the CDK app has a variant with AWS WAF.",
    "NIST.800.53.R5-APIGWAssociatedWithWAF": "Only principals of IAM come in; the CDK app has a variant with AWS WAF.",
    "AwsSolutions-APIG6": "Every request is in the access log. Execution logs can have bodies in them.",
    "NIST.800.53.R5-APIGWExecutionLoggingEnabled": "Every request is in the access log. Execution logs can have bodies in them.",
    "NIST.800.53.R5-APIGWCacheEnabledAndEncrypted": "Nothing is cached: answers are each caller's own.",
    "NIST.800.53.R5-APIGWSSLEnabled": "A client certificate is for HTTP backends; functions are invoked by IAM.",
  });

  const access = [
    because(
      "Each tool is a path of its own.",
      new PolicyStatement({
        sid: "CallTheServer",
        actions: ["execute-api:Invoke"],
        resources: [["POST", "mcp"], ["GET", "mcp"], ["DELETE", "mcp"], ["GET", "tools"], ["POST", "tools/*"]].map(([verb, path]) => arn("execute-api", `${api.restApiId}/${stage}/${verb}/${path}`)),
      }),
    ),
  ];
  const userAccess = new ManagedPolicy(stack, "UserAccess", { managedPolicyName: `MCP-User-Access-${id}`, description: "May call the MCP server", statements: access });
  acknowledgeWildcards(userAccess, access);

  const output = (logicalId: string, value: string, description: string) => new CfnOutput(stack, logicalId, { value, description, exportName: `${Aws.STACK_NAME}-${logicalId}` });
  output("McpUrl", `https://${api.restApiId}.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}/${stage}/mcp`, "What clients call, with signatures for execute-api");
  output("UserAccessPolicyArn", userAccess.managedPolicyArn, "Attach it to who may call");
  output("FunctionName", mcp.functionName, "The function");
  return stack;
}
