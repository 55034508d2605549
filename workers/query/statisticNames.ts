/** Names of statistics in SQL, and which of them take in table axes. */
import { Finish } from "../messages/descriptor.ts";
import type { Aggregate } from "./parsedQuery.ts";

export const STATISTIC_NAMES: Readonly<Record<Aggregate, string>> = {
  [Finish.COUNT]: "COUNT",
  [Finish.SUM]: "SUM",
  [Finish.AVG]: "AVG",
  [Finish.VAR_POP]: "VAR_POP",
  [Finish.VAR_SAMP]: "VAR_SAMP",
  [Finish.STDDEV_POP]: "STDDEV_POP",
  [Finish.STDDEV_SAMP]: "STDDEV_SAMP",
  [Finish.COVAR_POP]: "COVAR_POP",
  [Finish.COVAR_SAMP]: "COVAR_SAMP",
  [Finish.CORR]: "CORR",
  [Finish.REGR_SLOPE]: "REGR_SLOPE",
  [Finish.REGR_INTERCEPT]: "REGR_INTERCEPT",
  [Finish.REGR_R2]: "REGR_R2",
  [Finish.REGR_COUNT]: "REGR_COUNT",
  [Finish.LINEAR_REGRESSION]: "LINEAR_REGRESSION",
  [Finish.HISTOGRAM]: "HISTOGRAM",
  [Finish.CROSSTAB]: "CROSSTAB",
  [Finish.T_TEST]: "T_TEST",
  [Finish.ANOVA]: "ANOVA",
  [Finish.QUANTILE]: "QUANTILE",
  [Finish.KAPLAN_MEIER]: "KAPLAN_MEIER",
  [Finish.LOG_RANK]: "LOGRANK",
  [Finish.TOXICITY]: "TOXICITY",
  [Finish.PRO_CTCAE]: "PRO_CTCAE",
  [Finish.ALLOCATION]: "ALLOCATION",
};

/** Finished from a table, not from a cell; such a statistic stands alone beside group columns. */
export function isTableStatistic(finish: Finish): boolean {
  const ofTables: readonly Finish[] = [
    Finish.HISTOGRAM,
    Finish.CROSSTAB,
    Finish.T_TEST,
    Finish.ANOVA,
    Finish.QUANTILE,
    Finish.KAPLAN_MEIER,
    Finish.LOG_RANK,
    Finish.ALLOCATION,
  ];
  return ofTables.includes(finish);
}

/** Compares the groups of the one GROUP BY column that is not selected. */
export function comparesGroups(finish: Finish): boolean {
  const comparing: readonly Finish[] = [Finish.T_TEST, Finish.ANOVA, Finish.LOG_RANK, Finish.ALLOCATION];
  return comparing.includes(finish);
}
