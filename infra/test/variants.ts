//! The variants that are deployed in the field, synthesised once for all tests, offline.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import cdk from "../cdk.json" with { type: "json" };
import { placeholders } from "../lib/artifacts.ts";
import { buildApp, type Stacks } from "../lib/build-app.ts";
import type { Written } from "../lib/settings/fields.ts";
import { checked, type Settings } from "../lib/settings/settings.ts";

export const base = { account: "123456789012", region: "us-east-1", workspaceIds: ["ws-one"] } satisfies Partial<Written>;
const named = { domainName: "mcp.example.com", certificateArn: "arn:aws:acm:us-east-1:123456789012:certificate/1", hostedZoneId: "Z123" } satisfies Partial<Written>;
const tenants = { workspaceIds: [], tenancy: "per-tenant", tenants: { acme: "ws-acme", blue: "ws-blue" } } satisfies Partial<Written>;
const cases = { workGroup: "cases", database: "cases", dataBucket: "cases-data", resultsBucket: "cases-results", models: ["us.amazon.nova-lite-v1:0", "amazon.nova-micro-v1:0"] };

export const variants = {
  first: { ...base },
  people: { ...base, ...named, auth: "own" },
  peopleOfTenants: { ...base, ...named, ...tenants, auth: "own", encryption: "customer", network: "vpc" },
  programsOfTenants: { ...base, ...named, ...tenants },
  principals: { ...base, auth: "iam", cases },
  both: { ...base, auth: "mixed", reservedConcurrency: 50, alarmEmail: "ops@example.com" },
  poolOfYours: { ...base, ...named, userPoolId: "us-east-1_Example", clients: { "4h57k8example": "" }, domainElsewhere: true, certificateArn: undefined, hostedZoneId: undefined },
  http: { ...base, ...named, frontDoor: "http" },
  httpForPrincipals: { ...base, frontDoor: "http", auth: "iam" },
  images: { ...base, artifact: "image", imageRepository: "lambda-mcp", architecture: "x86_64" },
  networkOfYours: { ...base, network: "vpc", vpcId: "vpc-0123456789abcdef0", subnetIds: ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"], waf: false, responseMode: "buffered" },
} satisfies Record<string, Written>;

export type Variant = keyof typeof variants;
export const names = Object.keys(variants) as Variant[];

/** A resource as it is in a template. */
export interface Resource {
  Type: string;
  // What CloudFormation takes is not ours to type.
  Properties: any;
  DeletionPolicy?: string;
}

export interface Synthesised {
  settings: Settings;
  stacks: Stacks;
  templates: Record<string, Template>;
  /** All resources of a type, in all stacks. */
  all: (type: string) => Resource[];
  text: string;
}

const made = new Map<Variant, Synthesised>();

/** Throws when cdk-nag finds anything that is not acknowledged. */
export function synthesised(name: Variant): Synthesised {
  const known = made.get(name);
  if (known) return known;
  const outdir = mkdtempSync(join(tmpdir(), "lambda-mcp-infra-"));
  process.once("exit", () => rmSync(outdir, { recursive: true, force: true }));
  const app = new App({ outdir, context: cdk.context });
  const settings = checked(variants[name]);
  const stacks = buildApp(app, settings, placeholders(settings));
  app.synth();
  const entries = Object.entries(stacks).filter(([, stack]) => stack !== undefined);
  const templates = Object.fromEntries(entries.map(([id, stack]) => [id, Template.fromStack(stack)]));
  const text = JSON.stringify(Object.values(templates).map((template) => template.toJSON()));
  const resources = Object.values(templates).flatMap((template) => Object.values(template.toJSON()["Resources"] as Record<string, Resource>));
  const all = (type: string) => resources.filter((resource) => resource.Type === type);
  const result = { settings, stacks, templates, all, text };
  made.set(name, result);
  return result;
}
