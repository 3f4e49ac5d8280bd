//! Amazon Managed Prometheus, in as far as the function asks it: where a workspace is, and what its metrics say.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ask } from "./http.ts";

/** Who asked what: the access key of a signature, and the path. */
export interface Asking {
  path: string;
  accessKeyId: string | undefined;
}

export class Prometheus {
  readonly asked: Asking[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** `upstream` is a real Prometheus. */
  static async start(port: number, upstream: string): Promise<Prometheus> {
    const made = new Prometheus(
      createServer((request, response) => {
        const parts: Buffer[] = [];
        request.on("data", (part: Buffer) => parts.push(part));
        request.on("end", () => {
          void made.#answer(request.method ?? "GET", request.url ?? "/", request.headers, Buffer.concat(parts).toString(), upstream).then(({ status, type, text }) => {
            response.writeHead(status, { "content-type": type });
            response.end(text);
          });
        });
      }),
    );
    await new Promise<void>((resolve) => made.#server.listen(port, "127.0.0.1", resolve));
    return made;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(method: string, path: string, headers: Record<string, string | string[] | undefined>, body: string, upstream: string) {
    const accessKeyId = /Credential=([^/]+)\/\d+\/[^/]+\/aps\/aws4_request/.exec(String(headers.authorization))?.[1];
    this.asked.push({ path, accessKeyId });
    const json = (status: number, value: unknown) => ({ status, type: "application/json", text: JSON.stringify(value) });
    if (!accessKeyId) return json(403, { message: "Missing Authentication Token" });
    const [, workspace, api] = /^\/workspaces\/([^/?]+)(\/.*)?$/.exec(path) ?? [];
    if (!workspace) return json(404, { message: "not found" });
    if (!api) {
      const arn = `arn:aws:aps:us-east-1:123456789012:workspace/${workspace}`;
      const created = 1_700_000_000;
      return json(200, { workspace: { workspaceId: workspace, alias: workspace, arn, status: { statusCode: "ACTIVE" }, prometheusEndpoint: `${this.url}/workspaces/${workspace}/`, createdAt: created, tags: {} } });
    }
    const answer = await ask(`${upstream}${api}`, { method, body, headers: { "content-type": String(headers["content-type"] ?? "application/x-www-form-urlencoded") } });
    return { status: answer.status, type: String(answer.headers["content-type"]), text: answer.text };
  }
}
