//! Which path is whose, and who may come in there.

import type { Deployed } from "./names.ts";
import type { Settings } from "./settings/settings.ts";

/** Who is let in: as the API's door says, or anybody. */
export type Access = "door" | "open";

export interface Route {
  path: string;
  methods: string[];
  function: Deployed;
  access: Access;
}

/** The routes of an API before which stands the door `door`. */
export function routes(settings: Settings, door: "tokens" | "iam"): Route[] {
  const guarded: Route[] = [
    { path: "/mcp", methods: ["POST", "GET", "DELETE"], function: "mcp", access: "door" },
    { path: "/tools", methods: ["GET"], function: "mcp", access: "door" },
    { path: "/tools/{name}", methods: ["POST"], function: "mcp", access: "door" },
  ];
  const health: Route = { path: "/health", methods: ["GET"], function: "health", access: "open" };
  if (door === "iam") return [...guarded, health];
  // A function with tenant isolation is invoked for a tenant only, and these are before anybody is known.
  const anybodys = settings.perTenant ? "metadata" : "mcp";
  const open = (path: string, ...methods: string[]): Route => ({ path, methods, function: anybodys, access: "open" });
  return [
    ...guarded,
    // A page asks before it sends a token.
    open("/mcp", "OPTIONS"),
    open("/.well-known/oauth-protected-resource", "GET"),
    open("/.well-known/oauth-protected-resource/mcp", "GET"),
    health,
    ...(settings.auth === "own" ? oauthRoutes : []),
  ];
}

const oauth = (path: string, ...methods: string[]): Route => ({ path, methods, function: "oauth", access: "open" });

/** Those for programs answer OPTIONS, for programs in web pages. */
const oauthRoutes: Route[] = [
  oauth("/.well-known/oauth-authorization-server", "GET", "OPTIONS"),
  oauth("/.well-known/openid-configuration", "GET", "OPTIONS"),
  oauth("/oauth/jwks", "GET", "OPTIONS"),
  oauth("/dcr", "POST", "OPTIONS"),
  oauth("/register", "POST", "OPTIONS"),
  oauth("/clients/{client}", "GET", "DELETE", "OPTIONS"),
  oauth("/oauth/authorize", "GET"),
  oauth("/authorize", "GET"),
  oauth("/oauth/callback", "GET"),
  oauth("/oauth/consent", "GET", "POST"),
  oauth("/oauth/style.css", "GET"),
  oauth("/oauth/token", "POST", "OPTIONS"),
  oauth("/token", "POST", "OPTIONS"),
  oauth("/oauth/revoke", "POST", "OPTIONS"),
  oauth("/oauth/userinfo", "GET", "POST", "OPTIONS"),
];
