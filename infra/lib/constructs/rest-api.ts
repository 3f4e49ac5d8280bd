//! A REST API before the functions, with one kind of door: an authorizer that looks at tokens, or AWS signatures.

import { ArnFormat, Duration, Stack } from "aws-cdk-lib";
import {
  AccessLogFormat,
  AccessLogField,
  AuthorizationType,
  CfnAuthorizer,
  CfnRestApi,
  EndpointType,
  LambdaIntegration,
  LogGroupLogDestination,
  ResponseTransferMode,
  ResponseType,
  RestApi,
  type IResource,
  type Method,
  type MethodDeploymentOptions,
  type MethodOptions,
} from "aws-cdk-lib/aws-apigateway";
import { Function, type IFunction } from "aws-cdk-lib/aws-lambda";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";
import { acknowledge } from "../acknowledge.ts";
import { functionArn, type Deployed } from "../names.ts";
import { routes, type Route } from "../routes.ts";
import type { Settings } from "../settings/settings.ts";
import { logGroup } from "./logs.ts";
import { WebAcl } from "./web-acl.ts";

export interface McpRestApiProps {
  name: string;
  door: "tokens" | "iam";
  settings: Settings;
  key: IKey | undefined;
  /** Whether clients come by a name of their own, and never by API Gateway's. */
  hidden: boolean;
  /** The URL of the metadata, for the challenge; of no use where it is behind a stage. */
  metadataUrl: (api: RestApi) => string;
}

/** A token that has expired passes for so long: the function refuses it. */
const AUTHORIZER_TTL = Duration.seconds(60);
/** The longest that API Gateway streams; the function's own timeout is before it. */
const STREAM = Duration.minutes(15);

export class McpRestApi extends Construct {
  readonly api: RestApi;
  readonly #props: McpRestApiProps;
  readonly #authorizerId: string | undefined;

  constructor(scope: Construct, id: string, props: McpRestApiProps) {
    super(scope, id);
    this.#props = props;
    const { settings, name } = props;
    const table = routes(settings, props.door);
    const logs = logGroup(this, "AccessLogs", `/aws/apigateway/${name}`, settings, props.key);
    this.api = new RestApi(this, "Api", {
      restApiName: name,
      description: props.door === "iam" ? "MCP, for AWS principals" : "MCP, for bearers of tokens",
      cloudWatchRole: false,
      endpointTypes: [EndpointType.REGIONAL],
      disableExecuteApiEndpoint: props.hidden,
      deployOptions: {
        stageName: settings.stage,
        tracingEnabled: true,
        metricsEnabled: true,
        accessLogDestination: new LogGroupLogDestination(logs),
        accessLogFormat: accessLog(),
        methodOptions: throttles(settings, table),
      },
    });
    const cfn = this.api.node.defaultChild as CfnRestApi;
    cfn.securityPolicy = "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09";
    cfn.endpointAccessMode = "STRICT";
    if (props.door === "tokens") this.#authorizerId = this.#authorizer();
    this.#challenges();
    for (const route of table) this.#route(route);
    this.#acknowledge();
    if (settings.waf) new WebAcl(this, "Waf", { name, settings, key: props.key, stage: this.api.deploymentStage });
  }

  /** The REQUEST authorizer. Its function lets this API in, in the stack of the functions. */
  #authorizer(): string {
    const { partition, region } = Stack.of(this);
    const arn = functionArn(this.#props.settings, partition, "authorizer");
    const authorizer = new CfnAuthorizer(this, "Authorizer", {
      restApiId: this.api.restApiId,
      name: "tokens",
      type: "REQUEST",
      authorizerUri: `arn:${partition}:apigateway:${region}:lambda:path/2015-03-31/functions/${arn}/invocations`,
      // What a decision depends on, and nothing else: it is kept by this.
      identitySource: "method.request.header.Authorization",
      authorizerResultTtlInSeconds: AUTHORIZER_TTL.toSeconds(),
    });
    return authorizer.ref;
  }

  /** Where to log in, told by API Gateway itself: a challenge of a function would be renamed. */
  #challenges(): void {
    if (this.#props.door === "iam") return;
    const challenge = `Bearer resource_metadata="${this.#props.metadataUrl(this.api)}", scope="prometheus-mcp-server/read"`;
    for (const type of [ResponseType.UNAUTHORIZED, ResponseType.ACCESS_DENIED]) {
      this.api.addGatewayResponse(type.responseType, {
        type,
        responseHeaders: {
          "WWW-Authenticate": `'${challenge}'`,
          "Access-Control-Allow-Origin": "'*'",
          "Access-Control-Expose-Headers": "'WWW-Authenticate'",
        },
      });
    }
  }

  #route(route: Route): void {
    const resource = route.path.split("/").filter(Boolean).reduce<IResource>((parent, part) => parent.getResource(part) ?? parent.addResource(part), this.api.root);
    for (const verb of route.methods) {
      const method = resource.addMethod(verb, this.#integration(route), this.#options(route));
      if (route.access === "open") acknowledgeOpen(method, route);
      else {
        acknowledge(method, {
          "AwsSolutions-COG4": this.#authorizerId
            ? "The authorizer takes Cognito's tokens and others', and looks at what Cognito's own does not: the client, the use, the audience."
            : "It is for AWS principals: API Gateway verifies their signatures.",
        });
      }
    }
  }

