/** Table lines: categories, and intervals that their factors must be. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { withClasses } from "../../../workers/disclosure/classCatalogue.ts";
import { disclosedSets } from "../../../workers/disclosure/disclosedSets.ts";
import type { DisclosedSets } from "../../../workers/disclosure/disclosedSets.ts";
import type { RowSet } from "../../../workers/disclosure/rowSet.ts";
import { conditionOf } from "../../../workers/disclosure/rowSet.ts";
import type { Axis } from "../../../workers/messages/descriptor.ts";
import { AtomOp } from "../../../workers/messages/descriptor.ts";
import type { HandTerm } from "./handMade.ts";
import { HandMade, negative } from "./handMade.ts";
import { ARM, classOf, CUT, LONG, SEX, typedSchema, valueAt } from "./typedStudy.ts";

const schema = typedSchema(18n, 72n, 8n, false);

/** COUNT(*) of each line. */
function tableOf(axisOf: (made: HandMade) => Axis, parameters: readonly bigint[] = []) {
  const made = new HandMade(schema);
  const axis = axisOf(made);
  const descriptor = made.finish([made.output(made.factor(made.active()))], [axis]);
  const request = { descriptor, parameters };
  return withClasses(schema, [request], (classes) => disclosedSets(request, 1n, classes));
}

function cellsOf(value: bigint | undefined, field: number, { made, catalogue }: ReturnType<typeof tableOf>): number[] {
  const row = schema.fields.map((_, at) => (at === field ? value : undefined));
  const holds = (set: RowSet): boolean =>
    valueAt(conditionOf(set), (on) => classOf(schema, on, catalogue.classes(on), row)) === 1n;
  return made.cells.flatMap((cell, index) => (cell !== undefined && holds(cell) ? [index] : []));
}

const missingLine = (made: HandMade, field: number): number =>
  made.factor(made.active(), ...negative([made.atom(AtomOp.VALID, field)]));
const between = (made: HandMade, lo: bigint, hi: bigint): HandTerm[] => [
  ...made.chain(LONG, lo, ">="),
  ...negative(hi === 90n ? [] : made.chain(LONG, hi, ">")),
];

/** Below 40, 40 … 64, from 65 on. */
function longAxis(made: HandMade, change: Partial<Axis> = {}): Axis {
  const below = made.factor(made.atom(AtomOp.VALID, LONG), ...negative(made.chain(LONG, 40n, ">=")));
  const lines = [below, made.factor(...between(made, 40n, 64n)), made.factor(...between(made, 65n, 90n))];
  return { field: LONG, missing: false, cuts: [40n, 65n], lines, ...change };
}

