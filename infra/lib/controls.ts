//! Controls of NIST SP 800-53 (FedRAMP Moderate and High take them from there) that a deployment helps with, and by which
//! resources: a claim here is a check of the templates.

/** The resources of a deployment, by type. */
export type Find = (type: string) => { Properties: any }[];

export interface Control {
  id: string;
  title: string;
  /** What there is, in a sentence. */
  how: string;
  /** Whether it is so in the templates of the variant for people of tenants. */
  holds: (find: Find) => boolean;
}

const every = (found: { Properties: any }[], check: (properties: any) => unknown) => found.length > 0 && found.every(({ Properties }) => Boolean(check(Properties)));

export const controls: Control[] = [
  {
    id: "SC-7",
    title: "Boundary protection",
    how: "AWS WAF and throttling before the API; its own name only; functions in subnets without a way to the internet, with a security group that lets nothing in (`network=vpc`).",
    holds: (find) =>
      find("AWS::WAFv2::WebACLAssociation").length === find("AWS::ApiGateway::RestApi").length &&
      every(find("AWS::ApiGateway::RestApi"), (api) => api.DisableExecuteApiEndpoint) &&
      every(find("AWS::Lambda::Function"), (fn) => fn.VpcConfig) &&
      find("AWS::EC2::InternetGateway").length === 0,
  },
  {
    id: "SC-8",
    title: "Confidentiality and integrity in transit",
    how: "TLS 1.2 with forward secrecy or 1.3 at the API and its domain name, strictly; topics refuse what is not TLS; the functions call AWS by HTTPS only.",
    holds: (find) =>
      every(find("AWS::ApiGateway::RestApi"), (api) => api.SecurityPolicy.includes("TLS13") && api.EndpointAccessMode === "STRICT") &&
      every(find("AWS::ApiGateway::DomainName"), (domain) => domain.SecurityPolicy.includes("TLS13")) &&
      every(find("AWS::SNS::TopicPolicy"), (policy) => JSON.stringify(policy).includes("aws:SecureTransport")),
  },
  {
    id: "SC-12",
    title: "Keys: establishment and management",
    how: "Keys are made in AWS KMS and never leave it; the one for data is rotated each year; the one for signatures is changed as `docs/security/authorization-server.md` says.",
    holds: (find) => every(find("AWS::KMS::Key"), (key) => key.KeyUsage === "SIGN_VERIFY" || key.EnableKeyRotation),
  },
  {
    id: "SC-13",
    title: "Cryptographic protection",
    how: "Tokens are signed by RSA in AWS KMS, whose modules are validated to FIPS 140.",
    holds: (find) => find("AWS::KMS::Key").some(({ Properties }) => Properties.KeySpec === "RSA_2048"),
  },
  {
    id: "SC-28",
    title: "Protection at rest",
    how: "Tables, logs, secrets, variables, alarms and the user pool are encrypted with your key (`encryption=customer`).",
    holds: (find) =>
      every(find("AWS::DynamoDB::GlobalTable"), (table) => table.SSESpecification.SSEType === "KMS") &&
      every(find("AWS::Logs::LogGroup"), (group) => group.KmsKeyId) &&
      every(find("AWS::SecretsManager::Secret"), (secret) => secret.KmsKeyId) &&
      every(find("AWS::Lambda::Function"), (fn) => fn.KmsKeyArn) &&
      every(find("AWS::Cognito::UserPool"), (pool) => pool.KeyConfiguration),
  },
  {
    id: "AC-6",
    title: "Least privilege",
    how: "A role for each function, no wildcard action, and a session for each tenant that reaches its own items and workspace.",
    holds: (find) =>
      every(find("AWS::IAM::ManagedPolicy"), (policy) => !policy.PolicyDocument.Statement.some((one: { Action: string | string[] }) => [one.Action].flat().some((action) => action.includes("*")))) &&
      JSON.stringify(find("AWS::IAM::ManagedPolicy")).includes("dynamodb:LeadingKeys"),
  },
  {
    id: "AU-2",
    title: "Event logging",
    how: "Every request is in the access log of the API, every refusal and call in the functions' logs, flows of the network in theirs.",
    holds: (find) => every(find("AWS::ApiGateway::Stage"), (stage) => stage.AccessLogSetting) && every(find("AWS::Lambda::Function"), (fn) => fn.LoggingConfig) && find("AWS::EC2::FlowLog").length > 0,
  },
  {
    id: "AU-3",
    title: "Content of audit records",
    how: "Who, what, when, from where, and how it ended; never a token, an argument or a body.",
    holds: (find) => every(find("AWS::ApiGateway::Stage"), (stage) => ["requestTimeEpoch", "sourceIp", "principalId", "status"].every((field) => stage.AccessLogSetting.Format.includes(field))),
  },
  {
    id: "SI-4",
    title: "System monitoring",
    how: "Five alarms, a dashboard, traces, and WAF's metrics and log.",
    holds: (find) => find("AWS::CloudWatch::Alarm").length === 5 && every(find("AWS::Lambda::Function"), (fn) => fn.TracingConfig.Mode === "Active") && find("AWS::WAFv2::LoggingConfiguration").length > 0,
  },
  {
    id: "IR-4",
    title: "Incident handling",
    how: "Alarms tell a topic of trouble and of its end; grants and clients can be ended within a minute (`docs/security/authorization-server.md`).",
    holds: (find) => every(find("AWS::CloudWatch::Alarm"), (alarm) => alarm.AlarmActions.length === 1 && alarm.OKActions.length === 1),
  },
  {
    id: "IA-2",
    title: "Identification and authentication (organizational users)",
    how: "People prove themselves twice (MFA is required), nobody signs up by themselves, and each request is authenticated by an authorizer and again by the function.",
    holds: (find) => every(find("AWS::Cognito::UserPool"), (pool) => pool.MfaConfiguration === "ON" && pool.AdminCreateUserConfig.AllowAdminCreateUserOnly) && find("AWS::ApiGateway::Authorizer").length > 0,
  },
  {
    id: "IA-8",
    title: "Identification and authentication (non-organizational users)",
    how: "Clients are registered, use PKCE, and their tokens are for this server only.",
    holds: (find) => every(find("AWS::Cognito::UserPoolClient"), (client) => client.AllowedOAuthFlows.every((flow: string) => flow === "code" || flow === "client_credentials") && client.PreventUserExistenceErrors === "ENABLED"),
  },
  {
    id: "CM-7",
    title: "Least functionality",
    how: "Only the methods of the routes that there are; no function URLs, no execution logs with bodies.",
    holds: (find) => every(find("AWS::ApiGateway::Method"), (method) => method.HttpMethod !== "ANY") && find("AWS::Lambda::Url").length === 0 && every(find("AWS::Lambda::Function"), (fn) => fn.Runtime === "provided.al2023"),
  },
];
