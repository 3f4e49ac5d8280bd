//! What is deployed, and what must then be so.

import type { Aws } from "./aws.ts";
import { cases } from "./cases.ts";
import type { Prometheus } from "./prometheus.ts";
import { people } from "./people.ts";
import { plain } from "./plain.ts";
import { principals } from "./principals.ts";
import { programs } from "./programs.ts";
import { tenants } from "./tenants.ts";

export interface Context {
  ministack: string;
  aws: Aws;
  prometheus: Prometheus;
}

/** Each step is said when it holds. */
export type Step = (what: string) => void;

const scenarios: Record<string, (context: Context, step: Step) => Promise<void>> = { programs, people, principals, cases, tenants, plain };

/** Runs the scenarios of these names, or all. */
export async function run(context: Context, names: string[]): Promise<void> {
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const started = Date.now();
    const step: Step = (what) => console.log(`  ${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s  ${what}`);
    console.log(name);
    await scenario(context, step);
  }
}
