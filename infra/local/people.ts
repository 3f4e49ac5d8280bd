//! Our own authorization server, at the root of a host of its own.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { Deployment } from "./deployment.ts";
import { Edge } from "./edge.ts";
import { COUNT } from "./programs.ts";
import type { Context, Step } from "./scenarios.ts";

const ORIGIN = "https://mcp.example.com";
const base64url = (bytes: Buffer) => bytes.toString("base64url");
const form = (fields: Record<string, string>) => ({ method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: new URLSearchParams(fields).toString() });

export async function people({ ministack, prometheus }: Context, step: Step): Promise<void> {
  const edge = await Edge.start();
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
    // The name is known to nobody but this test, so the keys are fetched where it is played.
    variables: { mcp: { AUTH_ISSUERS }, authorizer: { AUTH_ISSUERS }, oauth: { OAUTH_CLIENTS: JSON.stringify([machine]) } },
  });
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

    const login = await authorize(deployment, registered.json().client_id as string);
    assert.ok([302, 303, 502, 503].includes(login.status), `${login.status} ${login.text}`);
    step(`it sends a person to log in: ${login.status}`);

    const answer = await deployment.ask("/oauth/token", form({ grant_type: "client_credentials", client_id: "machine", client_secret: secret, resource: `${ORIGIN}/mcp` }));
    assert.equal(answer.status, 200, answer.text);
    const token = answer.json().access_token as string;
    const asked = prometheus.asked.length;
    const call = await deployment.call("tools/call", COUNT, token);
    assert.equal(call.status, 200, call.text);
    assert.match(call.text, /42/);
    assert.ok(prometheus.asked.length > asked);
    step("a program's token, signed in KMS → the authorizer → mcp → Amazon Managed Prometheus");

    const wrong = await deployment.ask("/oauth/token", form({ grant_type: "client_credentials", client_id: "machine", client_secret: base64url(randomBytes(32)) }));
    assert.equal(wrong.status, 401, wrong.text);
    step("a wrong secret is 401");

    await deployment.destroy();
    step("destroyed");
  } finally {
    edge.stop();
  }
}

function authorize(deployment: Deployment, client_id: string) {
  const challenge = base64url(createHash("sha256").update("v".repeat(43)).digest());
  const query = new URLSearchParams({
    response_type: "code",
    client_id,
    redirect_uri: "http://127.0.0.1:4711/callback",
    code_challenge: challenge,
    code_challenge_method: "S256",
    resource: `${ORIGIN}/mcp`,
    scope: "mcp/invoke prometheus-mcp-server/read",
    state: "s",
  });
  return deployment.ask(`/oauth/authorize?${query}`);
}
