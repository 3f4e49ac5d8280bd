// The TypeScript client, version 2, as a program that logs in: it keeps what a provider must keep, and nothing else.
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from "@modelcontextprotocol/client";
import { did, front, listener, open } from "./logins.mjs";
import { called, drive, listAndCall } from "./steps.mjs";

await drive(async (url, calls) => {
  const ask = front(url);
  const callback = await listener();
  const kept = {};
  let state;
  const provider = {
    redirectUrl: callback.url,
    clientMetadata: {
      client_name: "TypeScript client 2.4.0",
      redirect_uris: [callback.url],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "client_secret_post",
    },
    state: () => (state = crypto.randomUUID()),
    clientInformation: () => kept.client,
    saveClientInformation: (client) => void (kept.client = client),
    tokens: () => kept.tokens,
    saveTokens: (tokens) => void (kept.tokens = tokens),
    codeVerifier: () => kept.verifier,
    saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
    discoveryState: () => kept.discovery,
    saveDiscoveryState: (discovery) => void (kept.discovery = discovery),
    redirectToAuthorization: (page) => open(page),
    invalidateCredentials(what) {
      const names = { all: Object.keys(kept), client: ["client"], tokens: ["tokens"], verifier: ["verifier"], discovery: ["discovery"] };
      for (const name of names[what]) delete kept[name];
    },
  };
  let transport;
  /// Does it; when a person is needed, once more after the login.
  const loggedIn = async (act) => {
    const answered = callback.next();
    answered.catch(() => {});
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof UnauthorizedError) && !(error.cause instanceof UnauthorizedError)) throw error;
      const answer = await answered;
      if (answer.get("state") !== state) throw new Error("the state is another");
      await transport.finishAuth(answer);
      return act();
    }
  };
  let client;
  await loggedIn(async () => {
    client = new Client({ name: "logins", version: "1" }, { versionNegotiation: { mode: "auto" } });
    transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
    await client.connect(transport);
  });
  await did(url, "login");
  await listAndCall(client, calls);
  for (const step of ["refresh", "revoked", "deleted"]) {
    await ask("asked");
    if (step === "revoked") await ask("revoke");
    if (step === "deleted") await ask("delete");
    await ask("expire");
    const result = await loggedIn(() => client.callTool(calls[0]));
    await did(url, step);
    called(calls[0].name, result);
  }
  await client.close();
});
