//! What things are called. Functions have names that are known beforehand: the API points at them before they are there.

import type { Settings } from "./settings/settings.ts";

/** A function as it is deployed: of one artefact there may be two. */
export type Deployed = "mcp" | "metadata" | "authorizer" | "oauth" | "health";

export const functionName = (settings: Settings, which: Deployed): string => {
  // Tenancy is for a function's life: one that changes it is another, and its name must be free.
  const suffix = which === "mcp" && settings.perTenant ? "-per-tenant" : "";
  return `${settings.name}-${which}${suffix}`;
};

export const functionArn = (settings: Settings, partition: string, which: Deployed): string =>
  `arn:${partition}:lambda:${settings.region}:${settings.account}:function:${functionName(settings, which)}`;

export type StackName = "data" | "identity" | "api" | "functions" | "observability";

export const stackName = (settings: Settings, which: StackName): string => settings.stackNames[which] ?? `${settings.name}-${which}`;
