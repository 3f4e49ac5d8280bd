import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { generated, kept } from "../lib/generated.ts";

for (const [path, text] of Object.entries(generated)) {
  test(`${path} is as it is generated`, () => {
    assert.ok(existsSync(kept(path)), "run npm run docs");
    assert.equal(readFileSync(kept(path), "utf8"), text(), "run npm run docs");
  });
}
