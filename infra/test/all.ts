//! All tests in one process: the variants are synthesised once.

import "./settings.test.ts";
import "./variants.test.ts";
import "./security.test.ts";
import "./variables.test.ts";
