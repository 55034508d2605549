/** Table axes: the lines that GROUP BY and table statistics ask for, and their factors. */
import type { Axis } from "../messages/descriptor.ts";
import type { NumericField, StudySchema } from "../schema/studySchema.ts";
import type { Assembly } from "./assembleDescriptor.ts";
import { negatedTerm } from "./assembleDescriptor.ts";
import { describeMissing } from "./cutPoints.ts";
import type { GroupKey } from "./parsedQuery.ts";
import { readNumericConstant } from "./readConstants.ts";
import { resolveField } from "./resolveNames.ts";
import type { Span, SqlText } from "./sqlText.ts";
import { refuse } from "./sqlText.ts";
import { activeTerm, intervalTerms, presenceTerm } from "./thresholdTerms.ts";

export type PlannedAxis = Pick<Axis, "field" | "missing" | "cuts">;

/** Missing is a group of its own, as in SQL. @throws CodedError SQL_TYPE | SQL_UNKNOWN_COLUMN | SQL_NO_CUT_POINT */
export function groupAxis(sql: SqlText, schema: StudySchema, { column, cuts, span }: GroupKey): PlannedAxis {
  const { index, field } = resolveField(sql, column, schema);
  const missing = !field.required;
  if (field.type === "category") {
    if (cuts === undefined) return { field: index, missing, cuts: [] };
    throw refuse(sql, span, `${field.name} is a category, which has no bins; group by it as it is`, "SQL_TYPE");
  }
  if (cuts === undefined) {
    const problem = `${field.name} is not a category; GROUP BY takes categorical columns, or BIN(${field.name}, …) with cuts`;
    throw refuse(sql, span, problem, "SQL_TYPE");
  }
  const values = cuts.map((cut) => {
    if (cut.kind === "parameter") throw refuse(sql, cut.span, "the cuts of BIN are constants", "SQL_TYPE");
    return readNumericConstant(sql, field, cut).ceiling;
  });
  values.forEach((value, at) => {
    const isInside = value > field.minimum && value <= field.maximum;
    if (isInside && (at === 0 || value > values[at - 1]!)) return;
    const problem = `the cuts of BIN ascend strictly, above ${field.name}'s minimum and up to its maximum`;
    throw refuse(sql, cuts[at]!.span, problem, "SQL_TYPE");
  });
  refuseBetweenCuts(sql, field, values, span);
  return { field: index, missing, cuts: values };
}

/** @throws CodedError SQL_NO_CUT_POINT where a line would end at a value that no column can tell */
export function refuseBetweenCuts(sql: SqlText, field: NumericField, cuts: readonly bigint[], span: Span): void {
  const unknown = field.digits > 0 ? undefined : cuts.find((cut) => !field.cutPoints.includes(cut));
  if (unknown !== undefined) throw refuse(sql, span, describeMissing(field, unknown), "SQL_NO_CUT_POINT");
}

/** A line for each interval between cuts, then missing. A numeric axis without cuts has one line: all its values. */
export function assembleAxis(assembly: Assembly, schema: StudySchema, { field, missing, cuts }: PlannedAxis): Axis {
  const on = schema.fields[field]!;
  if (on.type === "category") return { field, missing, cuts, lines: [] };
  const starts = [on.minimum, ...cuts];
  const lines = starts.map((lo, index) => {
    const next = starts[index + 1];
    return assembly.factor(intervalTerms(assembly, schema, field, [lo, next === undefined ? on.maximum : next - 1n]));
  });
  if (!missing) return { field, missing, cuts, lines };
  const absent = [activeTerm(assembly), negatedTerm(presenceTerm(assembly, schema, field))];
  return { field, missing, cuts, lines: [...lines, assembly.factor(absent)] };
}
