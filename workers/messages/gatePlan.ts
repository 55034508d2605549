/**
 * What the gate tests before a query's sums may open (docs/query-language.md, "The gate"). Pure structure: `disclosure/`
 * derives it from public facts alike at every worker, `protocols/` evaluates it over shares. "Size" is the secret number of
 * rows in a set, or in the intersection of two.
 */
import type { Circuit } from "./circuit.ts";
import type { Merges } from "./merges.ts";

/**
 * x = constant + Σ coefficient·size, a number >= 0 on honest data; a *size* is a number of rows, or a sum of values. Fails when
 * 1 <= x <= last, and at x = 0 as `zero` says. Evaluated as Z = ∏ (x − i) over the failing i: zero exactly when the test fails.
 */
export interface SizeTest {
  /** [index into the circuit's outputs after the measures, coefficient], indices distinct. */
  readonly terms: readonly (readonly [size: number, coefficient: number])[];
  readonly constant: number;
  readonly last: number;
  /** "ifShown": passes when the answer's zeros may be shown (`GatePlan.zeros`), fails when not. */
  readonly zero: "fails" | "passes" | "ifShown";
}

/** Outputs that are shown or hidden together: the sums over one set of one cell. */
export interface OutputGroup {
  /** Indices of measures, ascending. */
  readonly outputs: readonly number[];
  /** Any that fails hides the group; none: it is exempt. */
  readonly tests: readonly SizeTest[];
  /** Index of a group that hides this one, too, when its own tests fail: the count of the cell. */
  readonly within?: number | undefined;
}

/** What anyone could compute from what is shown: of hidden cells together, or of shown cells together. */
export interface LineTest {
  /** At least one. */
  readonly tests: readonly SizeTest[];
  /** Indices of groups that are hidden, too, when any of the tests fails; at least one. */
  readonly sacrifice: readonly number[];
  /** Groups that the tests are about. Where a failing line before this one hides any of them, it hides nothing: its tests are others next turn. */
  readonly groups?: readonly number[];
}

export interface Closure {
  /** Indices of groups, a superset of those given: complementary cells hidden by public reasons. */
  readonly hidden: ReadonlySet<number>;
  /** To be tested before the rest is shown. What was tested after an earlier call is not tested again. */
  readonly lines: readonly LineTest[];
}

/**
 * Which neighbouring lines of values are merged, before what they count is planned to open: of each output as few as it takes for no
 * interval of it to count few rows. One choice for all slices of the table: the cells of an interval that differ in the other
 * axes.
 */
export interface LinePlan {
  /** Its outputs are sizes, which never open. */
  readonly circuit: Circuit;
  /** As `GatePlan.cohort`: nothing of the lines opens unless all pass. */
  readonly cohort: readonly SizeTest[];
  /** As `GatePlan.zeros`, of the table before any line is merged. */
  readonly zeros: readonly SizeTest[];
  readonly lines: number;
  readonly slices: number;
  /** By output, the lines at which an interval may begin: all, or those at which an earlier answer's did. */
  readonly starts: Merges;
  /**
   * Of lines first..last of a slice as one interval: any that fails, it counts few rows, or has grown by few since that
   * earlier answer.
   */
  tests(output: number, slice: number, first: number, last: number): readonly SizeTest[];
}

export interface GatePlan {
  /** Outputs: the query's measures, in the order they are posted, then the sizes, which never open. */
  readonly circuit: Circuit;
  readonly measures: number;
  /** Any that fails refuses the request; all together open one bit. Empty: exempt. */
  readonly cohort: readonly SizeTest[];
  /** When all pass, sets of size zero may be shown. Empty: they may. One bit. */
  readonly zeros: readonly SizeTest[];
  /** Every measure belongs to exactly one. */
  readonly groups: readonly OutputGroup[];
  /** Complementary suppression: deterministic, the same at every worker. */
  close(hidden: ReadonlySet<number>): Closure | Promise<Closure>;
}
