//! `docs/security/controls.md`, from the controls themselves.

import { controls } from "./controls.ts";

export function controlsPage(): string {
  const rows = controls.map(({ id, title, how }) => `| ${id} | ${title} | ${how} |`);
  return `# Controls of NIST SP 800-53, as FedRAMP takes them

<!-- written by \`npm run docs\` in infra/ from lib/controls.ts: change the table there -->

What a deployment brings to a system that must have these controls. Each row is checked against the templates of a
deployment with \`auth=own\`, \`tenancy=per-tenant\`, \`encryption=customer\` and \`network=vpc\` (\`infra/test/controls.test.ts\`). It is
not an authorization: that is of the whole system, its people and its papers. Lambda's tenant isolation is of commercial
regions only, so in GovCloud tenants are kept apart by the server and by IAM in shared environments, or by deployments.

| Control | | Here |
| --- | --- | --- |
${rows.join("\n")}
`;
}
