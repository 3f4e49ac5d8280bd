import { App } from "aws-cdk-lib";
import { built, placeholders } from "../lib/artifacts.ts";
import { buildApp } from "../lib/build-app.ts";
import { readSettings, SettingsError } from "../lib/settings/settings.ts";

try {
  const app = new App();
  const settings = readSettings({ env: process.env, context: (name) => app.node.tryGetContext(name) as unknown });
  buildApp(app, settings, process.env["MCP_PLACEHOLDERS"] === "true" ? placeholders(settings) : built(settings));
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
