/** The manifest's words for measures and for the statistics finished from them. */
import type { Column } from "../messages/descriptor.ts";
import { ARGUMENT_DECIMALS, Finish } from "../messages/descriptor.ts";
import { formatScaled } from "../schema/values.ts";
import { clauseText, lineText, valueText } from "./cohortText.ts";
import type { Names } from "./cohortText.ts";
import { listed, quote } from "./manifestText.ts";
import type { Measure, Variable } from "./measures.ts";
import { fieldsOf, sameVariable } from "./measures.ts";
import type { Selection } from "./selectColumns.ts";
import type { PlannedAxis } from "./tableAxes.ts";

const PAIRED: Readonly<Partial<Record<Finish, string>>> = {
  [Finish.COVAR_POP]: "the covariance of all",
  [Finish.COVAR_SAMP]: "the sample covariance",
  [Finish.CORR]: "Pearson's correlation",
  [Finish.REGR_SLOPE]: "the slope of the least-squares line",
  [Finish.REGR_INTERCEPT]: "the intercept of the least-squares line",
  [Finish.REGR_R2]: "the square of the correlation",
  [Finish.QUANTILE]: "the intervals that hold the quantiles",
  [Finish.KAPLAN_MEIER]: "the survival curve over the intervals, with its limits",
  [Finish.LOGRANK]: "the log-rank test over the intervals",
};

/** @param whole who is counted, in words */
export function measureText(names: Names, { variables, present }: Measure, whole: string): string {
  const nameOf = (field: number): string => quote(names.schema.fields[field]!.name);
  const indicators = variables.flatMap((each) => (each.kind === "indicator" ? [clauseText(names, each.clause)] : []));
  const values = variables.filter((each): each is Variable & { kind: "value" } => each.kind === "value");
  const implied = new Set(variables.flatMap((each) => (each.kind === "indicator" ? fieldsOf(each) : [])));
  const asked = present.filter((field) => !implied.has(field));
  const where = [...asked.map((field) => `${nameOf(field)} is present`), ...new Set(indicators)];
  const who = where.length === 0 ? whole : `${whole} for whom ${listed(where, "and")}`;
  const [x, y] = values;
  if (x === undefined) return `the number of ${who}`;
  if (y === undefined) return `the sum of ${nameOf(x.field)} over ${who}`;
  const product = sameVariable(x, y) ? `${nameOf(x.field)} squared` : `${nameOf(x.field)} times ${nameOf(y.field)}`;
  return `the sum of ${product} over ${who}`;
}

/** The lines of an axis, in words. */
export function axisText({ schema }: Names, { field: index, missing, cuts }: PlannedAxis): string {
  const field = schema.fields[index]!;
  const rest = missing ? ["missing"] : [];
  if (field.type === "category") {
    return `${quote(field.name)}: ${listed([...field.categories.map((_, line) => lineText(field, line)), ...rest], "and")}`;
  }
  const text = (value: bigint): string => valueText(field, value);
  if (cuts.length === 0) return `${quote(field.name)}: ${listed(["present", ...rest], "and")}`;
  const lines = [
    `below ${text(cuts[0]!)}`,
    ...cuts.slice(1).map((cut, at) => `from ${text(cuts[at]!)} to below ${text(cut)}`),
    `from ${text(cuts.at(-1)!)} on`,
  ];
  return `${quote(field.name)}: ${listed([...lines, ...rest], "and")}`;
}

export function columnText(names: Names, column: Column, { axes }: Selection): string {
  const { finish, sums, arguments: args } = column;
  const [n, first, second] = sums.map((index) => index + 1);
  const axis = (at: number): string => quote(names.schema.fields[axes[column.axes[at]!]!.field]!.name);
  const deviation = finish === Finish.STDDEV_POP || finish === Finish.STDDEV_SAMP ? "square root of " : "";
  const numbers = (): string => listed(sums.map((index) => `${index + 1}`), "and"); // prettier-ignore
  const real = (word: bigint): string => formatScaled(word, ARGUMENT_DECIMALS);
  switch (finish) {
    case Finish.GROUP:
      return `the cell's ${quote(names.schema.fields[axes[sums[0]!]!.field]!.name)}`;
    case Finish.COUNT:
    case Finish.REGR_COUNT:
      return `number ${n}`;
    case Finish.SUM:
      return `number ${first} (null when number ${n} is 0)`;
    case Finish.AVG:
      return `number ${first} / number ${n}`;
    case Finish.VAR_POP:
    case Finish.STDDEV_POP:
      return `${deviation}(number ${second} - number ${first}² / number ${n}) / number ${n}`;
    case Finish.VAR_SAMP:
    case Finish.STDDEV_SAMP:
      return `${deviation}(number ${second} - number ${first}² / number ${n}) / (number ${n} - 1)`;
    case Finish.LINEAR_REGRESSION:
      return `the least-squares fit with its standard errors, from numbers ${numbers()}`;
    case Finish.CROSSTAB:
      return `the table of ${axis(0)} by ${axis(1)}, its margins, chi-square and, for two by two, exact test and ratios`;
    case Finish.T_TEST:
      return `the two groups of ${axis(0)} compared by their means, from numbers ${numbers()} of each`;
    case Finish.ANOVA:
      return `the groups of ${axis(0)} compared by their means, from numbers ${numbers()} of each`;
    case Finish.TOXICITY:
    case Finish.PRO_CTCAE:
      return `rates with exact limits: numbers ${listed(sums.slice(1).map((index) => `${index + 1}`), "and")} / number ${n}`; // prettier-ignore
    case Finish.ALLOCATION: {
      const prior = `prior Beta(${real(args[0]!)}, ${real(args[1]!)}), power ${real(args[2]!)}`;
      const external = args.length > 4 ? `, counts of earlier studies weighed by ${real(args[4]!)}` : "";
      return `for each ${axis(0)}, the posterior of number ${first} out of number ${n}, and shares of new patients; ${prior}${external}`;
    }
    case Finish.HISTOGRAM:
      return `the counts of the bins of ${axis(0)} between its ${args.length} breaks, below and above`;
    default:
      return `${PAIRED[finish] ?? "finished"}, from numbers ${numbers()}`;
  }
}
