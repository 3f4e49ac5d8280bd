//! `cargo xtask deploy-local`: each way in, through the deployed API, with IAM enforced.
//!
//! `MINISTACK_URL`, `PROMETHEUS_URL` and `AMP_PORT` say where things are.

import { run, type Context } from "./scenarios.ts";
import { Aws } from "./aws.ts";
import { Deployment } from "./deployment.ts";
import { Prometheus } from "./prometheus.ts";

const said = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: cargo xtask deploy-local sets it`);
  return value;
};

const ministack = said("MINISTACK_URL");
const aws = new Aws(ministack);
const prometheus = await Prometheus.start(Number(said("AMP_PORT")), said("PROMETHEUS_URL"));
const context: Context = { ministack, aws, prometheus };
try {
  await new Deployment(ministack, { name: "bootstrap" }).bootstrap();
  // Its policy wants TLS, and MiniStack enforces it; here there is none.
  await aws.bucketWithoutPolicy("cdk-hnb659fds-assets-123456789012-us-east-1");
  await run(context, process.argv.slice(2));
} finally {
  prometheus.stop();
}
