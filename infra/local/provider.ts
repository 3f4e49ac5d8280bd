//! An OpenID provider that lets one person in without asking: Cognito's own pages are behind names that nobody plays here.

import { createHash, createSign, generateKeyPairSync, randomBytes, type KeyObject } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

const base64url = (value: string | Buffer) => Buffer.from(value).toString("base64url");

export class Provider {
  readonly #keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  /** What was asked for, by the code that was given. */
  readonly #asked = new Map<string, URLSearchParams>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const { status, location, json } = this.#answer(new URL(request.url ?? "/", this.url), Buffer.concat(parts).toString());
        response.writeHead(status, location ? { location } : { "content-type": "application/json" });
        response.end(json === undefined ? "" : JSON.stringify(json));
      });
    });
  }

  static async start(): Promise<Provider> {
    const made = new Provider();
    await new Promise<void>((resolve) => made.#server.listen(0, "127.0.0.1", resolve));
    return made;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(url: URL, body: string): { status: number; location?: string; json?: unknown } {
    switch (url.pathname) {
      case "/.well-known/openid-configuration":
        return {
          status: 200,
          json: {
            issuer: this.url,
            authorization_endpoint: `${this.url}/authorize`,
            token_endpoint: `${this.url}/token`,
            jwks_uri: `${this.url}/jwks`,
            response_types_supported: ["code"],
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: ["RS256"],
          },
        };
      case "/jwks":
        return { status: 200, json: { keys: [{ ...(this.#keys.publicKey as KeyObject).export({ format: "jwk" }), kid: "1", use: "sig", alg: "RS256" }] } };
      case "/authorize": {
        const code = base64url(randomBytes(16));
        this.#asked.set(code, url.searchParams);
        const back = new URL(url.searchParams.get("redirect_uri")!);
        back.search = new URLSearchParams({ code, state: url.searchParams.get("state")! }).toString();
        return { status: 302, location: back.href };
      }
      case "/token":
        return this.#token(new URLSearchParams(body));
      default:
        return { status: 404 };
    }
  }

  #token(form: URLSearchParams): { status: number; json: unknown } {
    const asked = this.#asked.get(form.get("code") ?? "");
    this.#asked.delete(form.get("code") ?? "");
    const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
    if (!asked || asked.get("code_challenge") !== challenge) return { status: 400, json: { error: "invalid_grant" } };
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: this.url, aud: asked.get("client_id"), sub: "ada", name: "Ada", nonce: asked.get("nonce"), iat: now, exp: now + 300, auth_time: now };
    const text = [{ alg: "RS256", kid: "1", typ: "JWT" }, claims].map((part) => base64url(JSON.stringify(part))).join(".");
    const signature = createSign("RSA-SHA256").update(text).sign(this.#keys.privateKey);
    return { status: 200, json: { access_token: base64url(randomBytes(16)), token_type: "Bearer", expires_in: 300, id_token: `${text}.${base64url(signature)}` } };
  }
}
