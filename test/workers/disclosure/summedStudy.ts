/** A study of a column that everybody has and may be summed, for stories in which sums leave one patient's value, or many. */
import assert from "node:assert/strict";

import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import type { ClearRequest, Row } from "./clearStudy.ts";
import { ClearStudy } from "./clearStudy.ts";

export const schema = parseSchema(
  JSON.stringify({
    name: "summed",
    table: "t",
    subject: "id",
    fields: [
      { name: "arm", type: "category", categories: ["A", "B", "C"], required: true },
      { name: "sex", type: "category", categories: ["F", "M"], required: true },
      { name: "lab", type: "integer", minimum: 0, maximum: 1000 },
      { name: "value", type: "integer", minimum: 0, maximum: 1000, required: true },
    ],
  }),
);

interface Traits {
  readonly arm?: "A" | "B" | "C";
  readonly sex?: "F" | "M";
  readonly lab?: null;
  readonly value?: number;
}

export function people(count: number, { arm = "A", sex = "F", lab, value = 7 }: Traits = {}): Row[] {
  const row = {
    arm: BigInt("ABC".indexOf(arm)),
    sex: BigInt("FM".indexOf(sex)),
    value: BigInt(value),
    ...(lab === null ? {} : { lab: 5n }),
  };
  return Array.from({ length: count }, () => row);
}

/** The one whose value must not be told, or those many. */
export const secret = (count: number, traits: Traits = {}): Row[] => people(count, { ...traits, value: 999 });
export const arms = (count = 60): Row[] =>
  (["A", "B", "C"] as const).flatMap((arm) => [...people(count / 2, { arm }), ...people(count / 2, { arm, sex: "M" })]);
export const study = (...versions: readonly Row[][]): ClearStudy => {
  const made = new ClearStudy(schema);
  for (const rows of versions) made.contribute("one", rows);
  return made;
};

export const MEAN = "SELECT AVG(value) FROM t";
export const PRESENT = "lab IS NOT NULL";
export const meanOf = (condition: string): string => `${MEAN} WHERE ${condition}`;

/** Whether every number of the last answer is shown; those before are, or are the story's own affair. */
export async function isShown(told: ClearStudy, ...requests: readonly (string | ClearRequest)[]): Promise<boolean> {
  let shown = false;
  for (const [at, asked] of requests.entries()) {
    const request = typeof asked === "string" ? { sql: asked } : asked;
    const answer = await told.ask(request);
    shown = answer.kind === "answered" && answer.outputs.every((output) => output !== undefined);
    if (at < requests.length - 1) assert.ok(shown, `${request.sql} is shown`);
  }
  return shown;
}

/** What consent takes out: the first rows of the owner's first version. */
export const without = (count: number): Pick<ClearRequest, "excluded"> => ({
  excluded: { one: [Uint32Array.from({ length: count }, (_, row) => row)] },
});
