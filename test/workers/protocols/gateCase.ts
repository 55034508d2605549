/** Gated queries over numbers everybody may see: what `openThroughGate` is compared with, and random ones. */

import type { Circuit, CircuitOutput, LinearForm } from "../../../workers/messages/circuit.ts";
import type { Closure, GatePlan, LineTest, OutputGroup, SizeTest } from "../../../workers/messages/gatePlan.ts";
import type { GateResult } from "../../../workers/protocols/gate.ts";
import { fc } from "../../support/fastCheck.ts";

export interface GateCase {
  readonly plan: GatePlan;
  /** [column][row], canonical. */
  readonly columns: readonly (readonly bigint[])[];
  readonly measures: readonly bigint[];
  readonly sizes: readonly number[];
}

/** A case whose every value is spread over three rows and reaches the outputs in turn as each kind of output there is. */
export function gateCase(
  { measures, sizes }: Pick<GateCase, "measures" | "sizes">,
  rules: Pick<GatePlan, "cohort" | "zeros" | "groups" | "close">,
): GateCase {
  const values = [...measures, ...sizes.map(BigInt)];
  const columns = [[1n, 1n, 1n], ...values.map((value) => [value / 3n, value - value / 3n - value / 2n, value / 2n])];
  const ones: LinearForm = { columns: [[0, 1n]], products: [] };
  const columnOf = (index: number): LinearForm => ({ columns: [[index + 1, 1n]], products: [] });
  const multiplied = values.flatMap((_, index) => (index % 3 === 2 ? [index] : []));
  const outputs = values.map((_, index): CircuitOutput => {
    if (index % 3 === 0) return { left: columnOf(index), right: ones };
    if (index % 3 === 1) return { left: columnOf(index), right: undefined };
    return { left: { columns: [], products: [[multiplied.indexOf(index), 1n]] }, right: undefined };
  });
  const circuit: Circuit = {
    columns: columns.map((_, index) => `0x${String(index).padStart(64, "0")}`),
    products: multiplied.map((index) => ({ left: columnOf(index), right: ones })),
    outputs,
  };
  return { plan: { circuit, measures: measures.length, ...rules }, columns, measures, sizes };
}

/** The least that is shown: `size` in 1 … k − 1 fails, 0 as `zero` says. */
export function atLeast(k: number, size: number, zero: SizeTest["zero"] = "fails"): SizeTest {
  return { terms: [[size, 1]], constant: 0, last: k - 1, zero };
}

/** Nothing is hidden but what fails. */
export function closeNothing(hidden: ReadonlySet<number>): Closure {
  return { hidden, lines: [] };
}

/**
 * Lines of a table whose cell g has size g: in a line, one hidden cell hides the first shown one, too, and all its hidden cells
 * together must be at least k, or the first shown one is sacrificed.
 */
export function closeTable(lines: readonly (readonly number[])[], k: number): GatePlan["close"] {
  return (given) => {
    const hidden = new Set(given);
    for (let before = -1; before !== hidden.size;) {
      before = hidden.size;
      for (const line of lines) {
        const shown = line.filter((cell) => !hidden.has(cell));
        if (shown.length === line.length - 1 && shown.length > 0) hidden.add(shown[0] as number);
      }
    }
    const tested = lines.flatMap((line): LineTest[] => {
      const cells = line.filter((cell) => hidden.has(cell));
      const sacrifice = line.find((cell) => !hidden.has(cell));
      if (cells.length === 0 || sacrifice === undefined) return [];
      const terms = cells.map((cell) => [cell, 1] as const);
      return [{ tests: [{ terms, constant: 0, last: k - 1, zero: "passes" }], sacrifice: [sacrifice] }];
    });
    return { hidden, lines: tested };
  };
}

/** The gate over plain numbers. */
export async function decideClear({ plan, sizes, measures }: GateCase): Promise<GateResult> {
  const fails = ({ terms, constant, last, zero }: SizeTest, zerosShown: boolean): boolean => {
    const x = terms.reduce((sum, [size, coefficient]) => sum + coefficient * (sizes[size] as number), constant);
    if (x === 0) return zero === "fails" || (zero === "ifShown" && !zerosShown);
    return x > 0 && x <= last;
  };
  if (plan.cohort.some((test) => fails(test, true))) return { refused: true };
  const zerosShown = !plan.zeros.some((test) => fails(test, true));
  let hidden: ReadonlySet<number> = new Set(
    plan.groups.flatMap(({ tests }, group) => (tests.some((test) => fails(test, zerosShown)) ? [group] : [])),
  );
  for (let before = -1; before !== hidden.size;) {
    const closure = await plan.close(hidden);
    before = closure.hidden.size;
    const failing = closure.lines.filter(({ tests }) => tests.some((test) => fails(test, zerosShown)));
    const sacrificed = failing.reduce<number[]>(
      (all, { sacrifice, groups = [] }) => (groups.some((group) => all.includes(group)) ? all : [...all, ...sacrifice]),
      [],
    );
    hidden = new Set([...closure.hidden, ...sacrificed]);
  }
  const places = [...hidden].flatMap((group) => plan.groups[group]?.outputs ?? []).sort((left, right) => left - right);
  return {
    refused: false,
    hidden: places,
    outputs: measures.map((value, index) => (places.includes(index) ? 0n : value)),
  };
}

