/** The constraints accept what honest owners encode, and nothing else: every poisoning breaks one, on its row. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { encodeTable } from "../../../workers/encoding/encodeTable.ts";
import { columnConstraints } from "../../../workers/schema/columnConstraints.ts";
import { columnsOf } from "../../../workers/schema/columns.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { sharedColumnIds } from "../../../workers/schema/rangeWitness.ts";
import { ColumnKind } from "../../../workers/schema/studySchema.ts";
import { budget } from "../../budget.ts";
import { randomStudy } from "../encoding/randomStudy.ts";
import { seededBytes } from "../encoding/seededBytes.ts";
import { violations } from "./clearConstraints.ts";
import {
  AGE_BITS,
  COLUMN,
  DOSE_BITS,
  honestColumns,
  INACTIVE_POISONINGS,
  poison,
  POISONED_STUDY,
  POISONINGS,
  withdraw,
} from "./poisoning.ts";

const CONSTRAINTS = columnConstraints(POISONED_STUDY);

const encoded = fc.tuple(randomStudy, fc.nat()).map(([study, seed]) => {
  const { schema, subjects, values } = study;
  const segment = encodeTable({ rowCount: subjects.length, subjects, values }, schema, seededBytes(seed));
  return { schema, segment, columns: [...segment.columns, ...segment.witnesses].map((column) => [...column]) };
});

describe("columnConstraints", () => {
  it("hold for every honest encoding, also with rows withdrawn", () => {
    fc.assert(
      fc.property(encoded, fc.nat(), ({ schema, columns }, row) => {
        const constraints = columnConstraints(schema);
        assert.equal(columns.length, sharedColumnIds(schema).length);
        assert.deepEqual(violations(constraints, columns), []);
        assert.deepEqual(violations(constraints, withdraw(columns, row % columns[0]!.length)), []);
      }),
      { numRuns: budget.propertyRuns },
    );
  });

  it("break when any one entry of a committed column is another number, but where that withdraws a row", () => {
    const change = fc.oneof(fc.bigInt(1n, 3n), fc.bigInt(-3n, -1n), fc.bigInt(1n, 1n << 250n));
    fc.assert(
      fc.property(encoded, fc.nat(), fc.nat(), change, ({ schema, columns }, column, row, offset) => {
        const specs = columnsOf(schema);
        const at = [column % specs.length, row % columns[0]!.length] as const;
        const changed = columns.map((each) => [...each]);
        changed[at[0]]![at[1]]! += offset;
        const broken = violations(columnConstraints(schema), changed);
        // A row of which every value is missing differs from a withdrawn one in its active entry alone.
        const withdrawn = changed.every((each) => each[at[1]] === 0n);
        // A value may change within its piece, when its bits change with it: without them it never may.
        assert.equal(broken.length > 0, !withdrawn, `${specs[at[0]]!.kind} ${String(at)}`);
        assert(broken.every(([, brokenRow]) => brokenRow === at[1]));
      }),
      { numRuns: budget.propertyRuns },
    );
  });

  it("take a row of which every value is missing as withdrawn once its active entry is 0", () => {
    const schema = parseSchema(
      JSON.stringify({
        name: "one-optional-number",
        table: "patients",
        subject: "id",
        fields: [{ name: "dose", type: "number", decimals: 0, minimum: "0", maximum: "9" }],
      }),
    );
    const segment = encodeTable({ rowCount: 2, subjects: ["a", "b"], values: [[null, null]] }, schema, seededBytes(1));
    const columns = [...segment.columns, ...segment.witnesses].map((column) => [...column]);
    columns[0]![1] = 0n;
    assert.deepEqual(violations(columnConstraints(schema), columns), []);
  });

  it("the study of the poisonings has the columns that they name", () => {
    const specs = columnsOf(POISONED_STUDY);
    assert.equal(specs.length, COLUMN.ageBits);
    assert.equal(specs[COLUMN.age]?.kind, ColumnKind.VALUE);
    assert.deepEqual([specs[COLUMN.dose0]?.kind, specs[COLUMN.dose0]?.argument], [ColumnKind.THERMOMETER, 0n]);
    assert.equal(specs[COLUMN.flagValid]?.kind, ColumnKind.VALIDITY);
    assert.equal(COLUMN.doseBits, COLUMN.ageBits + AGE_BITS);
    assert.equal(honestColumns().length, COLUMN.doseBits + DOSE_BITS);
    assert.deepEqual(violations(CONSTRAINTS, honestColumns(3)), []);
  });

  for (const poisoning of POISONINGS) {
    it(`break by ${poisoning.name}`, () => {
      const broken = violations(CONSTRAINTS, poison(honestColumns(), poisoning));
      assert(broken.length > 0);
      assert(broken.every(([, row]) => row === poisoning.row));
    });
  }

  for (const poisoning of INACTIVE_POISONINGS) {
    it(`break by ${poisoning.name}`, () => {
      const columns = withdraw(honestColumns(), poisoning.row);
      assert.deepEqual(violations(CONSTRAINTS, columns), []);
      assert(violations(CONSTRAINTS, poison(columns, poisoning)).length > 0);
    });
  }
});
