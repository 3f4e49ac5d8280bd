import assert from "node:assert/strict";
import { test } from "node:test";
import type { Deployed } from "../lib/names.ts";
import { functionVariables, type FunctionName } from "../lib/variables.ts";
import { names, synthesised, type Resource } from "./variants.ts";

const artifact = (which: string): FunctionName => (which === "metadata" ? "mcp" : (which as FunctionName));

/** The functions of a variant and their variables. */
function environments(name: (typeof names)[number]): [Deployed, Record<string, unknown>][] {
  const { stacks, templates } = synthesised(name);
  return Object.entries(stacks.functions.programs).map(([which, program]) => {
    const id = stacks.functions.getLogicalId(program.cfn);
    const resource = (templates["functions"]!.toJSON()["Resources"] as Record<string, Resource>)[id]!;
    return [which as Deployed, resource.Properties.Environment.Variables];
  });
}

/** What no stack sets, and why. */
const unset: Record<string, string> = {
  AWS_LAMBDA_RUNTIME_API: "Lambda",
  AWS_REGION: "Lambda",
  AWS_ACCESS_KEY_ID: "Lambda",
  AWS_SECRET_ACCESS_KEY: "Lambda",
  AWS_SESSION_TOKEN: "Lambda",
  AWS_ENDPOINT_URL: "for other machines",
  AWS_ENDPOINT_URL_AMP: "for other machines",
  AWS_ENDPOINT_URL_ATHENA: "for other machines",
  AWS_ENDPOINT_URL_BEDROCK_RUNTIME: "for other machines",
  AWS_ENDPOINT_URL_DYNAMODB: "for other machines",
  AWS_ENDPOINT_URL_GLUE: "for other machines",
  AWS_ENDPOINT_URL_KMS: "for other machines",
  AWS_ENDPOINT_URL_STS: "for other machines",
  OAUTH_DEVELOPMENT_USERS: "for other machines",
  OAUTH_SIGNING_KEY_FILE: "for other machines",
  PROMETHEUS_CA_FILE: "a file",
  OAUTH_LOGIN_CLIENT_SECRET: "the client of a login has none: PKCE",
  AUTHORIZER_RESPONSE: "REST APIs take a policy only",
  // By `variables`.
  LIST_ONLY_CALLABLE_TOOLS: "variables",
  MAX_REQUEST_BYTES: "variables",
  ATHENA_TABLE: "variables",
  ATHENA_MAX_BYTES: "variables",
  ATHENA_USD_PER_TERABYTE: "variables",
  IAM_TENANTS: "variables",
  PROMETHEUS_SIGV4: "variables",
  PROMETHEUS_MAX_SAMPLES: "variables",
  PROMETHEUS_WARN_SAMPLES: "variables",
  PROMETHEUS_TIMEOUT_MS: "variables",
  OAUTH_SCOPES: "variables",
  OAUTH_DEFAULT_SCOPES: "variables",
  OAUTH_REGISTRATION: "variables",
  OAUTH_INITIAL_ACCESS: "variables",
  OAUTH_CLIENTS: "variables",
  OAUTH_ACCESS_TOKEN_SECONDS: "variables",
  OAUTH_PUBLISHED_KEYS: "variables",
};
/** What is set where it is configured only. */
const optional = new Set(["ALLOWED_ORIGINS", "PROMETHEUS_URL"]);

for (const name of names) {
  test(`the functions of ${name} are told nothing that they do not read`, () => {
    for (const [which, environment] of environments(name)) {
      const declared = functionVariables(artifact(which)).map((variable) => variable.name);
      for (const variable of Object.keys(environment)) assert.ok(declared.includes(variable), `${which} does not read ${variable}`);
    }
  });
}

test("each variable is set by some variant, or it is said why not", () => {
  const set = new Map<FunctionName, Set<string>>();
  for (const name of names) {
    for (const [which, environment] of environments(name)) {
      const known = set.get(artifact(which)) ?? new Set();
      for (const variable of Object.keys(environment)) known.add(variable);
      set.set(artifact(which), known);
    }
  }
  for (const [which, known] of set) {
    const missing = functionVariables(which).map((variable) => variable.name).filter((name) => !known.has(name) && !(name in unset) && !optional.has(name));
    assert.deepEqual(missing, [], `nobody tells ${which}`);
    const both = [...known].filter((name) => name in unset);
    assert.deepEqual(both, [], `${which} is told what is said to be set by nobody`);
  }
});
