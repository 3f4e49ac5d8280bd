//! `docs/settings.md`, from the fields themselves.

import { z } from "zod";
import { fields, told } from "./fields.ts";

export function settingsPage(): string {
  const rows = Object.entries(fields.shape).map(([name, field]) => {
    const { env, doc, otherwise } = told.get(field)!;
    const result = (field as z.ZodType).safeParse(undefined);
    const value = result.success ? (result.data as unknown) : undefined;
    const isNothing = value === undefined || (typeof value === "object" && Object.keys(value as object).length === 0);
    const byDefault = otherwise ?? (isNothing ? (result.success ? "–" : "required") : `\`${Array.isArray(value) ? value.join(" ") : String(value)}\``);
    return `| \`${name}\` | \`${env}\` | ${byDefault} | ${doc.replaceAll("|", "\\|")} |`;
  });
  return `# Settings of a deployment

<!-- written by \`npm run docs\` in infra/ from lib/settings/fields.ts: change the fields there -->

A setting is read from a JSON file (\`--context settings=FILE\`, or \`MCP_SETTINGS\`), from the environment, and from the
context (\`--context auth=own\`); what is later goes before. Lists are written with commas or spaces, objects as JSON. All
faults are reported together, before anything is synthesised, and so is what does not go together, with the reason
(\`infra/lib/settings/rules.ts\`). Which AWS account is meant is said by \`AWS_PROFILE\`, which the CDK's command line reads.

| Setting | In the environment | Default | Meaning |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}
