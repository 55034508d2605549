/**
 * The judge and the product's gate, over the same tables and queries: the gate's plan evaluated on plain numbers
 * (`test/workers/disclosure/clearStudy.ts`), the judge by its own means. They must agree on every refusal and every cell.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { isCoded } from "../../workers/errors.ts";
import { compileForGate } from "../../workers/disclosure/checkQuery.ts";
import { readTable } from "../../workers/encoding/readTable.ts";
import type { StudySchema } from "../../workers/schema/studySchema.ts";
import { budget } from "../budget.ts";
import { fc } from "../support/fastCheck.ts";
import type { ClearAnswer, Row } from "../workers/disclosure/clearStudy.ts";
import { ClearStudy } from "../workers/disclosure/clearStudy.ts";
import { conditionOf, usesOf } from "./columnUses.ts";
import { deriveStudy } from "./derivedStudy.ts";
import { hospitalFiles, hospitalOfRows } from "./hospitals.ts";
import { COMPLEMENTARY, judge } from "./judge/judge.ts";
import type { JudgedRequest } from "./judge/judgedAnswer.ts";
import { caseOf, tableCase, tableOf } from "./randomTable.ts";
import type { TableCase } from "./randomTable.ts";
import { statementSql } from "./statementSql.ts";
import { translate } from "./translations/translate.ts";

const K = 11;

describe("the judge agrees with the gate", () => {
  it("on refusals and hidden cells of random requests", async () => {
    const met = new Map<string, number>();
    const sums = { all: 0, judged: 0 };
    const property = fc.asyncProperty(tableCase, async (example) => {
      const { judged, gate } = await both(example);
      met.set(gate.kind, (met.get(gate.kind) ?? 0) + 1);
      if (gate.kind !== "not offered") compare(example, judged, gate);
      const isOfSums = ["stats", "correlation", "linear_regression"].includes(example.query.kind);
      if (gate.kind !== "answered" || !isOfSums) return;
      sums.all += 1;
      if (!judged.maySumsTell) sums.judged += 1;
    });
    await fc.assert(property, { numRuns: budget.sqlRuns });
    assert.ok(sums.judged * 8 >= sums.all, `of ${sums.all} answers with sums only ${sums.judged} are judged`);
    for (const kind of ["answered", "refused", "never true"]) assert.ok((met.get(kind) ?? 0) > 0, `none is ${kind}`);
  });

  it("where another condition chooses who lacks the summed column: few of them hide the sum, nobody's number shown", async () => {
    const where = "sex IS NOT NULL OR score IS NOT NULL";
    for (const [lacking, hidden] of [
      [3, new Set(["sum"])],
      [0, new Set()],
      [11, new Set()],
    ] as const) {
      const table = tableOf([
        [30, ["A", "x", "f", "0", "0", "0"]],
        [30, ["B", "x", "f", "0", "0", "7"]],
        [lacking, ["A", "x", "m", "0", "0", null]],
        [lacking, ["B", "x", "m", "0", "0", null]],
        [40, ["A", "x", null, "1", "0", null]],
        [40, ["B", "x", null, "1", "0", "7"]],
      ]);
      const example = caseOf(table, "stats", { column: "score", group_by: ["grade"], where });
      const { judged, gate } = await both(example);
      assert(judged.judgement.kind === "answered" && gate.kind === "answered");
      assert.deepEqual(judged.judgement.cells[0]!.hidden, hidden, `${lacking} lack a score`);
      compare(example, judged, gate);
    }
  });
});

describe("the judge leaves open", () => {
  it("what a sum tells of values with a gap, which the gate hides", async () => {
    const table = tableOf([
      ...["10", "10.1", "10.2", "10.3"].map((score) => [60, ["A", "x", "f", "0", "0", score]] as const),
      [2, ["A", "x", "m", "0", "0", "2"]],
      [60, ["B", "x", "m", "0", "0", "5"]],
      [60, ["B", "x", "f", "0", "0", "10.1"]],
    ]);
    const keys = { column: "score", where: "score = 2 OR score BETWEEN 10 AND 10.3" };
    const { judged, gate } = await both(caseOf(table, "stats", keys));
    assert(judged.judgement.kind === "answered" && gate.kind === "answered");
    assert.deepEqual(judged.judgement.cells[0]!.hidden, new Set());
    assert.ok(judged.maySumsTell && gate.outputs.includes(undefined));
  });
});

type GateEnd = ClearAnswer | { readonly kind: "never true" | "untold" | "not offered" };

async function both({ table, query }: TableCase): Promise<{ judged: JudgedRequest; gate: GateEnd }> {
  const translation = translate(query);
  assert("statements" in translation);
  const study = deriveStudy(table.name, usesOf(table, [translation], "grid"));
  const tokens = conditionOf(translation, table.columns);
  const statement = translation.statements[0]!;
  const judged = judge({
    table,
    fields: study.fields,
    hospitals: hospitalOfRows(table),
    condition: translation,
    tokens,
    shape: statement.judged!,
    k: K,
  });
  const clear = new ClearStudy(study.schema, K);
  hospitalFiles(table, study).forEach((file, hospital) => clear.contribute(`h${hospital}`, rowsOf(file, study.schema)));
  return { judged, gate: await ask(clear, statementSql(study, statement, tokens)) };
}

async function ask(clear: ClearStudy, sql: string): Promise<GateEnd> {
  try {
    await compileForGate(sql, clear.schema);
    return await clear.ask({ sql });
  } catch (error) {
    if (isCoded(error, "SQL_UNSUPPORTED")) return { kind: "not offered" };
    if (isCoded(error, "SQL_NEVER_TRUE")) return { kind: "never true" };
    if (isCoded(error, "DISCLOSURE_UNSUPPORTED")) return { kind: "untold" };
    throw error;
  }
}

function rowsOf(file: Uint8Array, schema: StudySchema): Row[] {
  const { rowCount, values } = readTable(file, schema, "hospital");
  return Array.from({ length: rowCount }, (_, row) =>
    Object.fromEntries(
      schema.fields.flatMap(({ name }, index) => {
        const value = values[index]![row] ?? null;
        return value === null ? [] : [[name, value]];
      }),
    ),
  );
}

/** In the cell of its own category 0, the squares of a column are 0 whatever the rows are: that is no secret. */
function isOfOwnGroups({ keys }: TableCase): boolean {
  const { group_by: groups, column } = keys;
  return Array.isArray(groups) && groups.includes(column);
}

