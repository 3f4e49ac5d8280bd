//! AWS' APIs as MiniStack plays them, with requests that are really signed.

import { createHash, createHmac } from "node:crypto";
import { ask, type Answer, type Asked } from "./http.ts";

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

const REGION = "us-east-1";
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
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
