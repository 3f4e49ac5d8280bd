//! A user pool that is there already: nothing of it is made here.

import { Aws } from "aws-cdk-lib";
import type { Settings } from "./settings/settings.ts";

/** Who the callers are, as the other stacks need to know. */
export interface Identity {
  /** `iss` of the pool's tokens. */
  issuer: string;
  poolId: string;
  /** The app clients that may call, and their tenants. */
  clients: Record<string, string | undefined>;
  /** By which people log in at our own authorization server. */
  loginClientId: string | undefined;
}

export const issuerOf = (settings: Settings, poolId: string): string => `https://cognito-idp.${settings.region}.${Aws.URL_SUFFIX}/${poolId}`;

export function existingPool(settings: Settings, poolId: string): Identity {
  const clients = Object.fromEntries(Object.entries(settings.clients).map(([client, tenant]) => [client, tenant || undefined]));
  return { issuer: issuerOf(settings, poolId), poolId, clients, loginClientId: settings.auth === "own" ? Object.keys(clients)[0] : undefined };
}
