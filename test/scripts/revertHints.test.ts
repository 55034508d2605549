import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CodedError } from "../../workers/errors.ts";
import { runCommand } from "../../scripts/cli.ts";
import { defineCommand } from "../../scripts/command.ts";
import { purposeCode } from "../../scripts/purposes.ts";
import { REVERT_HINTS, revertHint } from "../../scripts/revertHints.ts";

const CONTRACTS = fileURLToPath(new URL("../../contracts/", import.meta.url));
/** OpenZeppelin's, which our contracts inherit. */
const INHERITED = ["AccessManagedUnauthorized", "AccessManagerUnauthorizedCancel"];

describe("revertHint", () => {
  it("is about errors that the contracts have", () => {
    const sources = globSync("**/*.sol", { cwd: CONTRACTS }).map((name) => readFileSync(CONTRACTS + name, "utf8"));
    const declared = new Set(sources.flatMap((text) => [...text.matchAll(/error (\w+)\(/g)].map(([, name]) => name!)));
    const unknown = Object.keys(REVERT_HINTS).filter((name) => !declared.has(name) && !INHERITED.includes(name));
    assert.deepEqual(unknown, []);
  });

  it("fills in the error's arguments, and knows which field is meant", () => {
    const hint = (error: string, args: Record<string, string>) =>
      revertHint({ code: "CHAIN_REVERTED", error, args } as never);
    assert.match(hint("QuerySmartContractDeadlineNotReached", { deadlineBlock: "77" })!, /block 77/);
    assert.match(hint("MemberRegistryMissingField", { field: "endpoint" })!, /--endpoint/);
    assert.match(hint("StudyRegistryInvalidPolicy", { field: "k" })!, /--k is at least 5/);
    const purpose = purposeCode("DUO:0000007");
    assert.match(hint("QuerySmartContractMissingPurpose", { purpose })!, /the study's --purpose DUO:0000007$/);
    assert.match(hint("DatasetRegistryMissingPurpose", { purpose })!, /asks for purpose DUO:0000007, which/);
    for (const error of ["QuerySmartContractNotQuerier", "QueryCatalogueNotAuthor", "QueryCatalogueNotAuthorOf"]) {
      assert.match(
        hint(error, { account: "0x1" })!,
        /; if your key was replaced, give the new one's --keystore$/,
        error,
      );
    }
    assert.match(hint("QueryCatalogueNotAuthorOf", {})!, /^its author comments, and vetters that are admitted/);
    assert.doesNotMatch(hint("QueryCatalogueNotVetter", {})!, /replaced/);
    assert.match(hint("DatasetRegistryRetired", {})!, /^these data were retired, for good: nothing .*; to ask, leave/);
    assert.equal(hint("MemberRegistryMissingField", { field: "toString" }), undefined);
    assert.equal(hint("constructor", {}), undefined);
    assert.equal(revertHint({ code: "CHAIN_UNREACHABLE" }), undefined);
  });

  it("is added to what the command line prints", async () => {
    const err: string[] = [];
    const detail = {
      code: "CHAIN_REVERTED",
      error: "QuerySmartContractAgreementNotAccepted",
      args: { querier: "0x1" },
    };
    const command = defineCommand({
      ...{ command: "test run", describe: "a test", examples: [], options: {} },
      handler: () => Promise.reject(new CodedError(detail, "request was refused on chain")),
    });
    const code = await runCommand(command, [], { out: () => undefined, err: (text) => err.push(text) });
    assert.equal(code, 1);
    assert.match(err.join(), /refused on chain; accept first: `opaline querier accept --query … --name …`/);
  });
});
