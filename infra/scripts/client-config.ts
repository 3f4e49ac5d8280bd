//! What a client needs: where the server is, and for programs of Cognito how they get a token.

/** As `mcp-server-config.json` has it. */
export interface ClientConfig {
  mcpServers: Record<string, { type: "http"; url: string }>;
  oauth?: { issuer: string; tokenEndpoint: string; scope: string; clients: { tenant?: string; clientId: string; clientSecret: string }[] };
  iam?: { url: string; service: "execute-api"; region: string };
}

type Outputs = Record<string, string>;

/** What `cdk deploy --outputs-file` wrote, of all stacks together. */
export function allOutputs(text: string): Outputs {
  const stacks = JSON.parse(text) as Record<string, Outputs>;
  return Object.assign({}, ...Object.values(stacks)) as Outputs;
}

/** `secretOf` reads a secret of Secrets Manager. */
export async function clientConfig(outputs: Outputs, name: string, secretOf: (arn: string) => Promise<string>): Promise<ClientConfig> {
  const url = outputs["McpUrl"];
  if (!url) throw new Error("outputs.json names no McpUrl: run npm run deploy first");
  const config: ClientConfig = { mcpServers: { [name]: { type: "http", url } } };
  const { Issuer: issuer, TokenEndpoint: tokenEndpoint, Scope: scope, SignedUrl: signed } = outputs;
  if (issuer && tokenEndpoint && scope) {
    const suffixes = Object.keys(outputs).flatMap((key) => /^ClientId(.*)$/.exec(key)?.[1] ?? []);
    const clients = suffixes.map(async (suffix) => ({
      ...(suffix && { tenant: suffix }),
      clientId: outputs[`ClientId${suffix}`]!,
      clientSecret: await secretOf(outputs[`ClientSecretArn${suffix}`]!),
    }));
    config.oauth = { issuer, tokenEndpoint, scope, clients: await Promise.all(clients) };
  }
  if (signed) config.iam = { url: `${signed}/mcp`, service: "execute-api", region: /execute-api\.([^.]+)\./.exec(signed)![1]! };
  const text = JSON.stringify(config);
  if (text.includes("${Token[")) throw new Error("outputs.json has a token of the CDK in it: it was not written by a deployment");
  return config;
}
