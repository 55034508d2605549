import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { CodedError } from "../../workers/errors.ts";
import { exitCodeOf } from "../../scripts/exitCode.ts";

const coded = (code: string, more: object = {}): CodedError => new CodedError({ code, ...more }, code);

describe("exitCodeOf", () => {
  it("is 1 where the request or the data are wrong", () => {
    for (const code of ["CSV_INVALID", "CLI_UNKNOWN_VERB", "CHAIN_REVERTED", "PARAMETER_OUT_OF_BOUNDS"]) {
      assert.equal(exitCodeOf(coded(code)), 1, code);
    }
    assert.equal(exitCodeOf(new Error("bug")), 1);
  });

  it("is 75 where repeating can help", () => {
    for (const code of [
      "CHAIN_UNREACHABLE",
      "WORKER_UNREACHABLE",
      "CONTRIBUTE_WORKERS_UNAVAILABLE",
      "REQUEST_PENDING",
    ]) {
      assert.equal(exitCodeOf(coded(code)), 75, code);
    }
    assert.equal(exitCodeOf(coded("UPLOAD_REFUSED", { retryable: true })), 75);
    assert.equal(exitCodeOf(coded("UPLOAD_REFUSED", { retryable: false })), 1);
  });

  it("is 78 where the set-up is wrong", () => {
    for (const code of ["CHAIN_WRONG_ID", "CHAIN_DEPLOYMENT", "KEYSTORE_WRONG_PASSWORD", "CONFIGURATION_INVALID"]) {
      assert.equal(exitCodeOf(coded(code)), 78, code);
    }
  });
});
