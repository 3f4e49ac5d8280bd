//! The front door: an API, or two where tokens and AWS signatures are both taken, and its domain name.

import { Annotations, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import { BasePathMapping, CfnAccount, DomainName as RestDomainName, EndpointAccessMode, EndpointType, SecurityPolicy } from "aws-cdk-lib/aws-apigateway";
import { CfnApiMapping, CfnDomainName } from "aws-cdk-lib/aws-apigatewayv2";
import { Certificate } from "aws-cdk-lib/aws-certificatemanager";
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { CfnRecordSet } from "aws-cdk-lib/aws-route53";
import type { Construct } from "constructs";
import { acknowledge, acknowledgeWildcards, because } from "../acknowledge.ts";
import { McpHttpApi } from "../constructs/http-api.ts";
import { McpRestApi } from "../constructs/rest-api.ts";
import type { Identity } from "../existing-pool.ts";
import type { Settings } from "../settings/settings.ts";

/** One API, whichever it is. */
export interface FrontDoor {
  door: "tokens" | "iam";
  /** What its metrics go by. */
  metrics: Record<string, string>;
  arn(path: string, method?: string): string;
  /** Of its authorizer function's caller. */
  authorizerArn: string | undefined;
  url: string;
}

export class ApiStack extends Stack {
  readonly fronts: FrontDoor[];
  /** What clients are given, `MCP_RESOURCE`. */
  readonly mcpUrl: string;
  /** The same host, without a path. */
  readonly origin: string;
  /** May be attached to whoever is to call with AWS signatures. */
  readonly userAccess: ManagedPolicy | undefined;

  readonly #settings: Settings;
  #logRole: CfnAccount | undefined;

  constructor(scope: Construct, id: string, settings: Settings, identity: Identity | undefined, key: IKey | undefined, props: StackProps) {
    super(scope, id, props);
    this.#settings = settings;
    if (settings.frontDoor === "rest" && settings.apiGatewayLogRole) this.#logRole = this.#setLogRole();
    const doors = (["tokens", "iam"] as const).filter((door) => settings.doors[door]);
    this.fronts = doors.map((door) => {
      const isSecond = door === "iam" && settings.doors.tokens;
      return settings.frontDoor === "rest" ? this.#rest(door, isSecond, key) : this.#http(door, identity, key);
    });
    const [first] = this.fronts;
    this.origin = settings.domainName ? `https://${settings.domainName}` : first!.url;
    this.mcpUrl = `${this.origin}/mcp`;
    const iam = this.fronts.find((front) => front.door === "iam");
    if (iam) this.userAccess = this.#userAccess(iam);
    if (!settings.domainName && settings.frontDoor === "rest" && settings.doors.tokens) {
      Annotations.of(this).addWarningV2(
        "lambda-mcp:stage",
        `PEOPLE CANNOT LOG IN: the server is at …/${settings.stage}/mcp, and clients look for where to log in at the root of the host, where the stage does not reach. Programs that have a token can call. Set domainName (docs/deploy.md).`,
      );
    }
  }

  #rest(door: "tokens" | "iam", isSecond: boolean, key: IKey | undefined): FrontDoor {
    const settings = this.#settings;
    const { domainName, stage, domainElsewhere } = settings;
    const isNamed = domainName !== undefined && !isSecond;
    const name = isSecond ? `${settings.name}-iam` : settings.name;
    const made = new McpRestApi(this, isSecond ? "Signed" : "Rest", {
      name,
      door,
      settings,
      key,
      hidden: isNamed && !domainElsewhere,
      metadataUrl: (api) => `${isNamed ? `https://${domainName}` : this.#executeApi(api.restApiId, stage)}/.well-known/oauth-protected-resource/mcp`,
    });
    // A stage with logs is refused as long as there is no role to write them by.
    if (this.#logRole) made.api.deploymentStage.node.addDependency(this.#logRole);
    if (isNamed && !domainElsewhere) this.#restDomain(made);
    return {
      door,
      metrics: { ApiName: name, Stage: stage },
      arn: (path, method) => made.arn(path, method),
      authorizerArn: door === "tokens" ? this.formatArn({ service: "execute-api", resource: made.api.restApiId, resourceName: "authorizers/*" }) : undefined,
      url: this.#executeApi(made.api.restApiId, stage),
    };
  }

  #http(door: "tokens" | "iam", identity: Identity | undefined, key: IKey | undefined): FrontDoor {
    const settings = this.#settings;
    const { domainName, domainElsewhere } = settings;
    const made = new McpHttpApi(this, "Http", {
      name: settings.name,
      door,
      settings,
      key,
      hidden: domainName !== undefined && !domainElsewhere,
      issuer: identity?.issuer ?? "",
      clients: Object.keys(identity?.clients ?? {}),
    });
    if (domainName && !domainElsewhere) this.#httpDomain(made);
    return {
      door,
      metrics: { ApiId: made.apiId },
      arn: (path, method) => made.arn(path, method),
      authorizerArn: undefined,
      url: this.#executeApi(made.apiId),
    };
  }

  #executeApi(apiId: string, stage?: string): string {
    return `https://${apiId}.execute-api.${this.region}.${this.urlSuffix}${stage ? `/${stage}` : ""}`;
  }

  #restDomain(made: McpRestApi): void {
    const { domainName, certificateArn } = this.#settings;
    const domain = new RestDomainName(this, "Domain", {
      domainName: domainName!,
      certificate: Certificate.fromCertificateArn(this, "Certificate", certificateArn!),
      endpointType: EndpointType.REGIONAL,
      securityPolicy: SecurityPolicy.TLS13_1_2_PFS_PQ_2025_09,
      endpointAccessMode: EndpointAccessMode.STRICT,
    });
    new BasePathMapping(this, "Root", { domainName: domain, restApi: made.api, stage: made.api.deploymentStage });
    this.#record(domain.domainNameAliasDomainName, domain.domainNameAliasHostedZoneId);
  }

  #httpDomain(made: McpHttpApi): void {
    const { domainName, certificateArn } = this.#settings;
    const domain = new CfnDomainName(this, "Domain", {
      domainName: domainName!,
      domainNameConfigurations: [{ certificateArn: certificateArn!, endpointType: "REGIONAL", securityPolicy: "TLS_1_2" }],
    });
    const mapping = new CfnApiMapping(this, "Root", { apiId: made.apiId, domainName: domain.ref, stage: made.stageName });
    mapping.node.addDependency(made);
    this.#record(domain.attrRegionalDomainName, domain.attrRegionalHostedZoneId);
  }

  #record(dnsName: string, zoneOfTarget: string): void {
    const { domainName, hostedZoneId } = this.#settings;
    if (!hostedZoneId) return;
    for (const type of ["A", "AAAA"]) {
      new CfnRecordSet(this, `Record${type}`, { hostedZoneId, name: domainName!, type, aliasTarget: { dnsName, hostedZoneId: zoneOfTarget } });
    }
  }

  /** Lets API Gateway write logs. It is one for the account and region, so it stays when the stack goes. */
  #setLogRole(): CfnAccount {
    const role = new Role(this, "LogRole", {
      assumedBy: new ServicePrincipal("apigateway.amazonaws.com"),
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName("service-role/AmazonAPIGatewayPushToCloudWatchLogs")],
    });
    role.applyRemovalPolicy(RemovalPolicy.RETAIN);
    acknowledge(role, {
      "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]":
        "API Gateway checks this very policy before it takes the role.",
    });
    const account = new CfnAccount(this, "Account", { cloudWatchRoleArn: role.roleArn });
    account.applyRemovalPolicy(RemovalPolicy.RETAIN);
    return account;
  }

  /** Nothing more than to call this server. */
  #userAccess(front: FrontDoor): ManagedPolicy {
    const statements = [
      because(
        "Each tool is a path of its own.",
        new PolicyStatement({
          actions: ["execute-api:Invoke"],
          resources: [...["POST", "GET", "DELETE"].map((method) => front.arn("/mcp", method)), front.arn("/tools", "GET"), front.arn("/tools/*", "POST")],
        }),
      ),
    ];
    const policy = new ManagedPolicy(this, "UserAccess", {
      managedPolicyName: `${this.#settings.name}-user-access`,
      description: `May call the MCP server ${this.#settings.name}`,
      statements,
    });
    acknowledgeWildcards(policy, statements);
    return policy;
  }
}
