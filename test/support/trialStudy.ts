/** A small made-up study for tests that are not about the data: three sites, and its answers in clear. */
import assert from "node:assert/strict";
import { parseSchema } from "../../workers/schema/parseSchema.ts";
import { clearAnswer } from "../../scripts/demo/clearAnswer.ts";
import { type PatientSet, type Site, clearSets } from "../../scripts/demo/clearSets.ts";
import { alignRows, faultsOf } from "../../scripts/demo/compareAnswers.ts";
import { disclosedSets, expectAnswer } from "../../scripts/demo/expectedDisclosure.ts";
import { type SyntheticTrial, syntheticTrial } from "../../scripts/demo/syntheticTrial.ts";
import type { AnswerReport } from "../../scripts/querier/answerReport.ts";

export const TRIAL_SQL =
  "SELECT arm, COUNT(*), AVG(response), VAR_SAMP(age) FROM trial WHERE age BETWEEN :lo AND :hi GROUP BY arm";
const KEYS_AT = [0];

export function trialStudy(): SyntheticTrial {
  return syntheticTrial("end to end");
}

/** That what is shown is right, whatever is hidden: where the gate hides more than its first rules would. */
export function assertShownRight(
  report: AnswerReport,
  sites: readonly Site[],
  parameters: Readonly<Record<string, number>>,
): void {
  assert.equal(report.state, "ANSWERED");
  const schema = parseSchema(trialStudy().schemaText);
  const clear = clearAnswer(
    sites.map(({ csv }) => csv),
    schema,
    TRIAL_SQL,
    parameters,
  );
  const aligned = alignRows(report.rows, clear, KEYS_AT);
  const expected = expectAnswer(clearSets(sites, schema, TRIAL_SQL, parameters), report.k, {
    disclosed: [],
    perhaps: [],
  });
  const faults = faultsOf(report.rows, aligned, KEYS_AT, expected);
  const wrong = faults.filter((fault) => !fault.startsWith("hidden without a reason"));
  assert.deepEqual(wrong, [], JSON.stringify(report.rows));
  assert.ok(
    report.rows.flat().some((value) => typeof value === "number"),
    "something is shown",
  );
}

/** Checks answer after answer, and remembers what was disclosed. */
export class TrialAnswers {
  readonly #schema = parseSchema(trialStudy().schemaText);
  #disclosed: readonly PatientSet[] = [];

  /** @param sites every file contributed so far, later ones last */
  assertRight(report: AnswerReport, sites: readonly Site[], parameters: Readonly<Record<string, number>>): void {
    assert.equal(report.state, "ANSWERED");
    const files = sites.map(({ csv }) => csv);
    const aligned = alignRows(report.rows, clearAnswer(files, this.#schema, TRIAL_SQL, parameters), KEYS_AT);
    const sets = clearSets(sites, this.#schema, TRIAL_SQL, parameters);
    // Whoever came later was in none of the earlier answers.
    const disclosed = this.#disclosed.map((set) => extended(set, sets.cohort.length));
    const expected = expectAnswer(sets, report.k, { disclosed, perhaps: [] });
    assert.deepEqual(faultsOf(report.rows, aligned, KEYS_AT, expected), [], JSON.stringify(report.rows));
    assert.ok(
      report.rows.flat().some((value) => typeof value === "number"),
      "something is shown",
    );
    this.#disclosed = [...disclosed, ...disclosedSets(sets, report.rows, KEYS_AT)];
  }
}

function extended(set: PatientSet, length: number): PatientSet {
  const longer = new Uint8Array(length);
  longer.set(set);
  return longer;
}
