//! An HTTP API before the functions: buffered, with its own JWT authorizer or AWS signatures.

import { ArnFormat, Duration, Stack } from "aws-cdk-lib";
import { CfnApi, CfnAuthorizer, CfnIntegration, CfnRoute, CfnStage } from "aws-cdk-lib/aws-apigatewayv2";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";
import { acknowledge } from "../acknowledge.ts";
import { functionArn, type Deployed } from "../names.ts";
import { routes, type Route } from "../routes.ts";
import type { Settings } from "../settings/settings.ts";
import { logGroup } from "./logs.ts";

export interface McpHttpApiProps {
  name: string;
  door: "tokens" | "iam";
  settings: Settings;
  key: IKey | undefined;
  hidden: boolean;
  issuer: string;
  clients: string[];
}

/** What API Gateway waits for a function. */
const TIMEOUT = Duration.seconds(29);

export class McpHttpApi extends Construct {
  readonly apiId: string;
  readonly stageName = "$default";
  readonly #props: McpHttpApiProps;
  readonly #integrations = new Map<Deployed, CfnIntegration>();

  constructor(scope: Construct, id: string, props: McpHttpApiProps) {
    super(scope, id);
    this.#props = props;
    const { settings, name } = props;
    const api = new CfnApi(this, "Api", { name, protocolType: "HTTP", disableExecuteApiEndpoint: props.hidden });
    this.apiId = api.ref;
    const authorizer = props.door === "tokens" ? this.#authorizer() : undefined;
    const table = routes(settings, props.door);
    const made = table.flatMap((route) => route.methods.map((method) => this.#route(route, method, authorizer)));
    const logs = logGroup(this, "AccessLogs", `/aws/apigateway/${name}`, settings, props.key);
    const stage = new CfnStage(this, "Stage", {
      apiId: api.ref,
      stageName: this.stageName,
      autoDeploy: true,
      accessLogSettings: { destinationArn: logs.logGroupArn, format: accessLog },
      defaultRouteSettings: { throttlingRateLimit: settings.requestsPerSecond, throttlingBurstLimit: settings.requestsPerSecond * 2, detailedMetricsEnabled: true },
      routeSettings: Object.fromEntries(
        table
          .filter((route) => route.access === "open")
          .flatMap((route) => route.methods.map((method) => [`${method} ${route.path}`, throttle(settings)])),
      ),
    });
    // Settings of a route that is not there yet are refused.
    stage.node.addDependency(...made);
  }

  /** It looks at signature, issuer, times, and the client or audience; the function at the rest. */
  #authorizer(): CfnAuthorizer {
    return new CfnAuthorizer(this, "Authorizer", {
      apiId: this.apiId,
      name: "tokens",
      authorizerType: "JWT",
      identitySource: ["$request.header.Authorization"],
      jwtConfiguration: { issuer: this.#props.issuer, audience: this.#props.clients },
    });
  }

  #route(route: Route, method: string, authorizer: CfnAuthorizer | undefined): CfnRoute {
    const guarded = authorizer ? { authorizationType: "JWT", authorizerId: authorizer.ref } : { authorizationType: "AWS_IAM" };
    const made = new CfnRoute(this, `${method} ${route.path}`, {
      apiId: this.apiId,
      routeKey: `${method} ${route.path}`,
      target: `integrations/${this.#integration(route.function).ref}`,
      ...(route.access === "door" ? guarded : { authorizationType: "NONE" }),
    });
    if (route.access === "open") {
      acknowledge(made, { "AwsSolutions-APIG4": `${route.path} is for those who are not known yet: monitors, and clients that look for where to log in.` });
    }
    return made;
  }

  #integration(which: Deployed): CfnIntegration {
    const known = this.#integrations.get(which);
    if (known) return known;
    const made = new CfnIntegration(this, `Function-${which}`, {
      apiId: this.apiId,
      integrationType: "AWS_PROXY",
      integrationUri: functionArn(this.#props.settings, Stack.of(this).partition, which),
      payloadFormatVersion: "2.0",
      timeoutInMillis: TIMEOUT.toMilliseconds(),
    });
    this.#integrations.set(which, made);
    return made;
  }

  /** Of what may be called: everything below one path of the stage. */
  arn(path: string, method = "*"): string {
    return Stack.of(this).formatArn({
      service: "execute-api",
      resource: this.apiId,
      resourceName: `${this.stageName}/${method}${path}`,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
  }
}

const throttle = (settings: Settings) => {
  const rate = Math.max(1, Math.floor(settings.requestsPerSecond / 5));
  return { ThrottlingRateLimit: rate, ThrottlingBurstLimit: rate * 2 };
};

/** Who asked what, and how it ended: no header, no query, no body. */
const accessLog = JSON.stringify({
  requestId: "$context.requestId",
  time: "$context.requestTimeEpoch",
  ip: "$context.identity.sourceIp",
  userAgent: "$context.identity.userAgent",
  caller: "$context.identity.userArn",
  principal: "$context.authorizer.claims.sub",
  route: "$context.routeKey",
  status: "$context.status",
  error: "$context.error.message",
  authorizerError: "$context.authorizer.error",
  latencyMs: "$context.responseLatency",
  bytes: "$context.responseLength",
});
