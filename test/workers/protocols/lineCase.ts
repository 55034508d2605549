/** Choices of lines over numbers everybody may see: what `chooseLines` is compared with, and random ones. */
import type { FieldVector } from "../../../workers/field/field.ts";
import type { LinePlan, SizeTest } from "../../../workers/messages/gatePlan.ts";
import type { Merges } from "../../../workers/messages/merges.ts";
import { chooseLines } from "../../../workers/protocols/chooseLines.ts";
import type { ChosenLines } from "../../../workers/protocols/chooseLines.ts";
import type { RunHooks } from "../../../workers/protocols/gateRun.ts";
import type { ProtocolSession } from "../../../workers/protocols/session.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { fc } from "../../support/fastCheck.ts";
import { chooseClear } from "../disclosure/clearStudy.ts";
import { atLeast, closeNothing, gateCase } from "./gateCase.ts";
import { noHooks } from "./ungatedPlan.ts";
import type { World } from "./world.ts";

export interface LineCase {
  readonly plan: LinePlan;
  /** [column][row], canonical. */
  readonly columns: readonly (readonly bigint[])[];
  readonly sizes: readonly number[];
}

/** Rows by line, and how few of them in an interval are too few. */
interface CountedRows {
  /** [output][slice][line] */
  readonly counts: readonly (readonly (readonly number[])[])[];
  readonly last: number;
  readonly zero: SizeTest["zero"];
}

interface LineNumbers {
  /** At least one: of all rows, or of those of an owner, or that have come since an earlier answer. */
  readonly tables: readonly CountedRows[];
  readonly starts: Merges;
  /** Rows of the cohort, and of what decides about zeros; undefined: not tested. */
  readonly cohort?: number | undefined;
  readonly zeros?: number | undefined;
}

const k = 3;

export function lineCase({ tables, starts, cohort, zeros }: LineNumbers): LineCase {
  const sizes: number[] = [];
  const place = (size: number): number => sizes.push(size) - 1;
  const places = tables.map(({ counts }) => counts.map((slices) => slices.map((lines) => lines.map(place))));
  const ruleOf = (size: number | undefined): SizeTest[] => (size === undefined ? [] : [atLeast(k, place(size))]);
  const rules = { cohort: ruleOf(cohort), zeros: ruleOf(zeros) };
  const { plan, columns } = gateCase({ measures: [], sizes }, { ...rules, groups: [], close: closeNothing });
  const [slices] = tables[0]!.counts as [readonly (readonly number[])[]];
  const tests: LinePlan["tests"] = (output, slice, first, last) =>
    tables.map((table, index): SizeTest => {
      const within = places[index]![output]![slice]!.slice(first, last + 1);
      return { terms: within.map((size) => [size, 1]), constant: 0, last: table.last, zero: table.zero };
    });
  const shape = { lines: slices[0]!.length, slices: slices.length, starts };
  return { plan: { circuit: plan.circuit, ...rules, ...shape, tests }, columns, sizes };
}

/** What every participant does: the same plan on its own shares. */
export function lineProgram(
  world: World,
  { plan, columns }: LineCase,
  hooksOf: (party: PartyIndex) => Pick<RunHooks, "aboutToOpen"> = () => noHooks,
): (session: ProtocolSession) => Promise<ChosenLines> {
  const shares = world.share(columns);
  return (session) => {
    const { self } = session.network;
    return chooseLines(session, plan, shares[self - 1] as FieldVector[], "data", hooksOf(self));
  };
}

/** The choice over plain numbers. */
export function decideLines({ plan, sizes }: LineCase): ChosenLines {
  const merges = chooseClear(plan, sizes.map(BigInt));
  return merges === undefined ? { refused: true } : { refused: false, merges };
}

/**
 * Every kind of step, worked out by hand, k = 3. Slice 2 has 1 row over all lines of output 0, so no say. Output 0: line 0 counts
 * 3 and 4; line 1 counts 3 and 0, which may be shown; line 2 counts 1 and 5, so that it joins line 1. Output 1 may be cut
 * before line 2 only: lines 0 and 1 count 2 of slice 0, so all three are one. Output 2 may not be cut. Of `more` rows wherever
 * that changes nothing in the choice.
 */
export function workedLines({ cohort = 40, more = 0 } = {}): LineCase {
  const some = Math.min(more, 1);
  const counts = [
    [
      [3 + more, 3 + 2 * more, 1],
      [4 + more, 0, 5],
      [1 - some, some, some],
    ],
    [
      [1, 1, 5 + more],
      [some, 3 + more, 3],
      [9, 9 + more, 9],
    ],
    [
      [0, 3, 0],
      [8 + more, 0, 8],
      [0, 4, 4],
    ],
  ];
  const starts = [[0, 1, 2], [0, 2], [0]];
  return lineCase({ tables: [{ counts, last: k - 1, zero: "ifShown" }], starts, cohort, zeros: 3 + more });
}

/** By hand. */
export const workedChoice: ChosenLines = { refused: false, merges: [[0, 1], [0], [0]] };
export const workedOpenings = [
  ...["cohort", "zeros", "groups"],
  ...["output/0/0-0", "output/0/1-1", "output/0/2-2", "output/0/1-2"],
  ...["output/1/0-1", "output/1/0-2"],
];

function tableOf(outputs: number, slices: number, lines: number): fc.Arbitrary<CountedRows> {
  const count = fc.constantFrom(0, 0, 1, k - 1, k, k, k + 1, 20, 20);
  const array = <Value>(each: fc.Arbitrary<Value>, length: number): fc.Arbitrary<Value[]> =>
    fc.array(each, { minLength: length, maxLength: length });
  return fc.record({
    counts: array(array(array(count, lines), slices), outputs),
    last: fc.constantFrom(k - 1, k - 1, 1, k + 2),
    zero: fc.constantFrom("ifShown", "ifShown", "passes", "fails"),
  });
}

const mostly = fc.option(fc.constantFrom(0, k - 1, k, 40, 40, 40, 40, 40), { nil: undefined });

export const randomLineCase: fc.Arbitrary<LineCase> = fc
  .record({
    outputs: fc.integer({ min: 1, max: 3 }),
    slices: fc.integer({ min: 1, max: 3 }),
    lines: fc.integer({ min: 1, max: 5 }),
  }) // prettier-ignore
  .chain(({ outputs, slices, lines }) => {
    const later = Array.from({ length: lines - 1 }, (_, index) => index + 1);
    const starts = fc.oneof({ arbitrary: fc.constant(later), weight: 2 }, { arbitrary: fc.subarray(later), weight: 1 });
    return fc.record({
      tables: fc.array(tableOf(outputs, slices, lines), { minLength: 1, maxLength: 2 }),
      starts: fc.array(
        starts.map((own) => [0, ...own]),
        { minLength: outputs, maxLength: outputs },
      ),
      cohort: mostly,
      zeros: mostly,
    });
  })
  .map(lineCase);
