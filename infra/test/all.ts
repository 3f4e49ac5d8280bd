//! All tests in one process: the variants are synthesised once.

import "./settings.test.ts";
import "./variants.test.ts";
import "./security.test.ts";
import "./variables.test.ts";
import "./controls.test.ts";
import "./generated.test.ts";
import "./iam-template.test.ts";
import "./client-config.test.ts";
