//! AWS' APIs as MiniStack plays them, with requests that are really signed.

import { createHash, createHmac } from "node:crypto";
import { ask, type Answer, type Asked } from "./http.ts";

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

const REGION = "us-east-1";
const sha256 = (text: string | Buffer) => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();

/** The headers of a request, signed (Signature Version 4). Its path and its query must need no encoding. */
export function signed(service: string, host: string, path: string, asked: Asked, credentials: Credentials, query = ""): Record<string, string> {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const day = time.slice(0, 8);
  const body = asked.body ?? "";
  const headers: Record<string, string> = {
    ...asked.headers,
    host,
    "x-amz-date": time,
    "x-amz-content-sha256": sha256(body),
    ...(credentials.sessionToken && { "x-amz-security-token": credentials.sessionToken }),
  };
  const names = Object.keys(headers).map((name) => name.toLowerCase()).sort();
  const lines = names.map((name) => `${name}:${Object.entries(headers).find(([key]) => key.toLowerCase() === name)![1].trim()}\n`);
  const canonical = [asked.method ?? "GET", path, query, lines.join(""), names.join(";"), sha256(body)].join("\n");
  const scope = `${day}/${REGION}/${service}/aws4_request`;
  const key = [day, REGION, service, "aws4_request"].reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`);
  const signature = createHmac("sha256", key).update(["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n")).digest("hex");
  return { ...headers, authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}` };
}

export class Aws {
  constructor(
    readonly url: string,
    readonly credentials: Credentials = { accessKeyId: "test", secretAccessKey: "test" },
  ) {}

  as(credentials: Credentials): Aws {
    return new Aws(this.url, credentials);
  }

  /** An operation of an API that speaks JSON. */
  json(service: string, target: string, body: unknown): Promise<Answer> {
    return this.#send(service, { method: "POST", headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": target }, body: JSON.stringify(body) });
  }

  /** An operation of an API that speaks forms and XML. */
  query(service: string, parameters: Record<string, string>): Promise<Answer> {
    return this.#send(service, { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: new URLSearchParams(parameters).toString() });
  }

  async secret(id: string): Promise<string> {
    const answer = await this.json("secretsmanager", "secretsmanager.GetSecretValue", { SecretId: id });
    return answer.json().SecretString as string;
  }

  async bucketWithoutPolicy(bucket: string): Promise<void> {
    const { host } = new URL(this.url);
    const path = `/${bucket}`;
    // The query is signed as it is sent.
    const asked = { method: "DELETE" };
    await ask(`${this.url}${path}?policy`, { ...asked, headers: signed("s3", host, path, asked, this.credentials, "policy=") });
  }

  async put(bucket: string, key: string, body: Buffer): Promise<Answer> {
    const { host } = new URL(this.url);
    for (const [path, asked] of [[`/${bucket}`, { method: "PUT" }], [`/${bucket}/${key}`, { method: "PUT", body }]] as [string, Asked][]) {
      const answer = await ask(`${this.url}${path}`, { ...asked, headers: signed("s3", host, path, asked, this.credentials) });
      if (answer.status !== 200) return answer;
    }
    return await ask(`${this.url}/${bucket}/${key}`, { method: "HEAD", headers: signed("s3", host, `/${bucket}/${key}`, { method: "HEAD" }, this.credentials) });
  }

  /** Makes a stack of a plain template, and waits for it; its outputs. */
  async createStack(StackName: string, template: object, parameters: Record<string, string> = {}): Promise<Record<string, string>> {
    const given = Object.entries(parameters).flatMap(([key, value], n) => [
      [`Parameters.member.${n + 1}.ParameterKey`, key],
      [`Parameters.member.${n + 1}.ParameterValue`, value],
    ]);
    const version = { Version: "2010-05-15", StackName };
    const created = await this.query("cloudformation", {
      Action: "CreateStack",
      ...version,
      TemplateBody: JSON.stringify(template),
      "Capabilities.member.1": "CAPABILITY_NAMED_IAM",
      ...(Object.fromEntries(given) as Record<string, string>),
    });
    if (created.status !== 200) throw new Error(created.text);
    for (;;) {
      const { text } = await this.query("cloudformation", { Action: "DescribeStacks", ...version });
      const status = tag(text, "StackStatus");
      if (status === "CREATE_COMPLETE") {
        const pairs = [...text.matchAll(/<OutputKey>([^<]*)<\/OutputKey>\s*<OutputValue>([^<]*)<\/OutputValue>/g)];
        return Object.fromEntries(pairs.map(([, key, value]) => [key!, value!]));
      }
      if (status !== "CREATE_IN_PROGRESS") throw new Error(text);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** A user with these policies, and its keys. */
  async user(name: string, policies: string[]): Promise<Credentials> {
    const iam = (parameters: Record<string, string>) => this.query("iam", { Version: "2010-05-08", UserName: name, ...parameters });
    await iam({ Action: "CreateUser" });
    for (const PolicyArn of policies) await iam({ Action: "AttachUserPolicy", PolicyArn });
    const { text } = await iam({ Action: "CreateAccessKey" });
    return { accessKeyId: tag(text, "AccessKeyId"), secretAccessKey: tag(text, "SecretAccessKey") };
  }

  /** A session of a role. */
  async assume(RoleArn: string, tags: Record<string, string>): Promise<Credentials | undefined> {
    const tagged = Object.entries(tags).flatMap(([key, value], n) => [
      [`Tags.member.${n + 1}.Key`, key],
      [`Tags.member.${n + 1}.Value`, value],
    ]);
    const answer = await this.query("sts", { Action: "AssumeRole", Version: "2011-06-15", RoleArn, RoleSessionName: "test", ...(Object.fromEntries(tagged) as Record<string, string>) });
    if (answer.status !== 200) return undefined;
    return { accessKeyId: tag(answer.text, "AccessKeyId"), secretAccessKey: tag(answer.text, "SecretAccessKey"), sessionToken: tag(answer.text, "SessionToken") };
  }

  #send(service: string, asked: Asked): Promise<Answer> {
    const { host } = new URL(this.url);
    return ask(`${this.url}/`, { ...asked, headers: signed(service, host, "/", asked, this.credentials) });
  }
}

export const tag = (xml: string, name: string): string => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? "";
