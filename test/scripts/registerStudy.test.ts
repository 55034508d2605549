import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { command } from "../../scripts/admin/registerStudy.ts";
import { parseCommandLine } from "../../scripts/commandLine.ts";
import { testContext } from "../support/commandContext.ts";
import { temporaryFolder } from "../support/temporaryFolder.ts";
import { trialStudy } from "../support/trialStudy.ts";

describe("admin register-study", () => {
  it("says of the openings budget that it is not enforced", () => {
    assert.match(command.options.openingsBudget.describe, /recorded; not enforced in this version/);
  });

  it("refuses t = 1 without --demonstration, before it opens a key", async () => {
    const { path, remove } = temporaryFolder();
    try {
      writeFileSync(join(path, "schema.json"), trialStudy().schemaText);
      const words = ["--name", "x", "--schema", "schema.json", "--minimum-threshold", "1"];
      const { options } = await parseCommandLine(command, [...words, "--keystore", "k", "--password-file", "p"]);
      assert.throws(() => command.handler(options as never, testContext(path)), {
        detail: { code: "OPTION_INVALID", option: "minimum-threshold" },
        message: /--demonstration/,
      });
    } finally {
      remove();
    }
  });
});
