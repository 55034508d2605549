/**
 * Random studies, tables and queries with parameters: encoded, shared and computed by three workers with verified products, and
 * finished, against SQLite: equal to the last bit, but for the gate, which this opens nothing through.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { isCoded } from "../../workers/errors.ts";
import { createHash } from "node:crypto";
import type { CompiledQuery } from "../../workers/query/compileQuery.ts";
import { compileQuery } from "../../workers/query/compileQuery.ts";
import { formatFieldValue } from "../../workers/schema/values.ts";
import { finishAnswer } from "../../workers/statistics/finishAnswer.ts";
import { budget } from "../budget.ts";
import { fc } from "../support/fastCheck.ts";
import type { RandomCase } from "../workers/query/randomQuery.ts";
import { randomCase } from "../workers/query/randomQuery.ts";
import { openTable, sqliteRows, sqlValue } from "../workers/query/sqliteAnswer.ts";
import { pickedParameters, sortedRows } from "../workers/query/pickedParameters.ts";
import { openUncontrolled } from "./openRequest.ts";
import { SharedStudy } from "./sharedStudy.ts";

/** What a random query may meet, and has no answer for. */
const REFUSALS = ["SQL_NEVER_TRUE", "SQL_PARAMETER", "SQL_NO_CUT_POINT", "SQL_TYPE", "SQL_TOO_LARGE"];

async function compiled(drawn: RandomCase): Promise<CompiledQuery | undefined> {
  try {
    return await compileQuery(drawn.sql, drawn.schema);
  } catch (error) {
    if (REFUSALS.some((code) => isCoded(error, code))) return undefined;
    throw error;
  }
}

/** A hospital's file of every `hospitals`th row. */
function csvOf({ schema, values }: RandomCase, rows: readonly number[]): Uint8Array {
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const header = [schema.subject, ...schema.fields.map(({ name }) => name)].map(quoted).join(",");
  const lines = rows.map((row) => {
    const cells = schema.fields.map((field, index) => {
      const value = values[index]![row] ?? null;
      return value === null ? "" : quoted(formatFieldValue(field, value));
    });
    return [quoted(`p${row}`), ...cells].join(",");
  });
  return new TextEncoder().encode(`${[header, ...lines].join("\n")}\n`);
}

function randomBytesOf(seed: string): (length: number) => Uint8Array {
  let count = 0;
  return (length) => {
    const blocks = Array.from({ length: Math.ceil(length / 64) }, () =>
      createHash("sha512").update(`${seed}|${count++}`).digest(),
    );
    return new Uint8Array(Buffer.concat(blocks).subarray(0, length));
  };
}

describe("random queries computed by three workers", () => {
  it("have SQLite's answers to the last bit", async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(randomCase, fc.integer({ min: 1, max: 3 }), async (drawn, hospitals) => {
        fc.pre(drawn.rows > 0);
        const query = await compiled(drawn);
        fc.pre(query !== undefined);
        const all = Array.from({ length: drawn.rows }, (_, row) => row);
        const files = Array.from({ length: hospitals }, (_, own) => all.filter((row) => row % hospitals === own));
        const name = `case ${compared}`;
        const randomBytes = randomBytesOf(name);
        const contributed = files.filter((rows) => rows.length > 0).map((rows) => csvOf(drawn, rows));
        const study = new SharedStudy(drawn.schema, contributed, randomBytes);
        const database = openTable(drawn.schema, drawn.values, drawn.rows);
        try {
          const { descriptor, bounds } = query!;
          const parameters = pickedParameters(drawn, bounds);
          const opened = await openUncontrolled({ name, descriptor, parameters, study, randomBytes });
          assert.ok(!opened.refused);
          const { rows } = finishAnswer(descriptor, drawn.schema, opened.outputs, opened.hidden);
          const given = bounds.map((bound, index) => {
            return [bound.name, sqlValue(drawn.schema.fields[bound.field]!, parameters[index]!)] as const;
          });
          const keys = descriptor.columns.map(({ finish }) => finish === 0);
          const expected = sqliteRows(database, drawn.sqlite, Object.fromEntries(given)).map((row) =>
            row.map((value, column) => (keys[column] === true && value !== null ? String(value) : value)),
          );
          assert.deepEqual(sortedRows(rows), sortedRows(expected), drawn.sql);
          compared += 1;
        } finally {
          database.close();
          study.release();
        }
      }),
      { numRuns: budget.computedQueries },
    );
    assert.equal(compared, budget.computedQueries);
  });
});
