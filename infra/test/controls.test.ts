import assert from "node:assert/strict";
import { test } from "node:test";
import { controls } from "../lib/controls.ts";
import { synthesised } from "./variants.ts";

for (const { id, title, holds } of controls) {
  test(`${id}, ${title.toLowerCase()}: what is claimed is in the templates`, () => assert.ok(holds(synthesised("peopleOfTenants").all)));
}
