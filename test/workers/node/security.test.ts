/** The security statement is one text: what a worker prints is what the README says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { SECURITY_STATEMENT } from "../../../workers/node/security.ts";

describe("SECURITY_STATEMENT", () => {
  it("stands in the README, word for word", () => {
    const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
    const quoted = readme.split("\n").filter((line) => line.startsWith("> "));
    assert.equal(quoted.map((line) => line.slice(2)).join(" "), SECURITY_STATEMENT);
  });
});
