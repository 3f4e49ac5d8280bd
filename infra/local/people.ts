//! Our own authorization server, at the root of a host of its own.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { Browser } from "./browser.ts";
import { Deployment } from "./deployment.ts";
import { Edge } from "./edge.ts";
import { Provider } from "./provider.ts";
import { COUNT } from "./programs.ts";
import type { Context, Step } from "./scenarios.ts";

const ORIGIN = "https://mcp.example.com";
const base64url = (bytes: Buffer) => bytes.toString("base64url");
const REDIRECT = "http://127.0.0.1:4711/callback";
const form = (fields: Record<string, string>, headers: Record<string, string> = {}) => ({ method: "POST", headers: { "content-type": "application/x-www-form-urlencoded", ...headers }, body: new URLSearchParams(fields).toString() });

export async function people({ ministack, prometheus }: Context, step: Step): Promise<void> {
  const [edge, provider] = [await Edge.start(), await Provider.start()];
  const secret = base64url(randomBytes(32));
  const machine = {
    client_id: "machine",
    client_secret_sha256: base64url(createHash("sha256").update(secret).digest()),
    grant_types: ["client_credentials"],
    scope: "mcp/invoke prometheus-mcp-server/read",
  };
  const issuers = [{ issuer: ORIGIN, profile: "at+jwt", check_grants: true, jwks_uri: `${edge.url}/oauth/jwks` }];
  const AUTH_ISSUERS = JSON.stringify(issuers);
  const deployment = new Deployment(ministack, {
    name: "people",
    auth: "own",
    domainName: "mcp.example.com",
    domainElsewhere: true,
    workspaceIds: ["ws-one"],
    // The names are known to nobody but this test, so keys are fetched and people log in where these are played.
    variables: {
      mcp: { AUTH_ISSUERS },
      authorizer: { AUTH_ISSUERS },
      oauth: { OAUTH_CLIENTS: JSON.stringify([machine]), OAUTH_LOGIN: JSON.stringify({ issuer: provider.url, profile: "oidc", client_id: "lambda-mcp" }) },
    },
  });
  const calls = async (token: string) => {
    const asked = prometheus.asked.length;
    const call = await deployment.call("tools/call", COUNT, token);
    assert.equal(call.status, 200, call.text);
    assert.match(call.text, /42/);
    assert.ok(prometheus.asked.length > asked);
  };
  try {
    await deployment.deploy();
    edge.to(deployment);
    step("all stacks are deployed");

    const resource = (await deployment.ask("/.well-known/oauth-protected-resource/mcp")).json();
    assert.deepEqual([resource.resource, resource.authorization_servers], [`${ORIGIN}/mcp`, [ORIGIN]]);
    const server = (await deployment.ask("/.well-known/oauth-authorization-server")).json();
    assert.equal(server.issuer, ORIGIN);
    assert.deepEqual(server.code_challenge_methods_supported, ["S256"]);
    const keys = (await deployment.ask("/oauth/jwks")).json().keys as { alg: string }[];
    assert.deepEqual(keys.map((key) => key.alg), ["RS256"]);
    step("a client finds the server, its endpoints and its key in KMS");

    const registered = await deployment.ask("/dcr", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ client_name: "a test", redirect_uris: ["http://127.0.0.1/callback"], token_endpoint_auth_method: "none" }),
    });
    assert.equal(registered.status, 201, registered.text);
    step("it registers itself");

    const client_id = registered.json().client_id as string;
    const verifier = base64url(randomBytes(32));
    const end = await new Browser(deployment, ORIGIN).follow(authorization(client_id, verifier), REDIRECT);
    assert.deepEqual([end.searchParams.get("state"), end.searchParams.get("iss")], ["a-state", ORIGIN]);
    step("it sends a person, who logs in, consents, and is sent back with a code");

    const redeem = { grant_type: "authorization_code", client_id, code: end.searchParams.get("code")!, redirect_uri: REDIRECT, code_verifier: verifier, resource: `${ORIGIN}/mcp` };
    const tokens = await deployment.ask("/oauth/token", form(redeem));
    assert.equal(tokens.status, 200, tokens.text);
    const person = tokens.json() as { access_token: string; refresh_token: string };
    await calls(person.access_token);
    step("the code → a token, signed in KMS → the authorizer → mcp, which asks whether the grant holds → Amazon Managed Prometheus");

    const refreshed = await deployment.ask("/oauth/token", form({ grant_type: "refresh_token", client_id, refresh_token: person.refresh_token }));
    assert.equal(refreshed.status, 200, refreshed.text);
    const revoked = await deployment.ask("/oauth/revoke", form({ client_id, token: (refreshed.json() as { refresh_token: string }).refresh_token }));
    assert.equal(revoked.status, 200, revoked.text);
    const again = await deployment.ask("/oauth/token", form({ grant_type: "refresh_token", client_id, refresh_token: (refreshed.json() as { refresh_token: string }).refresh_token }));
    assert.equal(again.status, 400, again.text);
    step("it refreshes once, revokes, and cannot refresh any more");

    const basic = (password: string) => ({ authorization: `Basic ${Buffer.from(`machine:${password}`).toString("base64")}` });
    const answer = await deployment.ask("/oauth/token", form({ grant_type: "client_credentials", resource: `${ORIGIN}/mcp` }, basic(secret)));
    assert.equal(answer.status, 200, answer.text);
    await calls(answer.json().access_token as string);
    step("a program gets a token of its own, and calls");

    const wrong = await deployment.ask("/oauth/token", form({ grant_type: "client_credentials" }, basic(base64url(randomBytes(32)))));
    assert.equal(wrong.status, 401, wrong.text);
    step("a wrong secret is 401");

    await deployment.destroy();
    step("destroyed");
  } finally {
    edge.stop();
    provider.stop();
  }
}

/** Where a client sends a person. */
function authorization(client_id: string, verifier: string): string {
  const query = new URLSearchParams({
    response_type: "code",
    client_id,
    redirect_uri: REDIRECT,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    resource: `${ORIGIN}/mcp`,
    scope: "mcp/invoke prometheus-mcp-server/read offline_access",
    state: "a-state",
  });
  return `${ORIGIN}/oauth/authorize?${query}`;
}
