import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { command } from "../../scripts/admin/registerStudy.ts";
import type { CodedError } from "../../workers/errors.ts";
import { parseCommandLine } from "../../scripts/commandLine.ts";
import { testContext } from "../support/commandContext.ts";
import { temporaryFolder } from "../support/temporaryFolder.ts";
import { trialStudy } from "../support/trialStudy.ts";

describe("admin register-study", () => {
  /** Before a key is opened: the keystore does not exist. */
  async function refused(given: readonly string[], option: string, message: RegExp): Promise<void> {
    const { path, remove } = temporaryFolder();
    try {
      writeFileSync(join(path, "schema.json"), trialStudy().schemaText);
      const words = ["--name", "x", "--schema", "schema.json", ...given];
      const { options } = await parseCommandLine(command, [...words, "--keystore", "k", "--password-file", "p"]);
      assert.throws(() => command.handler(options as never, testContext(path)), {
        detail: { code: "OPTION_INVALID", option },
        message,
      });
    } finally {
      remove();
    }
  }

  it("names the file, the place and the field of a schema that is wrong", async () => {
    const { path, remove } = temporaryFolder();
    try {
      const wrong = JSON.parse(trialStudy().schemaText) as { fields: Record<string, unknown>[] };
      wrong.fields[1]!["type"] = "date of birth";
      const file = join(path, "schema.json");
      for (const [text, code, message] of [
        [JSON.stringify(wrong), "SCHEMA_", `: $.fields[1].type: `],
        ["{", "SCHEMA_NOT_JSON", ": $: not JSON"],
      ] as const) {
        writeFileSync(file, text);
        const words = ["--name", "x", "--schema", "schema.json", "--keystore", "k", "--password-file", "p"];
        const { options } = await parseCommandLine(command, words);
        assert.throws(
          () => command.handler(options as never, testContext(path)),
          (error: CodedError) => {
            assert.ok(
              error.code.startsWith(code) && error.message.startsWith(`--schema ${file}${message}`),
              error.message,
            );
            const field = ` (field "${String(wrong.fields[1]!["name"])}")`;
            assert.equal(error.message.endsWith(field), text !== "{");
            return true;
          },
        );
      }
    } finally {
      remove();
    }
  });

  it("refuses an openings budget of 0: nothing could ever be asked", async () => {
    await refused(["--openings-budget", "0"], "openings-budget", /a whole number from 1/);
  });

  it("refuses t = 1 without --demonstration, before it opens a key", async () => {
    await refused(["--minimum-threshold", "1"], "minimum-threshold", /--demonstration/);
  });

  it("refuses shares that do not give a whole price away, before it opens a key", async () => {
    const message = /^--owners-share: 10000 together with --workers-share and --author-share, not \d+, expected$/;
    await refused(["--owners-share", "4999"], "owners-share", message);
    await refused(["--author-share", "10000"], "owners-share", message);
    await refused(["--workers-share", "10001"], "workers-share", /a whole number from 0 to 10000/);
    await refused(["--storage-fee-wei", "1.5"], "storage-fee-wei", /a whole number/);
    await refused(["--least-deposit-ether", "x"], "least-deposit-ether", /a decimal number of ether/);
  });

  it("refuses k below 5, before it opens a key, and is 11 unless told otherwise", async () => {
    for (const k of ["1", "4"]) await refused(["--k", k], "k", /^--k: 5 or more \(11 by default\), /);
    for (const k of ["0", "-5", "5.5", "1001"]) await refused(["--k", k], "k", /a whole number/);
    assert.equal(command.options.k.default, "11");
  });

  it("refuses a k of SEALED answers below 3 or above --k, naming the option", async () => {
    for (const k of ["2", "12", "0", "x"]) {
      await refused(["--sealed-k", k], "sealed-k", /^--sealed-k: a whole number from 3 to 11 expected$/);
    }
    await refused(["--k", "20", "--sealed-k", "21"], "sealed-k", /from 3 to 20/);
  });

  it("refuses a quota or a cap of 0, which would be none, and more than the chain keeps", async () => {
    for (const quota of ["0", "16777216"]) {
      await refused(["--organisation-quota", quota], "organisation-quota", /from 1 to 16777215/);
    }
    for (const cap of ["0", "65536"]) await refused(["--history-cap", cap], "history-cap", /from 1 to 65535/);
  });

  it("refuses to close a site that the schema does not name", async () => {
    await refused(["--site-axis", "no"], "site-axis", /a schema that names its site/);
    await refused(["--site-axis", "maybe"], "site-axis", /yes or no/);
  });

  it("refuses rules on fields that are not well formed, naming the place and the field", async () => {
    const { path, remove } = temporaryFolder();
    try {
      const file = join(path, "rules.json");
      writeFileSync(file, JSON.stringify({ fields: [{ name: "Age", use: ["split"] }] }));
      await refused(["--field-rules", file], "field-rules", /^--field-rules: \$\.fields\[0\]\.name: "Age" is no field/);
      writeFileSync(file, "{");
      await refused(["--field-rules", file], "field-rules", /not JSON/);
    } finally {
      remove();
    }
  });
});