  #integration(route: Route): LambdaIntegration {
    const { settings } = this.#props;
    const streams = settings.responseMode === "streaming" && route.function !== "authorizer" && route.function !== "oauth";
    const isTenants = route.function === "mcp" && settings.perTenant;
    return new LambdaIntegration(
      this.#function(route.function),
      {
        allowTestInvoke: false,
        responseTransferMode: streams ? ResponseTransferMode.STREAM : ResponseTransferMode.BUFFERED,
        timeout: streams ? STREAM : Duration.seconds(29),
        // From the authorizer alone: what a client sends under this name is replaced.
        ...(isTenants && { requestParameters: { "integration.request.header.X-Amz-Tenant-Id": "context.authorizer.tenantId" } }),
      },
    );
  }

  /** By its name. It lets this API in, in the stack of the functions: the API is there before them. */
  #function(which: Deployed): IFunction {
    const id = `Function-${which}`;
    return (
      (this.node.tryFindChild(id) as IFunction | undefined) ??
      Function.fromFunctionAttributes(this, id, {
        functionArn: functionArn(this.#props.settings, Stack.of(this).partition, which),
        sameEnvironment: false,
        skipPermissions: true,
      })
    );
  }

  #options(route: Route): MethodOptions {
    if (route.access === "open") return { authorizationType: AuthorizationType.NONE };
    if (!this.#authorizerId) return { authorizationType: AuthorizationType.IAM };
    return { authorizer: { authorizerId: this.#authorizerId, authorizationType: AuthorizationType.CUSTOM } };
  }

  /** Of what may be called: everything below one path of the stage. */
  arn(path: string, method = "*"): string {
    return Stack.of(this).formatArn({
      service: "execute-api",
      resource: this.api.restApiId,
      resourceName: `${this.#props.settings.stage}/${method}${path}`,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
  }

  #acknowledge(): void {
    acknowledge(this.api, {
      "AwsSolutions-APIG2": "The functions check every request themselves, down to the schema of each tool: a model here could only be laxer, and would answer in other words.",
    });
    acknowledge(this.api.deploymentStage, {
      "NIST.800.53.R5-APIGWCacheEnabledAndEncrypted": "Nothing is cached: answers are each caller's own, and streams cannot be.",
      "NIST.800.53.R5-APIGWSSLEnabled": "A client certificate is for HTTP backends; functions are invoked by IAM.",
      "AwsSolutions-APIG6": "Every request is in the access log. Execution logs can have bodies and tokens in them.",
      "NIST.800.53.R5-APIGWExecutionLoggingEnabled": "Every request is in the access log. Execution logs can have bodies and tokens in them.",
      ...(!this.#props.settings.waf && {
        "AwsSolutions-APIG3": "waf=false, as set.",
        "NIST.800.53.R5-APIGWAssociatedWithWAF": "waf=false, as set.",
      }),
    });
  }
}

function acknowledgeOpen(method: Method, route: Route): void {
  const why = `${route.path} is for those who are not known yet: ${route.function === "health" ? "monitors" : "clients that look for where to log in, and people who do"}.`;
  acknowledge(method, { "AwsSolutions-APIG4": why, "AwsSolutions-COG4": why });
}

/** Open routes get a fifth: whoever may come in must not be kept out by who may not. */
function throttles(settings: Settings, table: Route[]): Record<string, MethodDeploymentOptions> {
  const of = (route: Route, method: string) => {
    const rate = route.access === "open" ? Math.max(1, Math.floor(settings.requestsPerSecond / 5)) : settings.requestsPerSecond;
    return [`${route.path}/${method}`, { throttlingRateLimit: rate, throttlingBurstLimit: rate * 2 }] as const;
  };
  return Object.fromEntries(table.flatMap((route) => route.methods.map((method) => of(route, method))));
}

/** Who asked what, and how it ended: no header, no query, no body. */
function accessLog(): AccessLogFormat {
  return AccessLogFormat.custom(
    JSON.stringify({
      requestId: AccessLogField.contextRequestId(),
      extendedRequestId: AccessLogField.contextExtendedRequestId(),
      time: AccessLogField.contextRequestTimeEpoch(),
      ip: AccessLogField.contextIdentitySourceIp(),
      userAgent: AccessLogField.contextIdentityUserAgent(),
      caller: AccessLogField.contextIdentityUserArn(),
      principal: "$context.authorizer.principalId",
      method: AccessLogField.contextHttpMethod(),
      path: AccessLogField.contextResourcePath(),
      status: AccessLogField.contextStatus(),
      error: AccessLogField.contextErrorMessage(),
      authorizerStatus: "$context.authorizer.status",
      latencyMs: AccessLogField.contextResponseLatency(),
      bytes: AccessLogField.contextResponseLength(),
      tls: "$context.tlsVersion",
    }),
  );
}
