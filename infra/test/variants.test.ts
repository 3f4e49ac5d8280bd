import assert from "node:assert/strict";
import { test } from "node:test";
import { names, synthesised } from "./variants.ts";

for (const name of names) {
  test(`${name} is synthesised offline, without a finding of cdk-nag that was not acknowledged`, () => {
    const { text } = synthesised(name);
    assert.ok(!text.includes("${Token["), "a token was written as text");
    assert.ok(!/"(Password|SecretString)":"[^"]/.test(text), "a secret is in a template");
  });
}
