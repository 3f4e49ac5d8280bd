//! Every setting: what it is called in a file and in the context, in the environment, and what it may be.

import { z } from "zod";

/** What is told of a setting besides its form. */
interface Told {
  /** Its name in the environment. */
  env: string;
  doc: string;
  /** What holds when nothing is said, where that depends on something else. */
  otherwise?: string;
}

export const told = z.registry<Told>();

const text = (pattern: RegExp, form: string) => z.string().regex(pattern, `must be ${form}`);
const oneOf = <const T extends [string, ...string[]]>(...values: T) => z.enum(values);
/** The environment has text only: `true`, `5`, `a,b`, or JSON. */
const parsed = (value: unknown): unknown => {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
};
const number = (least: number, most: number) => z.preprocess(parsed, z.int().min(least).max(most));
const flag = () => z.preprocess(parsed, z.boolean());
const json = <T extends z.ZodType>(form: T) => z.preprocess(parsed, form);
const list = <T extends z.ZodType>(form: T) =>
  z.preprocess((value) => {
    const said = parsed(value);
    return typeof said === "string" ? said.split(/[\s,]+/).filter(Boolean) : said;
  }, z.array(form));

const tenant = text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "a tenant, [A-Za-z0-9][A-Za-z0-9._-]{0,62}");
const workspace = text(/^ws-[A-Za-z0-9-]+$/, "the id of a workspace, ws-…");
const host = text(/^(?=.{4,253}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/, "a host name in lower case");
const secure = text(/^https:\/\/\S+$|^http:\/\/(localhost|127\.0\.0\.1)(:\d+)?(\/\S*)?$/, "a URL of https");
const resourceName = text(/^[A-Za-z][A-Za-z0-9-]{0,39}$/, "letters, digits and -, at most 40");

export const fields = z.strictObject({
  account: text(/^\d{12}$/, "the 12 digits of an AWS account").register(told, {
    env: "CDK_DEFAULT_ACCOUNT",
    doc: "The account to deploy to. The CDK's command line sets it from `AWS_PROFILE`.",
  }),
  region: text(/^[a-z]{2}(-[a-z]+)+-\d$/, "a region").register(told, {
    env: "CDK_DEFAULT_REGION",
    doc: "The region to deploy to. The CDK's command line sets it from `AWS_PROFILE`.",
  }),
  name: resourceName.default("lambda-mcp").register(told, {
    env: "MCP_NAME",
    doc: "What all stacks and resources are called: `NAME-mcp`, `NAME-data` and so on.",
  }),
  stackNames: json(z.partialRecord(oneOf("data", "identity", "api", "functions", "observability"), resourceName))
    .default({})
    .register(told, { env: "MCP_STACK_NAMES", doc: 'Other names of stacks: `{"api": "edge"}`.' }),

  frontDoor: oneOf("rest", "http").default("rest").register(told, {
    env: "MCP_FRONT_DOOR",
    doc: "`rest`, a REST API: streams, tenants, WAF. `http`, an HTTP API: cheaper, buffered, without these.",
  }),
  auth: oneOf("cognito", "own", "iam", "mixed").default("cognito").register(told, {
    env: "MCP_AUTH",
    doc: "Who is let in: `cognito`, bearers of its tokens; `own`, our authorization server, where Claude, Cursor and VS Code log people in; `iam`, AWS principals; `mixed`, Cognito's tokens at one API and AWS principals at a second.",
  }),
  tenancy: oneOf("none", "per-tenant").default("none").register(told, {
    env: "MCP_TENANCY",
    doc: "`per-tenant` runs each tenant in environments of its own (Lambda tenant isolation), with credentials of its own.",
  }),
  network: oneOf("public", "vpc").default("public").register(told, {
    env: "MCP_NETWORK",
    doc: "`vpc` puts the functions into subnets, with a security group that lets out HTTPS and nothing in.",
  }),
  encryption: oneOf("aws", "customer").default("aws").register(told, {
    env: "MCP_ENCRYPTION",
    doc: "`customer` encrypts tables, logs, secrets, variables, alarms and the user pool with a key of yours.",
  }),
  artifact: oneOf("zip", "image").default("zip").register(told, {
    env: "MCP_ARTIFACT",
    doc: "What the functions are deployed from: `target/lambda/*.zip`, or images in your ECR repository.",
  }),

  stage: text(/^[a-z][a-z0-9_-]{0,30}$/, "the name of a stage").default("prod").register(told, {
    env: "MCP_STAGE",
    doc: "The stage of the REST API. It is in the path unless there is a domain name.",
  }),
  domainName: host.optional().register(told, {
    env: "MCP_DOMAIN_NAME",
    doc: "The host that clients are given, at whose root the API is mapped. People cannot log in without one.",
  }),
  certificateArn: text(/^arn:aws[a-z-]*:acm:/, "the ARN of a certificate").optional().register(told, {
    env: "MCP_CERTIFICATE_ARN",
    doc: "The certificate of that host in ACM, in the same region.",
  }),
  hostedZoneId: text(/^Z[A-Z0-9]+$/, "the id of a hosted zone").optional().register(told, {
    env: "MCP_HOSTED_ZONE_ID",
    doc: "The public zone in Route 53 that gets the record. Without it you make the record.",
  }),
  domainElsewhere: flag().default(false).register(told, {
    env: "MCP_DOMAIN_ELSEWHERE",
    doc: "`true` when something of yours, such as CloudFront, brings that host's requests to the API's stage.",
  }),
  responseMode: oneOf("streaming", "buffered").optional().register(told, {
    env: "MCP_RESPONSE_MODE",
    doc: "How answers travel.",
    otherwise: "`streaming` with `rest`, `buffered` with `http`",
  }),
  timeoutSeconds: number(1, 900).optional().register(told, {
    env: "MCP_TIMEOUT_SECONDS",
    doc: "The longest a request may take: 900 at most when streaming, 29 when buffered.",
    otherwise: "900 when streaming, 29 when buffered",
  }),
  waf: flag().optional().register(told, {
    env: "MCP_WAF",
    doc: "Whether AWS WAF stands before the REST API.",
    otherwise: "`true` with `rest`, `false` with `http`",
  }),
  requestsPerSecond: number(1, 10_000).default(100).register(told, {
    env: "MCP_REQUESTS_PER_SECOND",
    doc: "The rate at which each MCP route is throttled, for all callers together; bursts are twice that. Open routes get a fifth.",
  }),
  apiGatewayLogRole: flag().default(true).register(told, {
    env: "MCP_API_GATEWAY_LOG_ROLE",
    doc: "Whether to set the role by which API Gateway writes logs. It is one for the account and region: `false` where it is set already.",
  }),

  architecture: oneOf("arm64", "x86_64").default("arm64").register(told, {
    env: "MCP_ARCHITECTURE",
    doc: "What the functions were built for.",
  }),
  imageRepository: text(/^[a-z0-9][a-z0-9._/-]+$/, "the name of a repository").optional().register(told, {
    env: "MCP_IMAGE_REPOSITORY",
    doc: "The ECR repository with the images, whose tags are `FUNCTION-TAG`.",
  }),
  imageTag: text(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/, "a tag").default("latest").register(told, {
    env: "MCP_IMAGE_TAG",
    doc: "`TAG` there.",
  }),
  memoryMb: number(128, 10_240).default(256).register(told, { env: "MCP_MEMORY_MB", doc: "The memory of the function `mcp`, in MB." }),
  reservedConcurrency: number(1, 10_000).optional().register(told, {
    env: "MCP_RESERVED_CONCURRENCY",
    doc: "How many requests to `mcp` may run at once, kept free of others. An open stream is one of them.",
  }),
  logLevel: z.string().min(1).default("info").register(told, { env: "LOG_LEVEL", doc: "What the functions log." }),
  logRetentionDays: json(
    z.literal([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]),
  )
    .default(365)
    .register(told, { env: "MCP_LOG_RETENTION_DAYS", doc: "How long logs are kept, in days: one of the periods that CloudWatch has." }),
  retainData: flag().default(true).register(told, {
    env: "MCP_RETAIN_DATA",
    doc: "Whether tables, keys, people and logs outlive the stacks.",
  }),
  alarmEmail: z.email().optional().register(told, { env: "MCP_ALARM_EMAIL", doc: "Who is told of alarms. AWS asks for a confirmation." }),

  vpcId: text(/^vpc-[a-z0-9]+$/, "the id of a VPC").optional().register(told, {
    env: "MCP_VPC_ID",
    doc: "An existing VPC. Without it one is made, without a way to the internet and with endpoints of what the functions call.",
  }),
  subnetIds: list(text(/^subnet-[a-z0-9]+$/, "the id of a subnet")).default([]).register(told, {
    env: "MCP_SUBNET_IDS",
    doc: "Its subnets, from two zones.",
  }),

  workspaceIds: list(workspace).default([]).register(told, {
    env: "AMP_WORKSPACE_IDS",
    doc: "The workspaces of Amazon Managed Prometheus that may be asked. The first is asked when a call names none.",
  }),
  prometheusUrl: secure.optional().register(told, {
    env: "PROMETHEUS_URL",
    doc: "A Prometheus server to ask when a call names no workspace.",
  }),
  tenants: json(z.record(tenant, workspace)).default({}).register(told, {
    env: "MCP_TENANTS",
    doc: 'The tenants and their workspaces: `{"acme": "ws-…"}`.',
  }),
  cases: json(
    z.strictObject({
      workGroup: z.string().min(1),
      database: text(/^[a-z0-9_-]+$/, "the name of a Glue database"),
      dataBucket: z.string().min(3),
      resultsBucket: z.string().min(3),
      models: z.array(text(/^[a-z0-9.:-]+$/, "the id of a model or an inference profile")).min(1),
    }),
  )
    .optional()
    .register(told, {
      env: "MCP_CASES",
      doc: 'What the tools on support cases may use: `{"workGroup", "database", "dataBucket", "resultsBucket", "models"}`. `models` are ids of foundation models and of inference profiles (`us.…`).',
    }),

  userPoolId: text(/^[a-z0-9-]+_[A-Za-z0-9]+$/, "the id of a user pool").optional().register(told, {
    env: "USER_POOL_ID",
    doc: "An existing user pool. Without it one is made.",
  }),
  clients: json(z.record(z.string().min(1), z.union([tenant, z.literal("")]))).default({}).register(told, {
    env: "MCP_CLIENTS",
    doc: 'The app clients of that pool that may call, and their tenants: `{"4h57k8example": "acme"}`, or an empty text for none.',
  }),
  userPoolName: z.string().min(1).max(128).optional().register(told, {
    env: "USER_POOL_NAME",
    doc: "The name of the user pool that is made.",
    otherwise: "`NAME`",
  }),
  cognitoDomainPrefix: text(/^(?!.*(aws|amazon|cognito))[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "lower case letters, digits and -, without aws, amazon or cognito")
    .optional()
    .register(told, {
      env: "COGNITO_DOMAIN_PREFIX",
      doc: "Where the pool is, `PREFIX.auth.REGION.amazoncognito.com`; nobody else in the region may have it.",
      otherwise: "`NAME-ACCOUNT-REGION`",
    }),
  loginPages: oneOf("managed", "classic").default("managed").register(told, {
    env: "MCP_LOGIN_PAGES",
    doc: "Cognito's pages to log in at: `managed`, the newer ones, or `classic`.",
  }),
  resourceServerId: z.string().min(1).default("prometheus-mcp-server").register(told, {
    env: "RESOURCE_SERVER_ID",
    doc: "The resource server in the pool. The tools ask for `prometheus-mcp-server/read`: another name is for a pool that others share.",
  }),
  callbackUrls: list(secure).default([]).register(told, {
    env: "CALLBACK_URL",
    doc: "Where Cognito sends people back who log in with a client of your own. With it that client is made.",
  }),
  logoutUrls: list(secure).default([]).register(told, { env: "LOGOUT_URL", doc: "Where it sends them after they log out." }),
  scopes: list(text(/^[!#-[\]-~]+$/, "scopes")).default(["cases/read", "mcp/invoke", "prometheus-mcp-server/read"]).register(told, {
    env: "OAUTH_SCOPE",
    doc: "What the clients that are made may ask for.",
  }),
  poolKeysUrl: secure.optional().register(told, {
    env: "MCP_POOL_KEYS_URL",
    doc: "Where the keys of the pool are, before `/POOL/.well-known/jwks.json`, when not at Cognito.",
    otherwise: "`https://cognito-idp.REGION.amazonaws.com`",
  }),
  allowedOrigins: list(secure).default([]).register(told, {
    env: "MCP_ALLOWED_ORIGINS",
    doc: "Origins of web pages that may call.",
  }),
  issuers: json(z.array(z.record(z.string(), z.unknown()))).default([]).register(told, {
    env: "MCP_ISSUERS",
    doc: "More issuers whose tokens are accepted, as in `AUTH_ISSUERS` of the function `mcp`.",
  }),
  variables: json(z.partialRecord(oneOf("mcp", "authorizer", "oauth", "health"), z.record(z.string(), z.string())))
    .default({})
    .register(told, {
      env: "MCP_VARIABLES",
      doc: 'More variables of the functions, which go before those that the stacks set: `{"mcp": {"LIST_ONLY_CALLABLE_TOOLS": "true"}}`. Never a secret: whoever may read the stack can read it.',
    }),
});

/** What people write. */
export type Written = z.input<typeof fields>;
/** What is left of it when it is good in form. */
export type Fields = z.output<typeof fields>;
