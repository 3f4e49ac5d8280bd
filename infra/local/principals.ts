//! AWS principals beside tokens: who may is said by IAM.

import assert from "node:assert/strict";
import { Deployment } from "./deployment.ts";
import { cognitoToken, COUNT } from "./programs.ts";
import type { Context, Step } from "./scenarios.ts";

export async function principals({ ministack, aws }: Context, step: Step): Promise<void> {
  const deployment = new Deployment(ministack, { name: "principals", auth: "mixed", workspaceIds: ["ws-one"], poolKeysUrl: ministack });
  await deployment.deploy();
  step("all stacks are deployed, with an API for each of the two ways in");

  const allowed = await aws.user("allowed", [deployment.outputs["UserAccessPolicyArn"]!]);
  const denied = await aws.user("denied", []);
  const call = await deployment.call("tools/call", COUNT, undefined, allowed);
  assert.equal(call.status, 200, call.text);
  assert.match(call.text, /42/);
  step("who has the policy calls");

  assert.equal((await deployment.call("tools/call", COUNT, undefined, denied)).status, 403);
  const stranger = await deployment.call("tools/call", COUNT, undefined, { ...allowed, secretAccessKey: "0".repeat(40) });
  assert.equal(stranger.status, 403, stranger.text);
  step("who has not, and who signs with a wrong key, is 403");

  const token = await cognitoToken(aws, deployment);
  assert.equal((await deployment.call("tools/list", {}, token)).status, 200);
  step("a token is taken at the other API");

  await deployment.destroy();
  step("destroyed");
}
