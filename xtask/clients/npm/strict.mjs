// oauth4webapi, which takes no answer that a specification does not allow: each endpoint answers it well and ill.
// `strict.mjs URL CALLS`; one line a check.
import { strict as assert } from "node:assert";
import * as oauth from "oauth4webapi";
import { front, listener, open } from "./logins.mjs";
import { drive, say } from "./steps.mjs";

const plain = { [oauth.allowInsecureRequests]: true }; // http, for this machine alone
const SCOPE = "openid offline_access prometheus-mcp-server/read";

await drive(async (url) => {
  const origin = new URL(new URL(url).origin);
  const check = async (name, done) => {
    const result = await done();
    say("check", { name });
    return result;
  };
  /// The error that a program finds, in the body or in the challenge; with a 401 there is a challenge of this scheme.
  const refused = (name, error, done, scheme) =>
    check(name, async () => {
      const thrown = await done().then(() => assert.fail("it is not refused"), (thrown) => thrown);
      const challenge = (thrown.response?.headers.get("www-authenticate") ?? "").split(" ")[0];
      assert.equal(challenge.toLowerCase(), scheme ?? "", `the scheme of the challenge: ${thrown}`);
      const told = thrown.error ?? thrown.cause[0].parameters.error ?? (await thrown.response.json()).error;
      assert.equal(told, error, `the code of the error: ${thrown}`);
    });

  const resource = await check("protected resource metadata (RFC 9728)", async () => {
    const response = await oauth.resourceDiscoveryRequest(new URL(url), plain);
    return oauth.processResourceDiscoveryResponse(new URL(url), response);
  });
  assert.equal(resource.authorization_servers[0], origin.origin);
  const as = await check("authorization server metadata (RFC 8414)", async () => {
    const response = await oauth.discoveryRequest(origin, { algorithm: "oauth2", ...plain });
    return oauth.processDiscoveryResponse(origin, response);
  });
  await check("OpenID provider metadata", async () => {
    const response = await oauth.discoveryRequest(origin, { algorithm: "oidc", ...plain });
    assert.deepEqual(await oauth.processDiscoveryResponse(origin, response), as);
  });

  const callback = await listener();
  const register = async (metadata, options) => {
    const response = await oauth.dynamicClientRegistrationRequest(as, metadata, { ...plain, ...options });
    return oauth.processDynamicClientRegistrationResponse(response);
  };
  const metadata = { client_name: "oauth4webapi", redirect_uris: [callback.url], token_endpoint_auth_method: "none" };
  const client = await check("registration (RFC 7591)", () => register(metadata));
  await refused("registration: a redirect URI of a script", "invalid_redirect_uri", () =>
    register({ ...metadata, redirect_uris: ["javascript:alert(1)"] }),
  );
  await refused("registration: a machine without an initial access token", "invalid_token",
    () => register({ grant_types: ["client_credentials"], token_endpoint_auth_method: "client_secret_basic" }),
    "bearer",
  );
  const managed = (method, token) =>
    fetch(client.registration_client_uri, { method, headers: { authorization: `Bearer ${token}` } });
  await check("registration: read again (RFC 7592)", async () => {
    const response = await managed("GET", client.registration_access_token);
    assert.equal(response.status, 200);
    assert.equal((await response.json()).client_id, client.client_id);
  });

  const none = oauth.None();
  const asked = async (extra) => {
    const verifier = oauth.generateRandomCodeVerifier();
    const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
    const page = new URL(as.authorization_endpoint);
    page.search = new URLSearchParams({
      client_id: client.client_id, redirect_uri: callback.url, response_type: "code", scope: SCOPE, state, nonce, resource: url,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256", ...extra,
    });
    const answer = callback.next();
    open(page);
    const parameters = await answer;
    return { parameters, answer: () => oauth.validateAuthResponse(as, client, parameters, state), verifier, nonce };
  };
  const redeemed = async ({ verifier, nonce }, answer) => {
    const options = { additionalParameters: { resource: url }, ...plain };
    const response = await oauth.authorizationCodeGrantRequest(as, client, none, answer, callback.url, verifier, options);
    const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, {
      expectedNonce: nonce, maxAge: 600, requireIdToken: true,
    });
    await oauth.validateApplicationLevelSignature(as, response, plain);
    return tokens;
  };
  const first = await asked();
  const answer = await check("authorization response with state and iss (RFC 9207)", () => first.answer());
  const tokens = await check("token response with an ID token, its signature, nonce and auth_time", () => redeemed(first, answer));
  await refused("token: the same code again", "invalid_grant", () => redeemed(first, answer));
  const dead = await oauth.refreshTokenGrantRequest(as, client, none, tokens.refresh_token, plain);
  await refused("token: a refresh token of the grant that the code was stolen of", "invalid_grant", () =>
    oauth.processRefreshTokenResponse(as, client, dead),
  );
  for (const [name, extra, error] of [
    ["a scope that is not known", { scope: "everything" }, "invalid_scope"],
    ["another resource", { resource: "https://elsewhere.example/mcp" }, "invalid_target"],
    ["no PKCE", { code_challenge_method: "plain" }, "invalid_request"],
    ["another response type", { response_type: "token" }, "unsupported_response_type"],
    ["nobody to be asked", { prompt: "none" }, "consent_required"],
  ]) {
    const { parameters, answer } = await asked(extra);
    await refused(`authorization error: ${name}`, error, async () => answer());
    assert.equal(parameters.get("iss"), as.issuer);
  }

  const second = await asked();
  const kept = await redeemed(second, second.answer());
  const claims = oauth.getValidatedIdTokenClaims(kept);
  const call = (token) => new Request(url, { method: "POST", headers: { authorization: `Bearer ${token}` } });
  await check("access token (RFC 9068)", async () => {
    const access = await oauth.validateJwtAccessToken(as, call(kept.access_token), url, plain);
    assert.equal(access.sub, claims.sub);
    assert.equal(access.client_id, client.client_id);
  });
  const userInfo = async (token) =>
    oauth.processUserInfoResponse(as, client, claims.sub, await oauth.userInfoRequest(as, client, token, plain));
  await check("userinfo", () => userInfo(kept.access_token));
  await refused("userinfo: not a token", "invalid_token", () => userInfo("x.y.z"), "bearer",
  );
  const refresh = async (token, extra) => {
    const response = await oauth.refreshTokenGrantRequest(as, client, none, token, { additionalParameters: extra, ...plain });
    const fresh = await oauth.processRefreshTokenResponse(as, client, response);
    if (fresh.id_token) await oauth.validateApplicationLevelSignature(as, response, plain);
    return fresh;
  };
  const fresh = await check("refresh", () => refresh(kept.refresh_token, { resource: url }));
  assert.notEqual(fresh.refresh_token, kept.refresh_token);
  const less = await check("refresh for less", () => refresh(fresh.refresh_token, { scope: "prometheus-mcp-server/read" }));
  assert.equal(less.scope, "prometheus-mcp-server/read");
  await refused("userinfo: not the scope", "insufficient_scope", () => userInfo(less.access_token), "bearer",
  );
  await refused("refresh for more", "invalid_scope", () =>
    refresh(less.refresh_token, { scope: "prometheus-mcp-server/write" }),
  );
  const revoke = async (token) =>
    oauth.processRevocationResponse(await oauth.revocationRequest(as, client, none, token, plain));
  await check("revocation (RFC 7009)", () => revoke(less.refresh_token));
  await check("revocation: a token that nobody knows", () => revoke("unknown"));
  await refused("refresh after revocation", "invalid_grant", () => refresh(less.refresh_token));
  await refused("userinfo after revocation", "invalid_token", () => userInfo(fresh.access_token), "bearer",
  );

  const { CLIENT_ID: client_id, CLIENT_SECRET: secret, INITIAL_ACCESS_TOKEN: initialAccessToken } = process.env;
  const machine = async (client, auth, parameters = { resource: url }) => {
    const response = await oauth.clientCredentialsGrantRequest(as, client, auth, parameters, plain);
    return oauth.processClientCredentialsResponse(as, client, response);
  };
  await check("client credentials: a client of the operator", async () => {
    const { access_token, refresh_token } = await machine({ client_id }, oauth.ClientSecretBasic(secret));
    assert.equal(refresh_token, undefined);
    await oauth.validateJwtAccessToken(as, call(access_token), url, plain);
  });
  await check("client credentials: a client that registered with an initial access token", async () => {
    const metadata = { grant_types: ["client_credentials"], token_endpoint_auth_method: "client_secret_post" };
    const registered = await register(metadata, { initialAccessToken });
    await machine(registered, oauth.ClientSecretPost(registered.client_secret));
  });
  await check("client credentials: a client that signs (RFC 7523)", async () => {
    const { publicKey, privateKey } = await oauth.generateKeyPair("ES256", { extractable: true });
    const jwk = { ...(await crypto.subtle.exportKey("jwk", publicKey)), kid: "1", alg: "ES256", use: "sig" };
    const metadata = { grant_types: ["client_credentials"], token_endpoint_auth_method: "private_key_jwt", jwks: { keys: [jwk] } };
    const registered = await register(metadata, { initialAccessToken });
    await machine(registered, oauth.PrivateKeyJwt({ key: privateKey, kid: "1" }));
  });
  await refused("client credentials: a wrong secret", "invalid_client",
    () => machine({ client_id }, oauth.ClientSecretBasic("wrong")),
    "basic",
  );
  await refused("client credentials: the other method", "invalid_client",
    () => machine({ client_id }, oauth.ClientSecretPost(secret)),
    "basic",
  );
  await refused("client credentials: a scope of people", "invalid_scope", () =>
    machine({ client_id }, oauth.ClientSecretBasic(secret), { scope: "openid" }),
  );
  await check("registration: deleted (RFC 7592)", async () => {
    assert.equal((await managed("DELETE", client.registration_access_token)).status, 204);
    assert.equal((await managed("GET", client.registration_access_token)).status, 401);
  });
  await front(url)("asked");
});
