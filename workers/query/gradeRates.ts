/**
 * TOXICITY and PRO_CTCAE count subjects whose worst grade is at least a threshold: nested sets, each with its own count, so that
 * a rare worst grade that must be hidden does not hide the common ones. The CTCAE and PRO-CTCAE convention: each subject
 * once, at the worst grade; baseline-adjusted, the worst score counts only where it is above baseline (Dueck et al., JAMA
 * Oncol. 1(8), 2015; Basch et al., Clin. Trials 18(1), 2021).
 */
import { Finish } from "../messages/descriptor.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import type { Clause, Filter } from "./filters.ts";
import type { Variable } from "./measures.ts";
import type { SelectItem } from "./parsedQuery.ts";
import { resolveField } from "./resolveNames.ts";
import type { SqlText } from "./sqlText.ts";
import { refuse } from "./sqlText.ts";
import { STATISTIC_NAMES } from "./statisticNames.ts";

/** Scores whose rates are reported: any symptom, and severe; of a scale that has such. */
const PRO_THRESHOLDS = [1n, 3n];

export interface GradeRates {
  /** What is counted, in the order of the finish. */
  readonly counted: readonly Variable[];
  /** Thresholds, ascending. */
  readonly arguments: readonly bigint[];
}

interface Graded {
  readonly index: number;
  readonly grades: readonly bigint[];
}

/** @throws CodedError SQL_TYPE | SQL_UNKNOWN_COLUMN */
export function gradeRates(sql: SqlText, schema: StudySchema, item: SelectItem): GradeRates {
  const worst = gradedField(sql, schema, item, 0);
  if (item.aggregate === Finish.TOXICITY) {
    const thresholds = [...worst.grades].filter((grade) => grade > 0n).sort(ascending);
    return { counted: thresholds.map((grade) => indicator(atLeast(worst, grade))), arguments: thresholds };
  }
  const baseline = gradedField(sql, schema, item, 1);
  if (baseline.index === worst.index)
    throw refuse(sql, item.span, "the two columns must be different ones", "SQL_TYPE");
  const [highest] = [...worst.grades].sort(descending);
  if (baseline.grades.every((grade) => grade >= highest!)) {
    const problem = "no score of the first column is above one of the second, the baseline";
    throw refuse(sql, item.arguments[1]!.span, problem, "SQL_TYPE");
  }
  const thresholds = PRO_THRESHOLDS.filter((score) => score <= highest!);
  const present: Filter = { kind: "present", field: baseline.index };
  const isAlways = schema.fields[baseline.index]!.required;
  const observed = thresholds.map((score) => {
    const found = atLeast(worst, score);
    return indicator(isAlways ? found : { kind: "all", parts: [found, present] });
  });
  const adjusted = thresholds.map((score) => indicator(aboveBaseline(worst, baseline, score)));
  return { counted: [...observed, ...adjusted], arguments: thresholds };
}

function indicator(clause: Clause): Variable {
  return { kind: "indicator", clause };
}

function atLeast({ index: field, grades }: Graded, grade: bigint): Filter {
  return { kind: "categories", field, indices: grades.flatMap((each, category) => (each >= grade ? [category] : [])) };
}

/** The worst score is at least `score` and above the baseline's. */
function aboveBaseline(worst: Graded, baseline: Graded, score: bigint): Clause {
  const parts = baseline.grades.flatMap((grade, category): Clause[] => {
    const above = atLeast(worst, grade < score ? score : grade + 1n);
    if (above.kind === "categories" && above.indices.length === 0) return [];
    return [{ kind: "all", parts: [{ kind: "categories", field: baseline.index, indices: [category] }, above] }];
  });
  return { kind: "any", parts };
}

function gradedField(sql: SqlText, schema: StudySchema, item: SelectItem, position: number): Graded {
  const argument = item.arguments[position];
  const name = STATISTIC_NAMES[item.aggregate!];
  if (argument?.kind !== "column") throw refuse(sql, argument?.span ?? item.span, `${name} takes columns of grades`);
  const { index, field } = resolveField(sql, argument.column, schema);
  const grades = field.type === "category" && field.decimals === 0 ? field.numeric : undefined;
  if (grades?.every((grade) => grade >= 0n && grade <= 5n) === true && grades.some((grade) => grade > 0n)) {
    return { index, grades };
  }
  const problem = `${name} takes grades: ${field.name} must be a category of whole numbers from 0 to 5`;
  throw refuse(sql, argument.span, problem, "SQL_TYPE");
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : 1;
}

function descending(a: bigint, b: bigint): number {
  return ascending(b, a);
}