describe("table lines", () => {
  it("are categories, with missing where it is a line, and without", () => {
    const axis = (missing: boolean) => (): Axis => ({ field: SEX, missing, cuts: [], lines: [] });
    const [withMissing, without] = [tableOf(axis(true)), tableOf(axis(false))];
    assert.deepEqual(
      [0n, 1n, undefined].map((value) => cellsOf(value, SEX, withMissing)),
      [[0], [1], [2]],
    );
    assert.deepEqual(
      [0n, 1n, undefined].map((value) => cellsOf(value, SEX, without)),
      [[0], [1], []],
    );
  });

  it("are intervals between cuts, at thresholds that are no cut-points", () => {
    const table = tableOf((made) => longAxis(made));
    const found = [18n, 39n, 40n, 64n, 65n, 90n, undefined].map((value) => cellsOf(value, LONG, table));
    assert.deepEqual(found, [[0], [0], [1], [1], [2], [2], []]);
    const withMissing = tableOf((made) => {
      const axis = longAxis(made);
      return { ...axis, missing: true, lines: [...axis.lines, missingLine(made, LONG)] };
    });
    assert.deepEqual(
      [18n, 90n, undefined].map((value) => cellsOf(value, LONG, withMissing)),
      [[0], [2], [3]],
    );
  });

  it("are intervals between cut-points, and one line without cuts", () => {
    const table = tableOf((made) => {
      const range = (lo: bigint, hi: bigint): number => made.factor(made.atom(AtomOp.RANGE, CUT, lo, hi));
      return { field: CUT, missing: false, cuts: [3n, 5n], lines: [range(0n, 2n), range(3n, 4n), range(5n, 9n)] };
    });
    assert.deepEqual(
      [0n, 3n, 5n, undefined].map((value) => cellsOf(value, CUT, table)),
      [[0], [1], [2], []],
    );
    const one = tableOf((made) => {
      return { field: CUT, missing: false, cuts: [], lines: [made.factor(made.atom(AtomOp.VALID, CUT))] };
    });
    assert.deepEqual(
      [0n, 9n, undefined].map((value) => cellsOf(value, CUT, one)),
      [[0], [0], []],
    );
  });

  it("are refused where a factor is not its interval, by one value, by an order, or by missing", () => {
    const refuses = (
      change: (made: HandMade, axis: Axis) => Partial<Axis>,
      message = /are not the intervals/,
    ): void => {
      const axis = (made: HandMade): Axis => {
        const whole = longAxis(made);
        return { ...whole, ...change(made, whole) };
      };
      assert.throws(() => tableOf(axis, [40n]), { code: "DISCLOSURE_UNSUPPORTED", message });
    };
    refuses((made, { lines }) => ({ lines: [lines[0]!, made.factor(...between(made, 40n, 63n)), lines[2]!] }));
    refuses((made, { lines }) => ({ lines: [lines[0]!, made.factor(...between(made, 41n, 64n)), lines[2]!] }));
    refuses((_, { lines }) => ({ lines: [lines[1]!, lines[0]!, lines[2]!] }));
    refuses((_, { lines }) => ({ lines: lines.slice(0, 2) }));
    refuses((_, { lines }) => ({ lines: [...lines, lines[2]!] }));
    refuses((made, { lines }) => ({ lines: [...lines, made.factor(made.atom(AtomOp.VALID, LONG))], missing: true }));
    refuses((_, { lines }) => ({ cuts: [40n, 66n], lines }));
    refuses((made, { lines }) => {
      const bound = made.factor(made.atom(AtomOp.VALID, LONG), ...negative(made.chain(LONG, { parameter: 0 }, ">=")));
      return { lines: [bound, ...lines.slice(1)], cuts: [41n, 65n] };
    });
    refuses((made, { lines }) => ({ lines: [lines[0]!, lines[1]!, made.factor(made.atom(AtomOp.VALUE, LONG))] }));
    refuses(() => ({ cuts: [65n, 40n] }), /lines that it does not have/);
    refuses(() => ({ field: ARM }), /lines that it does not have/);
    refuses(() => ({ lines: [] }), /lines that it does not have/);
    refuses(() => ({ field: ARM, cuts: [], lines: [], missing: true }), /lines that it does not have/);
    refuses(() => ({ field: 9, cuts: [], lines: [] }), /no field of the schema/);
  });

  it("of a field that parameters bind are no lines before these are known", () => {
    const made = new HandMade(schema);
    const bound = made.factor(made.atom(AtomOp.VALID, LONG), ...negative(made.chain(LONG, { parameter: 0 }, ">=")));
    const rest = made.factor(...made.chain(LONG, { parameter: 0 }, ">="));
    const axis = { field: LONG, missing: false, cuts: [40n], lines: [bound, rest] };
    const descriptor = made.finish([made.output(made.factor(made.active()))], [axis]);
    const sets = (parameters?: readonly bigint[]): DisclosedSets => {
      const request = { descriptor, parameters };
      return withClasses(schema, [request], (classes) => disclosedSets(request, 1n, classes)).made;
    };
    assert.throws(() => sets(), { code: "DISCLOSURE_UNSUPPORTED" });
    assert.throws(() => sets([41n]), { code: "DISCLOSURE_UNSUPPORTED" });
    assert.equal(sets([40n]).cells.length, 2);
  });
});
