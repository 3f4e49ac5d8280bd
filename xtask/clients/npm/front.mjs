// What stands before the local server: `front.mjs PORT SERVER SITUATION`. The challenge of a 401 reaches clients as it is
// meant (kept), under the name that API Gateway gives it on its way from a function (renamed), or not at all, with the
// metadata of the resource at the root alone (root).
//
// What drivers ask of it themselves, below `/-/`: what was asked for since the last time; and what happens to a client
// that did nothing wrong: its access tokens expire, its grant is revoked, its registration is deleted.
import http from "node:http";

const [port, server, situation] = process.argv.slice(2);
const PRM = "/.well-known/oauth-protected-resource";
let asked = [];
let expired = new Set();
let accessTokens = new Set();
let refreshToken; // the newest, and whose it is
let registration;

const body = async (stream) => Buffer.concat(await stream.toArray());

async function pass(request, sent) {
  const headers = { ...request.headers };
  const token = headers.authorization?.replace(/^Bearer /i, "");
  // The server sees what it would see of a token whose time is over: one that does not verify.
  if (expired.has(token)) headers.authorization = "Bearer expired";
  return new Promise((resolve, reject) => {
    const onward = http.request(server + request.url, { method: request.method, headers }, resolve);
    onward.on("error", reject);
    onward.end(sent);
  });
}

/// The local server has one of API Gateway's own under its name, and renames those of functions.
function challenge(headers) {
  const renamed = "x-amzn-remapped-www-authenticate";
  const value = headers["www-authenticate"] ?? headers[renamed];
  delete headers["www-authenticate"];
  delete headers[renamed];
  if (value === undefined || situation === "root") return;
  headers[situation === "kept" ? "www-authenticate" : renamed] = value;
}

const json = (headers, bytes) => (headers["content-type"]?.startsWith("application/json") ? JSON.parse(bytes) : {});

/// Remembers what the client was given.
function remember(path, headers, bytes) {
  if (!/^\/(dcr|register|oauth\/token|token)$/.test(path)) return;
  const given = json(headers, bytes);
  if (given.registration_access_token) registration = given;
  if (given.access_token) accessTokens.add(given.access_token);
  if (given.refresh_token) refreshToken = given.refresh_token;
}

async function command(name, respond) {
  if (name === "asked") {
    respond(200, asked);
    asked = [];
  } else if (name === "expire") {
    expired = accessTokens;
    accessTokens = new Set(expired);
    respond(200, expired.size);
  } else if (name === "revoke") {
    const form = new URLSearchParams({ token: refreshToken, client_id: registration.client_id });
    const headers = {};
    // As the client was registered, so it must prove who it is.
    if (registration.token_endpoint_auth_method === "client_secret_basic") {
      headers.authorization = `Basic ${btoa(`${registration.client_id}:${registration.client_secret}`)}`;
    } else if (registration.client_secret) {
      form.set("client_secret", registration.client_secret);
    }
    respond((await fetch(`${server}/oauth/revoke`, { method: "POST", headers, body: form })).status, {});
  } else if (name === "delete") {
    const headers = { authorization: `Bearer ${registration.registration_access_token}` };
    const { client_id } = registration;
    respond((await fetch(`${server}/clients/${client_id}`, { method: "DELETE", headers })).status, {});
  } else {
    respond(404, {});
  }
}

const answer = async (request, response) => {
  const { pathname } = new URL(request.url, server);
  const sent = await body(request);
  if (pathname.startsWith("/-/")) {
    return command(pathname.slice(3), (status, value) => {
      const empty = status === 204;
      response.writeHead(status, { "content-type": "application/json" }).end(empty ? undefined : JSON.stringify(value));
    });
  }
  const grant = new URLSearchParams(sent.toString()).get("grant_type");
  const say = (status) => asked.push([request.method, pathname, grant, status].filter(Boolean).join(" "));
  if (situation === "root" && pathname.startsWith(`${PRM}/`)) {
    say(404);
    return response.writeHead(404, { "content-type": "application/json" }).end('{"message":"Not Found"}');
  }
  const onward = await pass(request, sent);
  const headers = { ...onward.headers };
  say(onward.statusCode);
  challenge(headers);
  response.writeHead(onward.statusCode, headers);
  if (pathname === "/mcp") return onward.pipe(response);
  const bytes = await body(onward);
  remember(pathname, headers, bytes);
  response.end(bytes);
};

http
  .createServer((request, response) => {
    answer(request, response).catch((error) => {
      console.error(error);
      response.headersSent ? response.destroy() : response.writeHead(502).end();
    });
  })
  .listen(Number(port), "127.0.0.1");
