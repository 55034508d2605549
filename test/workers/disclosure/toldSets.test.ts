/**
 * Whatever statistics one answer has of a cohort, of no set that follows from its numbers are there 1 to k − 1 patients: by
 * trying all sets of kinds of patients against all linear combinations of what is shown. Everyone has every column, of few values.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { isCoded } from "../../../workers/errors.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import { bindParameters } from "../../../workers/query/bindParameters.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { budget } from "../../budget.ts";
import { seed } from "../../seed.ts";
import { fc } from "../../support/fastCheck.ts";
import { RationalSpan } from "./attacker.ts";
import type { Row } from "./clearStudy.ts";
import { ClearStudy } from "./clearStudy.ts";
import { factorOn } from "./handMade.ts";

const K = 5;

const schema = parseSchema(
  JSON.stringify({
    name: "few values",
    table: "t",
    subject: "id",
    fields: [
      { name: "a", type: "category", categories: ["0", "1"], required: true },
      { name: "flag", type: "integer", minimum: 3, maximum: 4, required: true },
      { name: "grade", type: "category", categories: ["0", "1", "2"], required: true },
    ],
  }),
);
const VALUES = [
  [0n, 1n],
  [3n, 4n],
  [0n, 1n, 2n],
] as const;
const kinds = VALUES.reduce<bigint[][]>((all, values) => all.flatMap((kind) => values.map((v) => [...kind, v])), [[]]);

const indicator = fc.constantFrom("a = 1", "flag = 3", "flag >= 4", "grade = 1", "grade <> 0", "grade IN (0, 2)");
const column = fc.constantFrom("a", "flag", "grade");
const regressor = fc.oneof(
  column,
  indicator.map((condition) => `INDICATOR(${condition})`),
);
const statistic = fc.oneof(
  fc.constant("COUNT(*)"),
  column.chain((name) => fc.constantFrom(`AVG(${name})`, `VAR_POP(${name})`)),
  fc.tuple(column, column).map(([x, y]) => `COVAR_POP(${x}, ${y})`),
  fc
    .tuple(column, fc.uniqueArray(regressor, { minLength: 1, maxLength: 3 }))
    .map(([y, xs]) => `LINEAR_REGRESSION(${[y, ...xs].join(", ")})`),
);
const where = fc.constantFrom(
  "",
  "WHERE a = 1 OR grade = 2",
  "WHERE NOT (flag = 3 AND grade = 0)",
  "WHERE (a = 1 AND grade = 0) OR (a = 0 AND grade <> 0)",
  "WHERE flag = 4",
);
const queries = fc
  .tuple(fc.uniqueArray(statistic, { minLength: 1, maxLength: 3 }), where)
  .map(
    ([statistics, condition]) =>
      `SELECT ${statistics.map((each, at) => `${each} AS c${at}`).join(", ")} FROM t ${condition}`,
  );

/** Numbers of patients of each kind: few of some. */
const counts = fc
  .tuple(fc.constantFrom(0, 1, 3), fc.array(fc.constantFrom(0, 1, 2, 4), { minLength: 3, maxLength: 3 }))
  .chain(([few, numbers]) =>
    fc
      .shuffledSubarray(
        kinds.map((_, at) => at),
        { minLength: few, maxLength: few },
      )
      .map((chosen) => kinds.map((_, at) => (chosen.includes(at) ? numbers[chosen.indexOf(at)]! : 7 + at))),
  );

/** Undefined where the query is refused as it is written: a column twice, or a condition that decides nothing. */
async function compiled(sql: string) {
  try {
    return await compileQuery(sql, schema);
  } catch (error) {
    if (isCoded(error) && error.message.startsWith("SQL")) return undefined;
    throw error;
  }
}

describe("sets that follow from one answer", () => {
  it("have no patients or at least k", async (context) => {
    const tally = { answers: 0, shown: 0, hidden: 0 };
    await fc.assert(
      fc.asyncProperty(queries, counts, async (sql, numbers) => {
        const query = await compiled(sql);
        if (query === undefined) return;
        const { descriptor, bounds } = query;
        const study = new ClearStudy(schema, K);
        const rows = kinds.flatMap((kind, at) =>
          Array.from({ length: numbers[at]! }, (): Row => ({ a: kind[0]!, flag: kind[1]!, grade: kind[2]! })),
        );
        study.contribute("one", rows);
        const answer = await study.ask({ sql });
        if (answer.kind !== "answered") return;
        tally.answers++;
        const parameters = bindParameters(bounds, schema, {});
        const { outputs } = descriptor.steps[0]!;
        const span = new RationalSpan();
        outputs.forEach(({ left, right }, at) => {
          if (answer.outputs[at] === undefined) tally.hidden++;
          else {
            const on = (factor: number, kind: readonly bigint[]): bigint =>
              factor === 0xffff ? 1n : factorOn(descriptor, schema, parameters, kind, factor);
            span.add(kinds.map((kind) => Number(on(left, kind) * on(right, kind))));
            tally.shown++;
          }
        });
        for (let bits = 1; bits < 2 ** kinds.length; bits++) {
          const count = numbers.reduce((sum, number, at) => ((bits >> at) & 1 ? sum + number : sum), 0);
          if (count === 0 || count >= K) continue;
          const inside = kinds.flatMap((_, at) => ((bits >> at) & 1 ? [at] : []));
          const indicated = kinds.map((_, at) => (inside.includes(at) ? 1 : 0));
          assert.ok(
            !span.contains(indicated),
            `${sql} tells of ${count} patients: ${inside.map((at) => kinds[at]!.join()).join(" ")}`,
          );
        }
      }),
      { numRuns: budget.sqlRuns },
    );
    context.diagnostic(`seed ${seed}: ${JSON.stringify(tally)}`);
    assert.ok(tally.answers > budget.sqlRuns / 4 && tally.shown > tally.hidden / 10 && tally.hidden > 0);
  });
});
