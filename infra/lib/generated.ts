//! What is generated and kept in the repository: a test holds it to what would be written now.

import { readFileSync, writeFileSync } from "node:fs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks, NIST80053R5Checks } from "cdk-nag";
import cdk from "../cdk.json" with { type: "json" };
import { controlsPage } from "./controls-page.ts";
import { iamTemplate, TEMPLATE } from "./iam-template.ts";
import { settingsPage } from "./settings/page.ts";

/** By their paths, from here. */
export const generated: Record<string, () => string> = {
  [TEMPLATE]: plainTemplate,
  "../docs/settings.md": settingsPage,
  "../docs/security/controls.md": controlsPage,
};

export const kept = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

export function write(): void {
  for (const [path, text] of Object.entries(generated)) writeFileSync(kept(path), text());
}

function plainTemplate(): string {
  const outdir = mkdtempSync(join(tmpdir(), "lambda-mcp-iam-"));
  try {
    const app = new App({ outdir, context: cdk.context, analyticsReporting: false });
    const stack = iamTemplate(app);
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new NIST80053R5Checks(app));
    app.synth();
    const template = JSON.parse(readFileSync(join(outdir, stack.templateFile), "utf8")) as { Resources: Record<string, { Metadata?: unknown }> };
    // Paths of constructs are of no use to those who have no constructs.
    for (const resource of Object.values(template.Resources)) delete resource.Metadata;
    return `${JSON.stringify(template, null, 1)}\n`;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
