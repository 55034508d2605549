/** Functions of SQL and of statistics that a querier may look for here: why they are refused, or what to write instead. */

const ONE_PATIENT = "it would reveal one patient's value; HISTOGRAM(x, b0, b1, …) shows where the values lie";
const QUANTILES = "write QUANTILE(x, 0.5), which tells between which cuts it lies, or HISTOGRAM(x, b0, b1, …)";
const ITERATIVE =
  "is fitted by iteration, whose every step opens sums; it is not offered yet, and never replaced by an approximation. ";
const LOGISTIC = `a logistic regression ${ITERATIVE}CROSSTAB and LINEAR_REGRESSION are offered`;
const COX = `a proportional hazards model ${ITERATIVE}LOGRANK is offered, and COUNT with GROUP BY arm and outcome`;
const LISTS = "it would list patients' values; rows never leave the network";
const OF_TWO_ROWS = "every row is one patient, in no order; use functions with GROUP BY";

/** By the name as PostgreSQL folds it, in lower case. */
export const REFUSED_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ...["min", "max", "first_value", "last_value", "nth_value", "any_value"].map((name) => [name, ONE_PATIENT] as const),
  ...["median", "mode", "percentile_cont", "percentile_disc"].map((name) => [name, QUANTILES] as const),
  ...["logistic_regression", "logit", "glm"].map((name) => [name, LOGISTIC] as const),
  ...["cox", "cox_regression", "coxph", "proportional_hazards"].map((name) => [name, COX] as const),
  ...["array_agg", "string_agg", "json_agg", "jsonb_agg", "json_object_agg", "xmlagg"].map(
    (name) => [name, LISTS] as const,
  ),
  ...["row_number", "rank", "dense_rank", "ntile", "lag", "lead"].map((name) => [name, OF_TWO_ROWS] as const),
  ["bool_and", "count with a condition in WHERE instead"],
  ["bool_or", "count with a condition in WHERE instead"],
  ["every", "count with a condition in WHERE instead"],
  ["chisq_test", "write CROSSTAB(a, b)"],
  ["fisher_test", "write CROSSTAB(a, b)"],
  ["log_rank", "write LOGRANK(time, event = 2)"],
  ["width_bucket", "write HISTOGRAM(x, b0, b1, …), or BIN(x, cut, …) with GROUP BY"],
  ["indicator", "it is an argument of LINEAR_REGRESSION; to count patients, GROUP BY the column"],
  ["grouping", "groupings within a query are not offered; publish one query for each GROUP BY"],
]);