/** Sizes around k, so that everything fails now and then. */
const k = 3;

function sizeTest(sizes: number, zeros: readonly SizeTest["zero"][]): fc.Arbitrary<SizeTest> {
  const term = fc.tuple(fc.nat({ max: sizes - 1 }), fc.constantFrom(1, 1, 2, -1));
  return fc.record({
    terms: fc.uniqueArray(term, { selector: ([size]) => size, maxLength: Math.min(3, sizes) }),
    constant: fc.nat({ max: 2 * k }),
    last: fc.nat({ max: k + 2 }),
    zero: fc.constantFrom(...zeros),
  });
}

/** Any of them passes with some likelihood: tests of one size, mostly. */
function testsOf(sizes: number, maxLength: number, zeros: readonly SizeTest["zero"][]): fc.Arbitrary<SizeTest[]> {
  const plain = fc
    .tuple(fc.nat({ max: sizes - 1 }), fc.constantFrom(...zeros))
    .map(([size, zero]) => atLeast(k, size, zero));
  return fc.array(fc.oneof({ arbitrary: plain, weight: 3 }, { arbitrary: sizeTest(sizes, zeros), weight: 1 }), {
    maxLength,
  });
}

export const randomGateCase: fc.Arbitrary<GateCase> = fc.integer({ min: 1, max: 4 }).chain((groupCount) =>
  fc
    .record({
      sizes: fc.array(fc.constantFrom(0, 1, k - 1, k, k, k + 1, 20, 20, 20), {
        minLength: groupCount,
        maxLength: groupCount + 2,
      }),
      owners: fc.array(fc.nat({ max: groupCount - 1 }), { maxLength: 5 }),
      lines: fc.array(fc.subarray(Array.from({ length: groupCount }, (_, group) => group)), { maxLength: 3 }),
    })
    .chain(({ sizes, owners, lines }) => {
      const simple = ["fails", "passes"] as const;
      return fc.record({
        cohort: testsOf(sizes.length, 1, simple),
        zeros: testsOf(sizes.length, 1, simple),
        tests: fc.array(testsOf(sizes.length, 3, [...simple, "ifShown", "ifShown"]), {
          minLength: groupCount,
          maxLength: groupCount,
        }),
        values: fc.array(fc.bigInt({ min: 0n, max: 2n ** 60n }), {
          minLength: owners.length,
          maxLength: owners.length,
        }),
        sizes: fc.constant(sizes),
        owners: fc.constant(owners),
        lines: fc.constant(lines),
      });
    })
    .map(({ cohort, zeros, tests, values, sizes, owners, lines }) => {
      const groups = tests.map((own, group): OutputGroup => {
        return { outputs: owners.flatMap((owner, measure) => (owner === group ? [measure] : [])), tests: own };
      });
      return gateCase({ measures: values, sizes }, { cohort, zeros, groups, close: closeTable(lines, k) });
    }),
);

/**
 * Every kind of step, worked out by hand, k = 3. Cells 0 and 1 are too small; their row's hidden cells sum to 2, so cell 2 is
 * sacrificed; then its column hides cell 3 and that one's row cell 4, whose 2 + 20 may be hidden together. Cell 5
 * has size 0, which may be shown as long as size 6 is at least k. Two measures of cell 5, one of each other.
 */
export function workedGate({ cohortSize = 40, zeroSize = 3 } = {}): GateCase {
  const sizes = [1, 1, 20, 2, 20, 0, zeroSize, cohortSize];
  const lines = [
    [0, 1, 2],
    [2, 3],
    [3, 4, 5],
  ];
  const groups = integers(0, 5).map((cell) => ({
    outputs: cell === 5 ? [5, 6] : [cell],
    tests: cell === 3 ? [] : [atLeast(3, cell, cell === 5 ? "ifShown" : "fails")],
  }));
  return gateCase(
    { measures: [100n, 101n, 102n, 103n, 104n, 105n, 106n], sizes },
    { cohort: [atLeast(3, 7)], zeros: [atLeast(3, 6)], groups, close: closeTable(lines, 3) },
  );
}

/** By hand: cell 5 alone is shown. */
export const workedDecision: GateResult = {
  refused: false,
  hidden: [0, 1, 2, 3, 4],
  outputs: [0n, 0n, 0n, 0n, 0n, 105n, 106n],
};

/** Two whose numbers differ as much as they can while the same is shown: measure 3 alone, as a line of the others is tested. */
export function oppositeGates(): GateCase[] {
  const numbers = [
    { measures: [5n, 7n, 9n, 2n], sizes: [3, 3, 1, 0, 30] },
    { measures: [2n ** 70n, 0n, 1n, 0n], sizes: [5, 400, 2, 0, 3] },
  ];
  return numbers.map((each) => {
    const groups = [0, 1, 2, 3].map((cell) => ({ outputs: [cell], tests: [atLeast(3, cell, "ifShown")] }));
    const rules = { cohort: [atLeast(3, 4)], zeros: [atLeast(3, 1)], groups, close: closeTable([[0, 1, 2]], 8) };
    return gateCase(each, rules);
  });
}

function integers(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}
