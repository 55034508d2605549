/** A study for stories about trackers: one person's traits, many alike, and what an answer showed. */
import assert from "node:assert/strict";

import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import type { ClearAnswer, Row } from "./clearStudy.ts";
import { ClearStudy } from "./clearStudy.ts";

const schemaText = (ageRequired: boolean, search?: "digits"): string =>
  JSON.stringify({
    name: "trackers",
    table: "trial",
    subject: "id",
    fields: [
      { name: "arm", type: "category", categories: ["A", "B", "C", "D", "E"], required: true },
      { name: "sex", type: "category", categories: ["F", "M"], required: true },
      {
        name: "age",
        type: "integer",
        minimum: 18,
        maximum: 90,
        cutPoints: [30, 40, 50, 60, 70],
        required: ageRequired,
        ...(search === undefined ? {} : { search }),
      },
      { name: "response", type: "category", categories: ["0", "1"] },
      { name: "value", type: "integer", minimum: 0, maximum: 1000 },
      { name: "flag", type: "integer", minimum: 0, maximum: 1 },
    ],
  });

/** Everyone has an age. */
export const completeText = schemaText(true);
export const complete = parseSchema(completeText);
export const incomplete = parseSchema(schemaText(false));
/** Everyone has an age, which may be compared with any number. */
export const searched = parseSchema(schemaText(true, "digits"));

interface Traits {
  readonly arm?: string;
  readonly sex?: string;
  readonly age?: number | null;
  readonly response?: number | null;
  readonly value?: number | null;
  readonly flag?: number | null;
}

/** `count` rows alike. */
export function people(count: number, traits: Traits = {}): Row[] {
  const { arm = "A", sex = "F", age = 45, response = 1, value = 7, flag = 1 } = traits;
  const row: Record<string, bigint> = { arm: BigInt("ABCDE".indexOf(arm)), sex: BigInt("FM".indexOf(sex)) };
  for (const [name, given] of Object.entries({ age, response, value, flag }))
    if (given !== null) row[name] = BigInt(given);
  return Array.from({ length: count }, () => row);
}

export function study(rows: readonly Row[], schema = complete): ClearStudy {
  const made = new ClearStudy(schema);
  made.contribute("one", rows);
  return made;
}

export function outputsOf(answer: ClearAnswer): readonly (bigint | undefined)[] {
  assert.equal(answer.kind, "answered");
  return (answer as ClearAnswer & { kind: "answered" }).outputs;
}

export const hidden = undefined;
