/** A small made-up study for tests that are not about the data: three sites, and its answers in clear. */
import { parseSchema } from "../../workers/schema/parseSchema.ts";
import { type Cell, clearAnswer } from "../../scripts/demo/clearAnswer.ts";
import { alignRows } from "../../scripts/demo/compareAnswers.ts";
import { type SyntheticTrial, syntheticTrial } from "../../scripts/demo/syntheticTrial.ts";

export const TRIAL_SQL =
  "SELECT arm, COUNT(*), AVG(response), VAR_SAMP(age) FROM trial WHERE age BETWEEN :lo AND :hi GROUP BY arm";

export function trialStudy(): SyntheticTrial {
  return syntheticTrial("end to end");
}

/** What the network must answer; the first column is the group key. */
export function expectedRows(
  trial: SyntheticTrial,
  parameters: Readonly<Record<string, number>>,
  answered: readonly (readonly Cell[])[],
): Cell[][] {
  const files = trial.sites.map(({ csv }) => csv);
  return alignRows(answered, clearAnswer(files, parseSchema(trial.schemaText), TRIAL_SQL, parameters), [0]);
}
