/** A table that comes back, in whatever order, has the columns and the root it had; any other table has not. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { commitColumns } from "../../../workers/encoding/commitColumns.ts";
import type { ColumnCommitments } from "../../../workers/encoding/commitColumns.ts";
import { encodeAgain } from "../../../workers/encoding/encodeAgain.ts";
import type { KeptSegment } from "../../../workers/encoding/encodeAgain.ts";
import { encodeTable } from "../../../workers/encoding/encodeTable.ts";
import type { EncodedSegment } from "../../../workers/encoding/encodeTable.ts";
import { readTable } from "../../../workers/encoding/readTable.ts";
import type { Table } from "../../../workers/encoding/readTable.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { assertRefused } from "../../support/refusals.ts";
import type { RandomStudy } from "./randomStudy.ts";
import { csvOf, randomStudy } from "./randomStudy.ts";
import { seededBytes } from "./seededBytes.ts";

const numRuns = budget.propertyRuns;

interface First {
  readonly segment: EncodedSegment;
  readonly commitments: ColumnCommitments;
  readonly kept: KeptSegment;
}

function encodeFirst(study: RandomStudy, seed: number): First {
  const randomBytes = seededBytes(seed);
  const segment = encodeTable(tableOf(study), study.schema, randomBytes);
  const commitments = commitColumns(segment, randomBytes);
  const salts = { columns: commitments.salts, handles: commitments.handles.salts };
  return { segment, commitments, kept: { subjectsBySlot: segment.subjectsBySlot, salts } };
}

function tableOf({ subjects, values }: RandomStudy): Table {
  return { rowCount: subjects.length, subjects, values };
}

/** The study with its rows in another order: row i of it is row order[i]. */
function reordered(study: RandomStudy, order: readonly number[]): RandomStudy {
  return {
    ...study,
    subjects: order.map((row) => study.subjects[row]!),
    values: study.values.map((column) => order.map((row) => column[row] ?? null)),
  };
}

const studyAndOrder = randomStudy.chain((study) => {
  const rows = [...study.subjects.keys()];
  return fc.record({
    study: fc.constant(study),
    order: fc.shuffledSubarray(rows, { minLength: rows.length }),
    seed: fc.nat(),
  });
});

function forAll(check: (study: RandomStudy, shuffled: RandomStudy, first: First) => void): void {
  fc.assert(
    fc.property(studyAndOrder, ({ study, order, seed }) =>
      check(study, reordered(study, order), encodeFirst(study, seed)),
    ),
    { numRuns },
  );
}

describe("encodeAgain", () => {
  it("gives the columns, witnesses and commitments of the first time, whatever the order of rows", () => {
    forAll((study, shuffled, { segment, commitments, kept }) => {
      const again = encodeAgain(tableOf(shuffled), study.schema, kept);
      assert.deepEqual(again.segment.columns, segment.columns);
      assert.deepEqual(again.segment.witnesses, segment.witnesses);
      assert.deepEqual(again.segment.subjectsBySlot, segment.subjectsBySlot);
      assert.deepEqual(again.commitments, commitments);
    });
  });

  it("does so from a file with other quotes, line ends and order", () => {
    forAll((study, shuffled, { commitments, kept }) => {
      const table = readTable(csvOf(shuffled, "\r\n", true), study.schema, "again.csv");
      assert.equal(encodeAgain(table, study.schema, kept).commitments.columnsRoot, commitments.columnsRoot);
    });
  });

  it("gives another root when one value of one subject is another", () => {
    let changed = 0;
    forAll((study, shuffled, { commitments, kept }) => {
      const f = study.schema.fields.findIndex((field) => field.type !== "category");
      const field = study.schema.fields[f];
      if (field === undefined || field.type === "category") return;
      const other = shuffled.values[f]![0] === field.minimum ? field.maximum : field.minimum;
      const values = shuffled.values.map((column, index) => (index === f ? [other, ...column.slice(1)] : column));
      const again = encodeAgain(tableOf({ ...shuffled, values }), study.schema, kept).commitments;
      assert.notEqual(again.columnsRoot, commitments.columnsRoot);
      const differing = again.leaves.filter((leaf, index) => leaf[2] !== commitments.leaves[index]![2]);
      assert.ok(differing.length > 0 && differing.length < again.leaves.length);
      changed += 1;
    });
    assert.ok(changed > 0);
  });

  it("gives another root when two subjects have swapped their rows, unless these are equal", () => {
    forAll((study, shuffled, { commitments, kept }) => {
      const [a, b, ...others] = shuffled.subjects;
      if (a === undefined || b === undefined) return;
      const swapped = { ...shuffled, subjects: [b, a, ...others] };
      const areEqual = shuffled.values.every((column) => (column[0] ?? null) === (column[1] ?? null));
      const { columnsRoot } = encodeAgain(tableOf(swapped), study.schema, kept).commitments;
      assert.equal(columnsRoot === commitments.columnsRoot, areEqual);
    });
  });

  it("refuses a table of other subjects, and counts them", () => {
    forAll((study, shuffled, { kept }) => {
      const without = reordered(shuffled, [...shuffled.subjects.keys()].slice(1));
      const subjects = [...without.subjects, "somebody-else"];
      const values = shuffled.values.map((column) => [...column.slice(1), column[0] ?? null]);
      const refused = (table: Table, missing: number, unknown: number): void =>
        assertRefused(() => encodeAgain(table, study.schema, kept), {
          code: "ENCODE_OTHER_SUBJECTS",
          missing,
          unknown,
        });
      refused(tableOf(without), 1, 0);
      refused({ rowCount: subjects.length, subjects, values }, 1, 1);
      const all = [...shuffled.subjects, "somebody-else"];
      const longer = shuffled.values.map((column) => [...column, column[0] ?? null]);
      refused({ rowCount: all.length, subjects: all, values: longer }, 0, 1);
    });
  });

  it("refuses a subject that stands twice, and salts of something else", () => {
    forAll((study, shuffled, { kept }) => {
      const { schema, subjects, values } = { ...shuffled, schema: study.schema };
      const twice = {
        rowCount: subjects.length + 1,
        subjects: [...subjects, subjects[0]!],
        values: values.map((column) => [...column, column[0] ?? null]),
      };
      assertRefused(() => encodeAgain(twice, schema, kept), { code: "ENCODE_OTHER_SUBJECTS", missing: 0, unknown: 0 });
      const { columns, handles } = kept.salts;
      for (const salts of [
        { columns: columns.slice(1), handles },
        { columns, handles: [...handles, handles[0]!] },
      ]) {
        const call = () => encodeAgain(tableOf(shuffled), schema, { ...kept, salts });
        assertRefused(call, { code: "ENCODE_OTHER_SALTS" });
      }
    });
  });
});
