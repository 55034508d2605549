/** Whether the answer's columns and table axes of a descriptor mean something (`contracts/types/Descriptor.sol`). */
import { isAllocation } from "./allocationArguments.ts";
import type { Axis, Column, Descriptor } from "./descriptor.ts";
import { ARGUMENT_DECIMALS, Finish } from "./descriptor.ts";
import { isOrdered, valueAxis } from "./valueAxis.ts";

/** 10^18 < 2^62, the largest scaled integer. */
export const MAX_DECIMALS = 18;
/** As many as outputs: each column reads some. */
const MAX_ANSWER_COLUMNS = 256;
const MAX_AXES = 8;
/** As R numbers them. */
const QUANTILE_TYPES: readonly bigint[] = [1n, 7n];

/** How many words of each kind a finish reads. */
interface Shape {
  readonly axes: readonly number[];
  readonly sums: number;
  readonly decimals: number;
}

const cell = (sums: number, decimals: number): Shape => ({ axes: [0], sums, decimals });
const table = (axes: readonly number[], sums = 1, decimals = 0): Shape => ({ axes, sums, decimals });

type Fixed = Exclude<Finish, typeof Finish.LINEAR_REGRESSION | typeof Finish.TOXICITY | typeof Finish.PRO_CTCAE>;

const SHAPES: Readonly<Record<Fixed, Shape>> = {
  [Finish.GROUP]: cell(1, 0),
  [Finish.COUNT]: cell(1, 0),
  [Finish.SUM]: cell(2, 1),
  [Finish.AVG]: cell(2, 1),
  [Finish.VAR_POP]: cell(3, 1),
  [Finish.VAR_SAMP]: cell(3, 1),
  [Finish.STDDEV_POP]: cell(3, 1),
  [Finish.STDDEV_SAMP]: cell(3, 1),
  [Finish.COVAR_POP]: cell(6, 2),
  [Finish.COVAR_SAMP]: cell(6, 2),
  [Finish.CORR]: cell(6, 2),
  [Finish.REGR_SLOPE]: cell(6, 2),
  [Finish.REGR_INTERCEPT]: cell(6, 2),
  [Finish.REGR_R2]: cell(6, 2),
  [Finish.REGR_COUNT]: cell(1, 0),
  [Finish.HISTOGRAM]: table([1]),
  [Finish.CROSSTAB]: table([2]),
  [Finish.T_TEST]: table([1], 3, 1),
  [Finish.ANOVA]: table([1], 3, 1),
  [Finish.QUANTILE]: table([1], 1, 1),
  [Finish.KAPLAN_MEIER]: table([1], 2, 1),
  [Finish.LOGRANK]: table([2, 3], 2, 1),
  [Finish.ALLOCATION]: table([1], 2),
};

type Check = (condition: boolean, at: string, problem: string) => void;

/** @param check throws when the condition does not hold */
export function checkAnswer({ steps, factors, columns }: Descriptor, check: Check): void {
  const { axes, outputs } = steps[0]!;
  check(axes.length <= MAX_AXES, "steps[0].axes", `has more than ${MAX_AXES}`);
  check(new Set(axes.map(({ field }) => field)).size === axes.length, "steps[0].axes", "repeats a field");
  axes.forEach((axis, index) => checkAxis(axis, factors.length, `steps[0].axes[${index}]`, check));
  check(
    columns.length > 0 && columns.length <= MAX_ANSWER_COLUMNS,
    "columns",
    `has none or more than ${MAX_ANSWER_COLUMNS}`,
  );
  const hasValues = columns.some(({ finish }) => isOrdered(finish));
  columns.forEach((column, index) => {
    const at = `columns[${index}]`;
    check((Object.values(Finish) as number[]).includes(column.finish), at, "has an unknown finish");
    checkColumn(column, { axes: axes.length, outputs: outputs.length }, at, check);
    const first = columns.findIndex(({ name }) => name === column.name);
    check(column.name !== "" && first === index, at, "has an empty or repeated name");
  });
  checkTogether(columns, check);
  check(
    !hasValues || valueAxis({ columns, steps }) !== undefined,
    "columns",
    "takes in values by lines that are no intervals",
  );
}

