//! What the functions are deployed from.

import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Repository } from "aws-cdk-lib/aws-ecr";
import { Code, Handler, Runtime } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import type { Settings } from "./settings/settings.ts";
import type { FunctionName } from "./variables.ts";

/** The code of a function; `scope` is for what has to be looked up. */
export type Artifacts = (scope: Construct, artifact: FunctionName) => { runtime: Runtime; handler: string; code: Code };

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const bootstrap = (code: Code) => ({ runtime: Runtime.PROVIDED_AL2023, handler: "bootstrap", code });

/** As the settings say: the zips of `cargo xtask build-lambda`, or images. */
export function built(settings: Settings): Artifacts {
  if (settings.artifact === "image") return images(settings);
  return (_, artifact) => {
    const zip = path(`../../target/lambda/${artifact}.zip`);
    if (!existsSync(zip)) throw new Error(`there is no target/lambda/${artifact}.zip: run \`cargo xtask build-lambda\` first (\`npm run synth\` needs none)`);
    const architecture = architectureOf(path(`../../target/lambda/${artifact}/bootstrap`));
    if (architecture && architecture !== settings.architecture) {
      throw new Error(`target/lambda/${artifact}.zip was built for ${architecture}, and architecture is ${settings.architecture}: set MCP_ARCHITECTURE=${architecture}, or build it again`);
    }
    return bootstrap(Code.fromAsset(zip));
  };
}

/** What a program was built for, by its header (ELF, `e_machine`); Lambda would only tell when it runs. */
function architectureOf(program: string): "arm64" | "x86_64" | undefined {
  if (!existsSync(program)) return undefined;
  const header = Buffer.alloc(20);
  const file = openSync(program, "r");
  readSync(file, header, 0, header.length, 0);
  closeSync(file);
  return ({ 0x3e: "x86_64", 0xb7: "arm64" } as const)[header.readUInt16LE(18)];
}

/** Something in the place of functions that were not built: to look at templates, never to deploy. */
export function placeholders(settings: Settings): Artifacts {
  if (settings.artifact === "image") return images(settings);
  return () => bootstrap(Code.fromAsset(path("../test/placeholder")));
}

function images(settings: Settings): Artifacts {
  return (scope, artifact) => ({
    runtime: Runtime.FROM_IMAGE,
    handler: Handler.FROM_IMAGE,
    code: Code.fromEcrImage(Repository.fromRepositoryName(scope, "Repository", settings.imageRepository!), {
      tagOrDigest: `${artifact}-${settings.imageTag}`,
    }),
  });
}
