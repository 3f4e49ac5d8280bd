//! All stacks, from settings.

import { CfnOutput, Tags, Validations, type App, type Stack } from "aws-cdk-lib";
import { AwsSolutionsChecks, NIST80053R5Checks } from "cdk-nag";
import type { Artifacts } from "./artifacts.ts";
import { existingPool } from "./existing-pool.ts";
import { stackName, type StackName } from "./names.ts";
import type { Settings } from "./settings/settings.ts";
import { ApiStack } from "./stacks/api.ts";
import { DataStack } from "./stacks/data.ts";
import { FunctionsStack } from "./stacks/functions.ts";
import { IdentityStack } from "./stacks/identity.ts";
import { ObservabilityStack } from "./stacks/observability.ts";

export interface Stacks {
  data: DataStack;
  /** Where tokens are taken, and the pool is not there already. */
  identity: IdentityStack | undefined;
  api: ApiStack;
  functions: FunctionsStack;
  observability: ObservabilityStack;
}

/**
 * Puts the stacks together, each after what it needs:
 *
 * ```text
 * data ─→ identity ─→ api ─→ functions
 *                      └──→ observability
 * ```
 *
 * The API is before its functions: they are told its URL, and let it in; it knows them by name.
 */
export function buildApp(app: App, settings: Settings, artifacts: Artifacts): Stacks {
  const props = (which: StackName, description: string) => ({
    stackName: stackName(settings, which),
    description: `${settings.name}: ${description}`,
    env: { account: settings.account, region: settings.region },
    terminationProtection: settings.retainData && which === "data",
  });
  const data = new DataStack(app, "data", settings, props("data", "tables, keys, secrets"));
  const identity = settings.doors.tokens && !settings.userPoolId ? new IdentityStack(app, "identity", settings, data.key, props("identity", "who the callers are")) : undefined;
  const callers = settings.userPoolId ? existingPool(settings, settings.userPoolId) : identity;
  const api = new ApiStack(app, "api", settings, callers, data.key, props("api", "the front door"));
  const functions = new FunctionsStack(app, "functions", settings, { data, identity: callers, api }, artifacts, props("functions", "the programs"));
  const observability = new ObservabilityStack(app, "observability", settings, api, data.key, props("observability", "alarms and a dashboard"));
  Tags.of(app).add("application", settings.name);
  const stacks = { data, identity, api, functions, observability };
  outputs(stacks, settings);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new NIST80053R5Checks(app));
  return stacks;
}

/** What people and `npm run config` need to know. Never a secret: where it is. */
function outputs({ identity, api, observability }: Stacks, settings: Settings): void {
  const output = (stack: Stack, name: string, value: string | undefined, description: string) => {
    if (value) new CfnOutput(stack, name, { value, description });
  };
  output(api, "McpUrl", api.mcpUrl, "What clients are given");
  for (const front of api.fronts) output(api, front.door === "iam" ? "SignedUrl" : "TokenUrl", front.url, `API Gateway's own URL, for ${front.door === "iam" ? "AWS principals" : "bearers of tokens"}`);
  output(api, "UserAccessPolicyArn", api.userAccess?.managedPolicyArn, "Attach it to who may call");
  output(observability, "AlarmTopicArn", observability.topic.topicArn, "Where alarms go");
  if (!identity) return;
  output(identity, "UserPoolId", identity.poolId, "The user pool");
  output(identity, "Issuer", identity.issuer, "iss of its tokens");
  output(identity, "TokenEndpoint", identity.tokenEndpoint, "Where programs ask for tokens");
  output(identity, "Scope", identity.machines.length > 0 ? settings.scopes.join(" ") : undefined, "What they may ask for");
  for (const machine of identity.machines) {
    const suffix = machine.tenant ? machine.tenant.replace(/[^A-Za-z0-9]/g, "") : "";
    output(identity, `ClientId${suffix}`, machine.clientId, `The app client for programs${machine.tenant ? ` of ${machine.tenant}` : ""}`);
    output(identity, `ClientSecretArn${suffix}`, machine.secretArn, "Where its secret is");
  }
}