function checkAxis({ missing, cuts, lines }: Axis, factors: number, at: string, check: Check): void {
  const ascending = cuts.every((cut, index) => index === 0 || cut > cuts[index - 1]!);
  check(ascending, at, "has cuts out of order");
  const expected = cuts.length + 1 + (missing ? 1 : 0);
  check(lines.length === expected || (lines.length === 0 && cuts.length === 0), at, "has another number of lines");
  check(
    lines.every((line) => line < factors),
    at,
    "names a factor that does not exist",
  );
}

function checkColumn(
  column: Column,
  limits: { readonly axes: number; readonly outputs: number },
  at: string,
  check: Check,
): void {
  const { finish, axes, sums, decimals } = column;
  const shape = shapeOf(column);
  check(sums.length === shape.sums, at, "has another number of sums than its finish reads");
  check(shape.axes.includes(axes.length), at, "has another number of axes than its finish takes in");
  check(decimals.length === shape.decimals, at, "has another number of scales than its finish reads");
  check(
    decimals.every((each) => each <= MAX_DECIMALS),
    at,
    `has more than ${MAX_DECIMALS} decimals`,
  );
  const limit = finish === Finish.GROUP ? limits.axes : limits.outputs;
  check(
    sums.every((sum) => sum < limit) && axes.every((axis) => axis < limits.axes),
    at,
    "names a sum or axis that does not exist",
  );
  check(new Set(axes).size === axes.length, at, "takes in an axis twice");
  check(argumentsFit(column), at, "has other arguments than its finish reads");
}

function shapeOf({ finish, decimals, arguments: args }: Column): Shape {
  switch (finish) {
    case Finish.LINEAR_REGRESSION: {
      // m variables, the last of them explained: n, m sums, and m·(m + 1)/2 sums of products.
      const m = Math.max(2, decimals.length);
      return cell(1 + m + (m * (m + 1)) / 2, m);
    }
    case Finish.TOXICITY:
      return cell(1 + args.length, 0);
    case Finish.PRO_CTCAE:
      return cell(1 + 2 * args.length, 0);
    default:
      return SHAPES[finish];
  }
}

function argumentsFit({ finish, arguments: args }: Column): boolean {
  switch (finish) {
    case Finish.HISTOGRAM:
      return args.length >= 2 && args.every((value, index) => index === 0 || value > args[index - 1]!);
    case Finish.TOXICITY:
    case Finish.PRO_CTCAE:
      return args.length >= 1 && args.every((grade, index) => grade > (args[index - 1] ?? 0n));
    case Finish.QUANTILE:
      return args.length >= 2 && QUANTILE_TYPES.includes(args[0]!) && args.slice(1).every(isProbability);
    case Finish.ALLOCATION:
      return isAllocation(args);
    default:
      return args.length === 0;
  }
}

function isProbability(argument: bigint): boolean {
  return argument >= 0n && argument <= 10n ** BigInt(ARGUMENT_DECIMALS);
}

/** One row of the answer for each cell of the axes that no statistic takes in. */
function checkTogether(columns: readonly Column[], check: Check): void {
  const statistics = columns.filter(({ finish }) => finish !== Finish.GROUP);
  const [first] = statistics;
  check(first !== undefined, "columns", "has no statistic");
  const taken = first!.axes;
  check(taken.length === 0 || statistics.length === 1, "columns", "has another statistic beside one of a table");
  const groups = columns.filter(({ finish }) => finish === Finish.GROUP);
  check(
    groups.every(({ sums }) => !taken.includes(sums[0]!)),
    "columns",
    "shows an axis that its statistic takes in",
  );
}
