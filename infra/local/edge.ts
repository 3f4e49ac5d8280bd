//! What brings the requests of a domain name to the API's stage, as CloudFront would.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Deployment } from "./deployment.ts";

export class Edge {
  #deployment: Deployment | undefined;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const answer = this.#deployment?.ask(request.url ?? "/", { method: request.method ?? "GET" });
      void answer?.then(({ status, headers, text }) => {
        response.writeHead(status, { "content-type": String(headers["content-type"]) });
        response.end(text);
      });
    });
  }

  static async start(): Promise<Edge> {
    const edge = new Edge();
    await new Promise<void>((resolve) => edge.#server.listen(0, "127.0.0.1", resolve));
    return edge;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  to(deployment: Deployment): void {
    this.#deployment = deployment;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
