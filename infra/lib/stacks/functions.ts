//! The functions, what each is told, and what each may.

import { Duration, Stack, type StackProps } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import type { Artifacts } from "../artifacts.ts";
import { Network } from "../constructs/network.ts";
import { Program, type Placement, type ProgramProps } from "../constructs/program.ts";
import { TenantRole } from "../constructs/tenant-role.ts";
import { cases, workspaces } from "../permissions.ts";
import { routes } from "../routes.ts";
import type { Identity } from "../existing-pool.ts";
import type { Settings } from "../settings/settings.ts";
import type { Deployed } from "../names.ts";
import type { ApiStack } from "./api.ts";
import type { DataStack } from "./data.ts";

interface Others {
  data: DataStack;
  identity: Identity | undefined;
  api: ApiStack;
}

/** What stands before an answer that is not streamed waits for so long. */
const BUFFERED = Duration.seconds(29);

export class FunctionsStack extends Stack {
  readonly programs: Partial<Record<Deployed, Program>> = {};
  /** Assumed for each tenant. */
  readonly tenantRole: TenantRole | undefined;

  readonly #settings: Settings;
  readonly #others: Others;
  readonly #artifacts: Artifacts;
  readonly #placement: Placement | undefined;

  constructor(scope: Construct, id: string, settings: Settings, others: Others, artifacts: Artifacts, props: StackProps) {
    super(scope, id, props);
    this.#settings = settings;
    this.#others = others;
    this.#artifacts = artifacts;
    if (settings.network === "vpc") this.#placement = new Network(this, "Network", settings, others.data.key).placement;

    const mcp = this.#mcp();
    if (settings.perTenant) {
      this.tenantRole = new TenantRole(this, "Tenant", { settings, table: others.data.tenantTable!, key: others.data.key, assumedBy: mcp.role });
      this.#metadata();
    }
    if (settings.doors.tokens && settings.frontDoor === "rest") this.#authorizer();
    if (settings.auth === "own") this.#oauth();
    this.#program("health", { artifact: "health", description: "Whether the deployment is there", memoryMb: 128, timeout: Duration.seconds(5), environment: { SERVICE_NAME: settings.name, RESPONSE_MODE: settings.responseMode }, statements: [] });
    this.#letIn();
  }

  #program(which: Deployed, props: Omit<ProgramProps, "settings" | "artifacts" | "which" | "key" | "placement">): Program {
    const { key } = this.#others.data;
    const made = new Program(this, which, {
      ...props,
      settings: this.#settings,
      artifacts: this.#artifacts,
      which,
      key,
      placement: this.#placement,
      environment: { LOG_LEVEL: this.#settings.logLevel, ...props.environment },
    });
    this.programs[which] = made;
    return made;
  }

