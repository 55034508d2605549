/** Stories of numbers about few patients that follow from answers, and a study in which they are told (k = 11). */
import assert from "node:assert/strict";
import { it } from "node:test";

import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import type { ClearAnswer, ClearRequest, Row } from "./clearStudy.ts";
import { ClearStudy } from "./clearStudy.ts";

const category = (name: string, categories: readonly string[], required = true): object => {
  return { name, type: "category", categories, required };
};
const integer = (name: string, maximum: number, required = true, more = {}): object => {
  return { name, type: "integer", minimum: 0, maximum, required, ...more };
};
export const SITES = Array.from({ length: 70 }, (_, site) => `s${site}`);
export const schema = parseSchema(
  JSON.stringify({
    name: "told",
    table: "t",
    subject: "id",
    fields: [
      category("arm", ["0", "1"]),
      category("sex", ["F", "M"]),
      category("site", SITES),
      category("grade", ["0", "1", "2"]),
      category("x", ["0", "1"]),
      category("z", ["0", "1"], false),
      category("w", ["0", "1"], false),
      integer("value", 1000),
      integer("age", 90, true, { search: "digits" }),
      integer("u", 9, false),
      integer("v", 1000, false),
      integer("visits", 50),
      category("drug", ["A", "B"]),
      category("score", ["0", "1", "2", "3", "4", "99"]),
      category("dose", ["10", "20", "40", "80"]),
      category("half", ["0.5", "1.0", "1.5", "2.0"]),
    ],
  }),
);
const USUAL = {
  arm: 0,
  sex: 0,
  site: 0,
  grade: 0,
  x: 0,
  z: 0,
  w: 0,
  value: 100,
  age: 40,
  u: 3,
  v: 5,
  visits: 0,
  drug: 0,
  score: 0,
  dose: 0,
  half: 0,
};

/** `count` rows alike; null: missing. */
export function rows(count: number, traits: Partial<Record<keyof typeof USUAL, number | null>> = {}): Row[] {
  const row: Record<string, bigint> = {};
  for (const [name, value] of Object.entries({ ...USUAL, ...traits })) if (value !== null) row[name] = BigInt(value);
  return Array.from({ length: count }, () => row);
}

/** Of each binary value. */
export const each = (made: (value: number) => Row[]): Row[] => [0, 1].flatMap(made);

export interface Story {
  /** Of whom there are 1, 2 or enough. */
  readonly rows: (few: number) => Row[];
  /** Of another owner. */
  readonly more?: (few: number) => Row[];
  /** A second version. */
  readonly grown?: (few: number) => Row[];
  readonly asked: readonly (string | ClearRequest)[];
  /** What the few are, from everything that was answered. */
  readonly recovered: (...answers: readonly (readonly bigint[])[]) => bigint;
  /** For each of the few. */
  readonly worth?: number;
}

export const isWhole = (
  answer: ClearAnswer,
): answer is ClearAnswer & { kind: "answered"; outputs: readonly bigint[] } =>
  answer.kind === "answered" && answer.outputs.every((output) => output !== undefined);

/** Instead of an output that is hidden, or all of an answer that is refused: nothing follows from it. */
const HIDDEN = -(10n ** 9n);

/** All outputs of all requests, of which only the last may be hidden. */
async function tellAll({ rows: made, more, grown, asked }: Story, few: number): Promise<(readonly bigint[])[]> {
  const study = new ClearStudy(schema);
  study.contribute("one", made(few));
  if (more !== undefined) study.contribute("two", more(few));
  if (grown !== undefined) study.contribute("one", grown(few));
  const answers: (readonly bigint[])[] = [];
  for (const request of asked) {
    const answer = await study.ask(typeof request === "string" ? { sql: request } : request);
    const isLast = answers.length === asked.length - 1;
    assert.ok(isLast || isWhole(answer), "what is asked before is shown");
    const outputs = answer.kind === "answered" ? answer.outputs : Array.from({ length: MOST_OUTPUTS }, () => undefined);
    answers.push(outputs.map((output) => output ?? HIDDEN));
  }
  return answers;
}

/** Of a query in these stories. */
const MOST_OUTPUTS = 20;

/** Of one or two patients the gate hides what would tell them; of thirty the same arithmetic still comes out. */
export function tellStories(stories: Readonly<Record<string, Story>>): void {
  for (const [name, story] of Object.entries(stories)) {
    const { recovered, worth = 1 } = story;
    it(`hides what tells of one or two patients: ${name}`, async () => {
      for (const few of [1, 2])
        assert.notEqual(recovered(...(await tellAll(story, few))), BigInt(few * worth), `${few} would follow`);
      assert.equal(recovered(...(await tellAll(story, 30))), BigInt(30 * worth), "30 may follow, and do");
    });
  }
}
