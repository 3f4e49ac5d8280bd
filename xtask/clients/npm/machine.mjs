// openid-client as a machine: its own registration or the operator's (registered, configured), a token, the tools.
import * as client from "openid-client";
import { drive, say } from "./steps.mjs";
import { useTools } from "./machines.mjs";

await drive(async (url, calls, how) => {
  const { CLIENT_ID, CLIENT_SECRET, INITIAL_ACCESS_TOKEN } = process.env;
  const origin = new URL(new URL(url).origin);
  const options = { execute: [client.allowInsecureRequests], algorithm: "oauth2" };
  const metadata = { client_name: "openid-client 6.9.0", grant_types: ["client_credentials"], token_endpoint_auth_method: "client_secret_post" };
  const config =
    how === "registered"
      ? await client.dynamicClientRegistration(origin, metadata, undefined, { ...options, initialAccessToken: INITIAL_ACCESS_TOKEN })
      : await client.discovery(origin, CLIENT_ID, undefined, client.ClientSecretBasic(CLIENT_SECRET), options);
  const tokens = await client.clientCredentialsGrant(config, { resource: url, scope: "prometheus-mcp-server/read" });
  say("token", { scope: tokens.scope, expires_in: tokens.expires_in });
  await useTools(calls, async (message) => {
    const headers = new Headers({ "content-type": "application/json", accept: "application/json, text/event-stream" });
    const response = await client.fetchProtectedResource(config, tokens.access_token, new URL(url), "POST", JSON.stringify(message), headers);
    return response.json();
  });
});