  #mcp(): Program {
    const settings = this.#settings;
    const { data } = this.#others;
    const tenantRoleArn = `arn:${this.partition}:iam::${settings.account}:role/${settings.name}-tenant-${settings.region}`;
    return this.#program("mcp", {
      artifact: "mcp",
      description: "The MCP server",
      memoryMb: settings.memoryMb,
      timeout: Duration.seconds(settings.timeoutSeconds),
      reservedConcurrency: settings.reservedConcurrency,
      perTenant: settings.perTenant,
      environment: {
        ...this.#door(),
        // A dynamic reference: the key is in no template.
        MCP_STATE_KEY: data.stateKey.secretValue.unsafeUnwrap(),
        ...(settings.workspaceIds[0] && { PROMETHEUS_WORKSPACE_ID: settings.workspaceIds[0] }),
        ...(settings.prometheusUrl && { PROMETHEUS_URL: settings.prometheusUrl }),
        ...(settings.cases && {
          ATHENA_DATABASE: settings.cases.database,
          ATHENA_WORKGROUP: settings.cases.workGroup,
          BEDROCK_MODEL_IDS: settings.cases.models.join(","),
          // Whoever IAM lets in may read them, as it may read metrics.
          ...(settings.doors.iam && { IAM_SCOPES: "cases/read mcp/invoke prometheus-mcp-server/read" }),
        }),
        ...(settings.perTenant && { TENANT_WORKSPACES: JSON.stringify(settings.tenants), TENANT_ROLE_ARN: tenantRoleArn }),
      },
      statements: [
        ...(settings.perTenant
          ? [new PolicyStatement({ sid: "Tenants", actions: ["sts:AssumeRole", "sts:TagSession"], resources: [tenantRoleArn] })]
          : workspaces(settings, this.partition)),
        ...(settings.cases ? cases({ partition: this.partition, region: settings.region, account: settings.account }, settings.cases) : []),
        ...this.#grants(),
      ],
    });
  }

  /** Who is let in, as `mcp` and `metadata` are told. */
  #door(): Record<string, string> {
    const settings = this.#settings;
    const { data } = this.#others;
    const mode = settings.doors.tokens ? (settings.doors.iam ? "jwt+iam" : "jwt") : "iam";
    return {
      AUTH_MODE: mode,
      RESPONSE_MODE: settings.responseMode,
      ...(settings.doors.tokens && this.#tokens()),
      ...(settings.allowedOrigins.length > 0 && { ALLOWED_ORIGINS: settings.allowedOrigins.join(",") }),
      ...(data.oauthTables && {
        OAUTH_CLIENTS_TABLE: data.oauthTables.clients.tableName,
        OAUTH_REFRESH_TOKENS_TABLE: data.oauthTables.refreshTokens.tableName,
      }),
    };
  }

  /** Whose tokens are taken, alike at the authorizer and behind it. */
  #tokens(): Record<string, string> {
    const settings = this.#settings;
    const { api, identity } = this.#others;
    const keys = settings.poolKeysUrl && `${settings.poolKeysUrl}/${identity!.poolId}/.well-known/jwks.json`;
    const tenants = Object.fromEntries(Object.entries(identity!.clients).filter(([, tenant]) => tenant));
    const first =
      settings.auth === "own"
        ? { issuer: api.origin, profile: "at+jwt", check_grants: true, ...(settings.perTenant && { tenant_claim: "tenant_id" }) }
        : {
            issuer: identity!.issuer,
            profile: "cognito",
            clients: Object.keys(identity!.clients),
            ...(Object.keys(tenants).length > 0 && { tenants }),
            ...(keys && { jwks_uri: keys }),
          };
    return { MCP_RESOURCE: api.mcpUrl, AUTH_ISSUERS: JSON.stringify([first, ...settings.issuers]) };
  }

  /** Whether grants hold, and nothing else of the authorization server's. */
  #grants(): PolicyStatement[] {
    const { oauthTables, key } = this.#others.data;
    if (!oauthTables) return [];
    return [
      new PolicyStatement({ sid: "Grants", actions: ["dynamodb:BatchGetItem"], resources: [oauthTables.clients.tableArn, oauthTables.refreshTokens.tableArn] }),
      ...(key ? [new PolicyStatement({ sid: "GrantTables", actions: ["kms:Decrypt"], resources: [key.keyArn] })] : []),
    ];
  }

  /** The same program without tenants, for what is asked before anybody is known. */
  #metadata(): void {
    this.#program("metadata", {
      artifact: "mcp",
      description: "Where clients learn where to log in",
      memoryMb: 128,
      timeout: BUFFERED,
      environment: this.#door(),
      statements: this.#grants(),
    });
  }

  #authorizer(): void {
    this.#program("authorizer", { artifact: "authorizer", description: "Whether a token is good", memoryMb: 256, timeout: Duration.seconds(10), environment: this.#tokens(), statements: [] });
  }

  #oauth(): void {
    const settings = this.#settings;
    const { data, identity, api } = this.#others;
    const tables = data.oauthTables!;
    const login = {
      issuer: identity!.issuer,
      profile: "cognito",
      client_id: identity!.loginClientId,
      ...(settings.perTenant && { tenant_claim: "custom:tenant" }),
    };
    this.#program("oauth", {
      artifact: "oauth",
      description: "The authorization server",
      memoryMb: 256,
      timeout: BUFFERED,
      environment: {
        OAUTH_ISSUER: api.origin,
        MCP_RESOURCE: api.mcpUrl,
        OAUTH_LOGIN: JSON.stringify(login),
        OAUTH_CLIENTS_TABLE: tables.clients.tableName,
        OAUTH_CODES_TABLE: tables.codes.tableName,
        OAUTH_REFRESH_TOKENS_TABLE: tables.refreshTokens.tableName,
        OAUTH_SIGNING_KEY: data.signingKey!.keyArn,
      },
      statements: [
        new PolicyStatement({
          sid: "Tables",
          actions: ["dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
          resources: Object.values(tables).map((table) => table.tableArn),
        }),
        new PolicyStatement({ sid: "Tokens", actions: ["kms:GetPublicKey", "kms:Sign"], resources: [data.signingKey!.keyArn] }),
        ...(data.key ? [new PolicyStatement({ sid: "TableKey", actions: ["kms:Decrypt", "kms:GenerateDataKey"], resources: [data.key.keyArn] })] : []),
      ],
    });
  }

  /** Each API may invoke a function for the paths that are its own, and for no others. */
  #letIn(): void {
    for (const front of this.#others.api.fronts) {
      if (front.authorizerArn) this.programs.authorizer!.allow("Authorizer", front.authorizerArn);
      const table = routes(this.#settings, front.door);
      for (const which of new Set(table.map((route) => route.function))) {
        const program = this.programs[which]!;
        // One for all paths of the authorization server: a function's policy has 20 KB.
        const paths = which === "oauth" ? ["/*"] : table.filter((route) => route.function === which).map((route) => route.path.replace(/\{\w+\}/, "*"));
        for (const path of new Set(paths)) program.allow(`${front.door} ${path}`, front.arn(path));
      }
    }
  }
}
