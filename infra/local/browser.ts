//! As much of a browser as a login takes: cookies, redirects, and the button that goes on.

import { ask, type Answer } from "./http.ts";
import type { Deployment } from "./deployment.ts";

export class Browser {
  readonly #cookies = new Map<string, string>();

  /** `origin` is where the deployment is known. */
  constructor(
    readonly deployment: Deployment,
    readonly origin: string,
  ) {}

  /** Goes from page to page, saying yes, until it is sent to `end`; where exactly. */
  async follow(start: string, end: string): Promise<URL> {
    let [url, method, body] = [new URL(start), "GET", ""];
    for (let pages = 0; pages < 12; pages++) {
      if (url.href.startsWith(end)) return url;
      const answer = await this.#visit(url, method, body);
      const { location } = answer.headers;
      if (location) {
        [url, method, body] = [new URL(String(location), url), "GET", ""];
        continue;
      }
      const form = /<form ([^>]*)>([\s\S]*?)<\/form>/.exec(answer.text);
      if (answer.status !== 200 || !form) throw new Error(`${url.origin}${url.pathname}: ${answer.status} ${answer.text.slice(0, 1000)}`);
      const fields = [...form[2]!.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => [name!, value!]);
      const action = /action="([^"]*)"/.exec(form[1]!)?.[1]?.replaceAll("&amp;", "&") ?? url.href;
      [url, method, body] = [new URL(action, url), "POST", new URLSearchParams([...fields, ["decision", "approve"]]).toString()];
    }
    throw new Error(`${end} was never reached`);
  }

  async #visit(url: URL, method: string, body: string): Promise<Answer> {
    const form = body ? { "content-type": "application/x-www-form-urlencoded", origin: this.origin, "sec-fetch-site": "same-origin" } : undefined;
    const headers = { accept: "text/html", ...form, cookie: [...this.#cookies].map((pair) => pair.join("=")).join("; ") };
    const ours = url.origin === this.origin;
    const answer = ours ? await this.deployment.ask(`${url.pathname}${url.search}`, { method, headers, body }) : await ask(url.href, { method });
    for (const line of [answer.headers["set-cookie"] ?? []].flat()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      if (/max-age=0/i.test(line)) this.#cookies.delete(name!);
      else this.#cookies.set(name!, value!);
    }
    return answer;
  }
}
