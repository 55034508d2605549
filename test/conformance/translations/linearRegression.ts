/** `linear_regression`: least squares over the rows that have all columns, with an intercept. */
import { isHidden } from "../../../workers/statistics/hidden.ts";
import type { JsonRecord } from "../referenceQuery.ts";
import { compareValue, EXACT, spreadTolerance } from "./compareValues.ts";
import { readFormula } from "./rFormula.ts";
import type { Term } from "./rFormula.ts";
import { conditionKeys, usesOf } from "./selection.ts";
import { expectedList, read } from "./structuredValue.ts";
import type { Naming, TranslateKind } from "./translation.ts";

/** Of a coefficient, relative to its standard error. */
const COEFFICIENT = 1e-4;

export const translateLinearRegression: TranslateKind = (query) => {
  const text = query.text("formula");
  const formula = readFormula(text);
  if (formula === undefined) return { unsupported: `the formula ${text} is not a sum of columns and indicators` };
  const { response, terms } = formula;
  const columns = terms.flatMap((term) => (term.kind === "column" ? [term.column] : []));
  const indicators = terms.filter((term) => term.kind === "indicator");
  return {
    table: query.text("table"),
    uses: usesOf(
      indicators.map(({ column }) => column),
      [response, ...columns],
    ),
    named: indicators,
    ...conditionKeys(query),
    derived: [],
    statements: [
      {
        select: (naming) => [
          `LINEAR_REGRESSION(${[naming.column(response), ...terms.map((term) => termText(term, naming))].join(", ")}) AS fit`,
        ],
        groupBy: [],
        columns: ["regression"],
        judged: {
          axes: [],
          // A column that is summed may be missing: 0 where it is. An indicator is of rows that have its column.
          present: indicators.map(({ column }) => column),
          summed: { columns: [response, ...columns], sums: 2 },
          indicators,
          sumsAlone: true,
        },
        compare: ({ rows }, [cell]) => {
          const fit = rows[0]?.[0];
          const mustHide = cell?.hidden.has("sum") === true;
          if (isHidden(fit) !== mustHide) return [`the regression is ${mustHide ? "shown and must not be" : "hidden"}`];
          return mustHide ? [] : compareFit(fit, query.expected);
        },
      },
    ],
  };
};

function termText(term: Term, naming: Naming): string {
  const column = naming.column(term.column);
  return term.kind === "column" ? column : `INDICATOR(${column} = ${naming.constant(term.column, term.value)})`;
}

const FIT: readonly (readonly [key: string, name: string])[] = [
  ["sigma", "sigma"],
  ["r2", "rSquared"],
  ["adj_r2", "adjustedRSquared"],
  ["F", "f"],
];

function compareFit(fit: unknown, expected: JsonRecord): string[] {
  const exact = [
    compareValue("n", read(fit, "n"), expected["n"] ?? null, EXACT),
    compareValue("df_residual", read(fit, "dfResidual"), expected["df_residual"] ?? null, EXACT),
  ];
  const errors = expectedList(expected, "se");
  const coefficients = expectedList(expected, "estimate").flatMap((estimate, term) => {
    const absolute = COEFFICIENT * Number(errors[term]);
    const own = read(fit, "coefficients", term);
    return [
      compareValue(`estimate ${term + 1}`, read(own, "estimate"), estimate, { relative: 0, absolute }),
      compareValue(`se ${term + 1}`, read(own, "standardError"), errors[term] ?? null, { relative: 0, absolute }),
    ];
  });
  const whole = FIT.map(([key, name]) => {
    const value = expected[key];
    return value === undefined ? undefined : compareValue(key, read(fit, name), value, spreadTolerance(1));
  });
  return [...exact, ...coefficients, ...whole].filter((problem) => problem !== undefined);
}