function compare(
  example: TableCase,
  { judgement, untold, maySumsTell }: JudgedRequest,
  gate: Exclude<GateEnd, { kind: "not offered" }>,
): void {
  if (gate.kind === "untold") return assert.notEqual(untold, undefined, "the compiler cannot tell the sets");
  if (gate.kind === "never true") return assert.equal(judgement.kind, "never true");
  // A column that must be missing and present at once: the compiler allows each, the gate finds nobody, by public facts.
  if (gate.kind === "refused in public" && judgement.kind === "never true") return;
  if (gate.kind !== "answered") return assert.equal(judgement.kind, "refused", gate.kind);
  assert(judgement.kind === "answered", JSON.stringify(judgement));
  const { cells } = judgement;
  const width = gate.outputs.length / cells.length;
  const shown = cells.map((_, cell) => gate.outputs.slice(cell * width, (cell + 1) * width));
  const isOfPairs = ["correlation", "linear_regression"].includes(example.query.kind);
  const why = JSON.stringify(cells.map(({ keys, rules }) => [keys, rules]));
  shown.forEach((outputs, cell) => {
    const { hidden, rows, rules } = cells[cell]!;
    if (outputs[0] !== undefined && !isOfPairs) assert.equal(outputs[0], BigInt(rows));
    // More may be hidden, and then other cells with it; what has too few rows is.
    if (maySumsTell) {
      const isFew = hidden.size > 0 && rules.some((rule) => rule !== COMPLEMENTARY);
      return assert.ok(!isFew || outputs.includes(undefined), why);
    }
    const [first, ...others] = outputs.map((value) => value === undefined);
    // One hidden sum hides them: squares of 0 and 1 are a number of rows of their own, and may be shown beside.
    if (isOfPairs) return assert.equal(outputs.includes(undefined), hidden.has("sum"), why);
    assert.equal(first, hidden.has("count"), `the rows of cell ${cell} in ${why}`);
    others.forEach((isHidden, sum) => {
      if (isOfOwnGroups(example) && outputs[sum + 1] === 0n) return;
      assert.equal(isHidden, hidden.has("sum"), `a sum of cell ${cell} in ${why}`);
    });
  });
}
