//! The real stacks, deployed to MiniStack by the real command line of the CDK.

import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Written } from "../lib/settings/fields.ts";
import { ask, type Answer, type Asked } from "./http.ts";
import { signed, type Credentials } from "./aws.ts";

const run = promisify(execFile);
const folder = fileURLToPath(new URL("..", import.meta.url));
const cdk = fileURLToPath(new URL("../node_modules/aws-cdk/bin/cdk", import.meta.url));

export const ACCOUNT = "123456789012";
export const REGION = "us-east-1";

/** What differs from AWS, and why. */
const differences = {
  // It executes x86-64 as it is.
  architecture: "x86_64",
  // It answers 500 to a method that streams.
  responseMode: "buffered",
  // It knows no associations of WAF.
  waf: false,
  // It knows no styles of the newer pages.
  loginPages: "classic",
  // Else a second run would meet what the first one left.
  retainData: false,
} satisfies Partial<Written>;

export class Deployment {
  outputs: Record<string, string> = {};

  constructor(
    readonly ministack: string,
    readonly settings: Partial<Written> & { name: string },
  ) {}

  async bootstrap(): Promise<void> {
    await this.#cdk(["bootstrap", "--app", "", `aws://${ACCOUNT}/${REGION}`]);
  }

  async deploy(changed: Partial<Written> = {}): Promise<void> {
    const outputs = join(tmpdir(), `lambda-mcp-${process.pid}-${this.settings.name}.json`);
    await this.#cdk(["deploy", "--all", "--require-approval", "never", "--outputs-file", outputs], changed);
    const byStack = JSON.parse(readFileSync(outputs, "utf8")) as Record<string, Record<string, string>>;
    rmSync(outputs);
    this.outputs = Object.assign({}, ...Object.values(byStack)) as Record<string, string>;
  }

  /** From what was synthesised last. */
  async destroy(): Promise<void> {
    await this.#cdk(["destroy", "--all", "--force", "--app", this.#assembly]);
    rmSync(this.#assembly, { recursive: true, force: true });
  }

  get #assembly(): string {
    return join(tmpdir(), `lambda-mcp-${process.pid}-${this.settings.name}-cdk`);
  }

  /** A request as the API gets it, at its own host. */
  async ask(path: string, asked: Asked = {}, by?: Credentials): Promise<Answer> {
    const url = this.outputs[by ? "SignedUrl" : "TokenUrl"] ?? this.outputs["SignedUrl"]!;
    const [, api, stage] = /^https:\/\/([^.]+)\.[^/]+(?:\/(.*))?$/.exec(url)!;
    const { port } = new URL(this.ministack);
    const host = `${api}.execute-api.localhost:${port}`;
    const full = `${stage ? `/${stage}` : ""}${path}`;
    const headers = by ? signed("execute-api", host, full, asked, by) : { ...asked.headers, host };
    return await ask(`${this.ministack}${full}`, { ...asked, headers });
  }

  /** A call of MCP. */
  call(method: string, params: unknown, token?: string, by?: Credentials): Promise<Answer> {
    const headers = { "content-type": "application/json", accept: "application/json, text/event-stream", ...(token && { authorization: `Bearer ${token}` }) };
    return this.ask("/mcp", { method: "POST", headers, body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }) }, by);
  }

  async #cdk(command: string[], changed: Partial<Written> = {}): Promise<void> {
    const settings = { ...differences, ...this.settings, ...changed, account: ACCOUNT, region: REGION };
    const context = Object.entries(settings).filter(([, value]) => value !== undefined);
    const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
    const { port } = new URL(this.ministack);
    const env = {
      PATH: process.env["PATH"],
      HOME: tmpdir(),
      CI: "true",
      CDK_DISABLE_CLI_TELEMETRY: "true",
      CDK_DISABLE_VERSION_CHECK: "true",
      AWS_ENDPOINT_URL: `http://localhost:${port}`,
      AWS_ENDPOINT_URL_S3: this.ministack,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    };
    const given = context.flatMap(([name, value]) => ["--context", `${name}=${text(value)}`]);
    try {
      await run(process.execPath, [cdk, ...command, "--no-notices", "--no-color", ...(command[0] === "deploy" ? ["--output", this.#assembly, ...given] : [])], { cwd: folder, env, maxBuffer: 1 << 26 });
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`cdk ${command[0]} failed:\n${(stdout + stderr).split("\n").slice(-60).join("\n")}`);
    }
  }
}
