//! Settings: read from a file, the environment and the context, the later before the earlier, and all faults at once.

import { readFileSync } from "node:fs";
import { fields, told, type Fields } from "./fields.ts";
import { rules } from "./rules.ts";

/** All that the stacks need to know. */
export interface Settings extends Fields {
  responseMode: "streaming" | "buffered";
  timeoutSeconds: number;
  waf: boolean;
  /** Whether tokens are taken, whether AWS principals are. */
  doors: { tokens: boolean; iam: boolean };
  perTenant: boolean;
}

/** Everything that is wrong, a fault a line. */
export class SettingsError extends Error {
  override name = "SettingsError";
  constructor(readonly faults: string[]) {
    super(`the settings are not good:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
  }
}

interface Sources {
  env?: Record<string, string | undefined>;
  context?: (name: string) => unknown;
}

/** Reads the settings; a value that is set to nothing counts as not set. */
export function readSettings({ env = {}, context = () => undefined }: Sources): Settings {
  const file = context("settings") ?? env["MCP_SETTINGS"];
  const written: Record<string, unknown> = typeof file === "string" ? readFile(file) : {};
  for (const [name, field] of Object.entries(fields.shape)) {
    const variable = told.get(field)?.env;
    const said = context(name) ?? (variable ? env[variable] || undefined : undefined);
    if (said !== undefined) written[name] = said;
  }
  return checked(written);
}

/** Settings of what is written, if it is good. */
export function checked(written: unknown): Settings {
  const result = fields.safeParse(written);
  if (!result.success) {
    throw new SettingsError(result.error.issues.map((issue) => `${named(issue.path)}: ${missing(issue) ? "must be set" : issue.message}`));
  }
  const said = result.data;
  const faults = rules.flatMap(([name, rule]) => {
    const fault = rule(said);
    return fault ? [`${named([name])}: ${fault}`] : [];
  });
  if (faults.length > 0) throw new SettingsError(faults);
  const responseMode = said.responseMode ?? (said.frontDoor === "rest" ? "streaming" : "buffered");
  return {
    ...said,
    responseMode,
    timeoutSeconds: said.timeoutSeconds ?? (responseMode === "streaming" ? 900 : 29),
    waf: said.waf ?? said.frontDoor === "rest",
    doors: { tokens: said.auth !== "iam", iam: said.auth === "iam" || said.auth === "mixed" },
    perTenant: said.tenancy === "per-tenant",
  };
}

function readFile(path: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  } catch (error) {
    throw new SettingsError([`${path}: ${(error as Error).message}`]);
  }
}

const missing = (issue: { code?: string; input?: unknown; message: string }) =>
  issue.message.endsWith("received undefined");

/** A setting by both of its names. */
function named(path: PropertyKey[]): string {
  const [name, ...rest] = path.map(String);
  const field = fields.shape[name as keyof typeof fields.shape];
  const variable = field && told.get(field)?.env;
  return [variable ? `${name} (${variable})` : (name ?? "settings"), ...rest].join(".");
}
