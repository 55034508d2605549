import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DatabaseSync } from "node:sqlite";
import { isCoded } from "../../../workers/errors.ts";
import { bindParameters, formatParameter } from "../../../workers/query/bindParameters.ts";
import { cellCount } from "../../../workers/query/axisSizes.ts";
import { buildCircuit } from "../../../workers/query/buildCircuit.ts";
import type { CompiledQuery } from "../../../workers/query/compileQuery.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import { finishAnswer } from "../../../workers/statistics/finishAnswer.ts";
import type { AnswerTable } from "../../../workers/statistics/finishAnswer.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { clearColumns, evaluateClear } from "./clearCircuit.ts";
import { pickedParameters, sortedRows } from "./pickedParameters.ts";
import type { RandomCase } from "./randomQuery.ts";
import { randomCase } from "./randomQuery.ts";
import { openTable, sqliteRows, sqlValue } from "./sqliteAnswer.ts";

/** Here the language is compared, not the gate. */
const NOTHING_HIDDEN: ReadonlySet<number> = new Set();

/** A query that no row can satisfy is refused when it is written; these are the only refusals a random query may meet. */
async function compileOrNever(drawn: RandomCase): Promise<CompiledQuery | "never"> {
  try {
    return await compileQuery(drawn.sql, drawn.schema);
  } catch (error) {
    if (isCoded(error, "SQL_NEVER_TRUE")) return "never";
    const mayMeet = ["SQL_PARAMETER", "SQL_NO_CUT_POINT", "SQL_TYPE", "SQL_TOO_LARGE"];
    if (mayMeet.some((code) => isCoded(error, code))) fc.pre(false);
    throw error;
  }
}

function answerInTheClear(drawn: RandomCase, query: CompiledQuery): AnswerTable {
  const { schema, values, rows } = drawn;
  const picked = pickedParameters(drawn, query.bounds);
  const given = query.bounds.map((bound, index) => {
    return [bound.name, formatParameter(bound, picked[index]!, schema.fields[bound.field])] as const;
  });
  const parameters = bindParameters(query.bounds, schema, Object.fromEntries(given));
  const built = buildCircuit(query.descriptor, parameters, schema);
  const step = query.descriptor.steps[0]!;
  if (built.empty) {
    const zeros = Array.from({ length: cellCount(step, schema) * step.outputs.length }, () => 0n);
    return finishAnswer(query.descriptor, schema, zeros, NOTHING_HIDDEN);
  }
  assert.equal(built.circuit.products.length, query.cost.products, "the quoted cost is the circuit's");
  assert.equal(built.circuit.outputs.length, query.cost.openedValues);
  const outputs = evaluateClear(built.circuit, clearColumns(schema, values, rows));
  return finishAnswer(query.descriptor, schema, outputs, NOTHING_HIDDEN);
}

function answerOfSqlite(database: DatabaseSync, drawn: RandomCase, query: CompiledQuery): AnswerTable["rows"] {
  const { schema, sqlite } = drawn;
  const picked = pickedParameters(drawn, query.bounds);
  const parameters = query.bounds.map((bound, index) => {
    return [bound.name, sqlValue(schema.fields[bound.field]!, picked[index]!)] as const;
  });
  const groups = query.descriptor.columns.map(({ finish }) => finish === 0);
  return sqliteRows(database, sqlite, Object.fromEntries(parameters)).map((row) =>
    row.map((value, column) => (groups[column] === true && value !== null ? String(value) : value)),
  );
}

describe("compiled queries against SQLite", () => {
  it("gives the same rows to the last bit, whatever the schema, table, query and parameters", async () => {
    let [compared, never] = [0, 0];
    await fc.assert(
      fc.asyncProperty(randomCase, async (drawn) => {
        const query = await compileOrNever(drawn);
        const database = openTable(drawn.schema, drawn.values, drawn.rows);
        try {
          if (query === "never") {
            never += 1;
            // A parameter cannot rescue it: SQLite finds nothing with every parameter NULL, nor without them.
            if (drawn.where.includes(":p")) return;
            assert.deepEqual(sqliteRows(database, `SELECT COUNT(*) FROM t${drawn.where}`, {}), [[0]]);
            return;
          }
          compared += 1;
          const { rows } = answerInTheClear(drawn, query);
          assert.deepEqual(sortedRows(rows), sortedRows(answerOfSqlite(database, drawn, query)), drawn.sql);
        } finally {
          database.close();
        }
      }),
      { numRuns: budget.sqlRuns },
    );
    assert.ok(compared > budget.sqlRuns / 2, `compared ${compared}, refused as never true ${never}`);
  });
});
