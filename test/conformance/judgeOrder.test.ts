/**
 * The judge and the committee, over the same tables and queries about the order of values: which lines are merged, what is hidden, every
 * count, and what the statistic says, beside reference answers by other means (`clearOrder.ts`).
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { compileForGate } from "../../workers/disclosure/checkQuery.ts";
import { isCoded } from "../../workers/errors.ts";
import type { CompiledQuery } from "../../workers/query/compileQuery.ts";
import { mergedCells, shownMerges } from "../../workers/query/mergedLines.ts";
import { finishAnswer } from "../../workers/statistics/finishAnswer.ts";
import { budget } from "../budget.ts";
import { fc } from "../support/fastCheck.ts";
import { seededBytes } from "../workers/field/seededBytes.ts";
import { conditionOf, usesOf } from "./columnUses.ts";
import { deriveStudy } from "./derivedStudy.ts";
import { hospitalFiles, hospitalOfRows } from "./hospitals.ts";
import { judge } from "./judge/judge.ts";
import type { JudgedCell, JudgedRequest } from "./judge/judgedAnswer.ts";
import type { Opened } from "./openRequest.ts";
import { K, openGated } from "./openRequest.ts";
import { orderCase } from "./randomOrder.ts";
import type { TableCase } from "./randomTable.ts";
import { SharedStudy } from "./sharedStudy.ts";
import { namingOf, statementSql } from "./statementSql.ts";
import { translate } from "./translations/translate.ts";

/** How it ended. */
type Kind = "all shown" | "some hidden" | "all hidden" | "refused" | "not asked";

describe("the judge agrees with the committee", () => {
  it("on merged lines and hidden intervals of random requests", async () => {
    const met = new Map<Kind, number>();
    const property = fc.asyncProperty(orderCase, async (example) => {
      for (const kind of await compareCase(example)) met.set(kind, (met.get(kind) ?? 0) + 1);
    });
    await fc.assert(property, { numRuns: Math.ceil(budget.protocolRuns / 2) });
    for (const kind of ["all shown", "some hidden", "all hidden", "refused"] as const)
      assert.ok((met.get(kind) ?? 0) > 0, `none is ${kind}: ${JSON.stringify([...met])}`);
  });
});

/** Of each statement. */
async function compareCase({ table, query }: TableCase): Promise<Kind[]> {
  const translation = translate(query);
  assert("statements" in translation);
  const study = deriveStudy(table.name, usesOf(table, [translation], "grid"));
  const tokens = conditionOf(translation, table.columns);
  const shared = new SharedStudy(study.schema, hospitalFiles(table, study), seededBytes("order"));
  const kinds: Kind[] = [];
  for (const [index, statement] of translation.statements.entries()) {
    const place = { table, fields: study.fields, hospitals: hospitalOfRows(table) };
    const judged = judge({ ...place, condition: translation, tokens, shape: statement.judged!, k: K });
    const compiled = await compile(statementSql(study, statement, tokens), study.schema, judged);
    if (compiled === undefined) {
      kinds.push("not asked");
      continue;
    }
    const { descriptor } = compiled;
    const randomBytes = seededBytes(`order ${index}`);
    const opened = await openGated({ name: `order/${index}`, descriptor, study: shared, randomBytes });
    const { judgement } = judged;
    if (judgement.kind !== "answered" || opened.refused) {
      assert.deepEqual([judgement.kind, opened.refused], ["refused", true], JSON.stringify(judgement));
      kinds.push("refused");
      continue;
    }
    compareCells(judgement.cells, descriptor, shared, opened);
    const answer = finishAnswer(descriptor, study.schema, opened.outputs, opened.hidden);
    assert.deepEqual(statement.compare(answer, judgement.cells, namingOf(study)), []);
    const hidden = judgement.cells.filter((cell) => cell.hidden.has("count")).length;
    kinds.push(hidden === 0 ? "all shown" : hidden === judgement.cells.length ? "all hidden" : "some hidden");
  }
  shared.release();
  return kinds;
}

/** Undefined where the compiler refuses what the judge says nobody satisfies, or times that are all one. */
async function compile(
  sql: string,
  schema: SharedStudy["schema"],
  { judgement }: JudgedRequest,
): Promise<CompiledQuery | undefined> {
  try {
    return await compileForGate(sql, schema);
  } catch (error) {
    if (!isCoded(error, "SQL_NEVER_TRUE") && !isCoded(error, "SQL_NO_CUT_POINT")) throw error;
    if (isCoded(error, "SQL_NEVER_TRUE")) assert.equal(judgement.kind, "never true");
    return undefined;
  }
}

/** One by one, as they are opened; where all are hidden, how lines were merged is, too. */
function compareCells(
  cells: readonly JudgedCell[],
  descriptor: CompiledQuery["descriptor"],
  { schema }: SharedStudy,
  { outputs, hidden }: Opened & { readonly refused: false },
): void {
  const isHidden = cells.map((cell) => cell.hidden.has("count"));
  if (!isHidden.includes(false)) return assert.equal(hidden.size, outputs.length, "everything is hidden");
  const own = mergedCells(descriptor, schema, shownMerges(descriptor, schema, hidden));
  const got = own.map(({ positions: [first] }) => (hidden.has(first!) ? undefined : outputs[first!]!));
  const expected = cells.map(({ rows }, at) => (isHidden[at] === true ? undefined : BigInt(rows)));
  assert.deepEqual(got, expected, JSON.stringify(cells.map(({ keys, interval, rules }) => [keys, interval, rules])));
}
