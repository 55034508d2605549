/** That the list of mutants is about the contracts as they are. The mutants themselves run with `npm run mutants`. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { MUTANTS } from "./allMutants.ts";
import { EQUIVALENTS } from "./equivalents.ts";
import { applyMutant, type Mutant, StaleMutantError } from "./mutant.ts";
import { contractTests } from "./mutationRun.ts";

const contentOf = (file: string): string => readFileSync(new URL(`../../contracts/${file}`, import.meta.url), "utf8");

describe("mutants", () => {
  it("are at least 60, in every folder of contracts that holds logic", () => {
    assert.ok(MUTANTS.length >= 60, `${MUTANTS.length}`);
    const folders = new Set(MUTANTS.map(({ file }) => file.split("/")[0]));
    const expected = [
      "audit",
      "consent",
      "fees",
      "governance",
      "identity",
      "query",
      "result",
      "study",
      "trial",
      "types",
    ];
    assert.deepEqual([...folders].sort(), expected);
  });
  it("have a name each", () => {
    const names = MUTANTS.map(({ name }) => name);
    assert.deepEqual(
      names.filter((name, i) => names.indexOf(name) !== i),
      [],
    );
    for (const name of names) assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)+$/);
  });
  it("find the text that they replace exactly once, and change it", () => {
    for (const mutant of MUTANTS) {
      const content = contentOf(mutant.file);
      assert.notEqual(applyMutant(mutant, content), content, mutant.name);
    }
  });
  it("name tests that there are", () => {
    const known = contractTests();
    for (const { name, tests } of MUTANTS) {
      assert.notEqual(tests.length, 0, name);
      assert.deepEqual(
        tests.filter((file) => !known.includes(file)),
        [],
        name,
      );
    }
  });
  it("that are argued to be equivalent are of the list, with an argument", () => {
    const names = MUTANTS.map(({ name }) => name);
    for (const [name, argument] of Object.entries(EQUIVALENTS)) {
      assert.ok(names.includes(name), name);
      assert.ok(argument.length > 40, name);
    }
  });
});

describe("applyMutant", () => {
  const mutant: Mutant = {
    name: "an-example",
    file: "fees/Division.sol",
    source: "a < b",
    instead: "a <= b",
    fault: "an example",
    tests: [],
  };
  const stale = (content: string, times: number): void => {
    const message = `an-example: its source text is ${times} times in fees/Division.sol`;
    assert.throws(() => applyMutant(mutant, content), new StaleMutantError(message));
  };

  it("replaces the text, whatever signs the other has", () => {
    assert.equal(applyMutant(mutant, "if (a < b) {}"), "if (a <= b) {}");
    assert.equal(applyMutant({ ...mutant, instead: "$& $1" }, "if (a < b) {}"), "if ($& $1) {}");
  });
  it("refuses a text that is not there, or there twice", () => {
    stale("if (a <= b) {}", 0);
    stale("a < b || a < b", 2);
  });
});
