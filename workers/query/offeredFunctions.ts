/** The functions of the SELECT list: what each takes, and which of SQL's and of statistics' are refused, with why. */
import { Finish } from "../messages/descriptor.ts";
import type { Aggregate, OptionName } from "./parsedQuery.ts";

/** What a place among a function's arguments takes. */
export type ArgumentForm =
  | "column"
  /** A column, or INDICATOR(condition). */
  | "predictor"
  /** One condition by = or IN. */
  | "event"
  /** One condition. */
  | "condition"
  /** A number, or a date in quotes. */
  | "break"
  | "number";

export interface OfferedFunction {
  readonly aggregate: Aggregate;
  /** As it is written, for refusals. */
  readonly usage: string;
  readonly takes: readonly ArgumentForm[];
  /** More arguments after those. */
  readonly more?: { readonly form: ArgumentForm; readonly minimum: number; readonly maximum: number };
  readonly options: readonly OptionName[];
}

/** The regression's matrix grows with their square, and every entry is an opened sum. */
export const MAX_PREDICTORS = 16;
/** Of a histogram: 64 bins. */
export const MAX_BREAKS = 65;
export const MAX_PROBABILITIES = 32;

function ofColumns(aggregate: Aggregate, name: string, columns: string): [name: string, offered: OfferedFunction] {
  const takes = columns.split(", ").map((): ArgumentForm => "column");
  return [name.toLowerCase(), { aggregate, usage: `${name}(${columns})`, takes, options: [] }];
}

/** By the name as PostgreSQL folds it, in lower case. */
export const OFFERED_FUNCTIONS: ReadonlyMap<string, OfferedFunction> = new Map<string, OfferedFunction>([
  ofColumns(Finish.COUNT, "COUNT", "x"),
  ofColumns(Finish.SUM, "SUM", "x"),
  ofColumns(Finish.AVG, "AVG", "x"),
  ofColumns(Finish.VAR_POP, "VAR_POP", "x"),
  ofColumns(Finish.VAR_SAMP, "VAR_SAMP", "x"),
  ofColumns(Finish.VAR_SAMP, "VARIANCE", "x"),
  ofColumns(Finish.STDDEV_POP, "STDDEV_POP", "x"),
  ofColumns(Finish.STDDEV_SAMP, "STDDEV_SAMP", "x"),
  ofColumns(Finish.STDDEV_SAMP, "STDDEV", "x"),
  ofColumns(Finish.COVAR_POP, "COVAR_POP", "y, x"),
  ofColumns(Finish.COVAR_SAMP, "COVAR_SAMP", "y, x"),
  ofColumns(Finish.CORR, "CORR", "y, x"),
  ofColumns(Finish.REGR_SLOPE, "REGR_SLOPE", "y, x"),
  ofColumns(Finish.REGR_INTERCEPT, "REGR_INTERCEPT", "y, x"),
  ofColumns(Finish.REGR_R2, "REGR_R2", "y, x"),
  ofColumns(Finish.REGR_COUNT, "REGR_COUNT", "y, x"),
  [
    "linear_regression",
    {
      aggregate: Finish.LINEAR_REGRESSION,
      usage: "LINEAR_REGRESSION(y, x1, INDICATOR(x2 = 'v'), …)",
      takes: ["column"],
      more: { form: "predictor", minimum: 1, maximum: MAX_PREDICTORS },
      options: [],
    },
  ],
  [
    "histogram",
    {
      aggregate: Finish.HISTOGRAM,
      usage: "HISTOGRAM(x, b0, b1, …)",
      takes: ["column"],
      more: { form: "break", minimum: 2, maximum: MAX_BREAKS },
      options: [],
    },
  ],
  ofColumns(Finish.CROSSTAB, "CROSSTAB", "a, b"),
  ofColumns(Finish.T_TEST, "T_TEST", "x"),
  ofColumns(Finish.ANOVA, "ANOVA", "x"),
  [
    "quantile",
    {
      aggregate: Finish.QUANTILE,
      usage: "QUANTILE(x, 0.25, 0.5, …, TYPE 7, GRID 18, 40, 65)",
      takes: ["column"],
      more: { form: "number", minimum: 1, maximum: MAX_PROBABILITIES },
      options: ["TYPE", "GRID"],
    },
  ],
  [
    "kaplan_meier",
    {
      aggregate: Finish.KAPLAN_MEIER,
      usage: "KAPLAN_MEIER(time, event = 2, GRID 90, 180, 365)",
      takes: ["column", "event"],
      options: ["GRID"],
    },
  ],
  [
    "logrank",
    {
      aggregate: Finish.LOGRANK,
      usage: "LOGRANK(time, event = 2, STRATA site, GRID 90, 180, 365)",
      takes: ["column", "event"],
      options: ["STRATA", "GRID"],
    },
  ],
  ofColumns(Finish.TOXICITY, "TOXICITY", "worstGrade"),
  ofColumns(Finish.PRO_CTCAE, "PRO_CTCAE", "worst, baseline"),
  [
    "allocation",
    {
      aggregate: Finish.ALLOCATION,
      usage: "ALLOCATION(outcome = 1, PRIOR 1, 1, POWER 1)",
      takes: ["condition"],
      options: ["PRIOR", "POWER", "WEIGHT", "EXTERNAL"],
    },
  ],
]);

export const OFFERED_NAMES = [...OFFERED_FUNCTIONS.keys()].map((name) => name.toUpperCase()).join(", ");
