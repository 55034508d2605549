/** The kinds of reference queries. A further one is a line in this table and a file beside it. */
import type { ReferenceQuery } from "../referenceQuery.ts";
import { translateBetaBinomial } from "./betaBinomial.ts";
import { translateCorrelation } from "./correlation.ts";
import { translateCount } from "./count.ts";
import { translateCrosstab } from "./crosstab.ts";
import { translateHistogram } from "./histogram.ts";
import { translateLinearRegression } from "./linearRegression.ts";
import { translateLogisticRegression } from "./logisticRegression.ts";
import { translateQuantile } from "./quantile.ts";
import { translateStats } from "./stats.ts";
import { translateSurvival } from "./survival.ts";
import { translateToxicity } from "./toxicity.ts";
import type { Translated, TranslateKind } from "./translation.ts";

const KINDS: Readonly<Record<string, TranslateKind>> = {
  beta_binomial_rar: translateBetaBinomial,
  correlation: translateCorrelation,
  count: translateCount,
  crosstab: translateCrosstab,
  histogram: translateHistogram,
  km_logrank: translateSurvival,
  linear_regression: translateLinearRegression,
  logistic_regression: translateLogisticRegression,
  quantile: translateQuantile,
  stats: translateStats,
  toxicity: translateToxicity,
};

/** @throws CodedError CONFORMANCE_BAD_QUERY */
export function translate(query: ReferenceQuery): Translated {
  const kind = Object.hasOwn(KINDS, query.kind) ? KINDS[query.kind] : undefined;
  return kind === undefined ? { unsupported: `the kit knows no kind "${query.kind}"` } : kind(query);
}
