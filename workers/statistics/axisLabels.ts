/** What the lines of a table axis are called: a category, an interval, or null for missing. */
import type { Axis } from "../messages/descriptor.ts";
import type { NumericField, StudySchema } from "../schema/studySchema.ts";
import { formatFieldValue } from "../schema/values.ts";
import { requirePossible } from "./answerError.ts";

export type AxisLabel = string | null;

/** Intervals are written `< 40`, `40 to < 65` and `>= 65`. @throws CodedError ANSWER_INCONSISTENT for cuts beyond the field's bounds */
export function axisLabels({ field: index, missing, cuts }: Axis, schema: StudySchema): AxisLabel[] {
  const field = schema.fields[index]!;
  const values = field.type === "category" ? field.categories : intervals(field, cuts);
  return [...values, ...(missing ? [null] : [])];
}

function intervals(field: NumericField, cuts: readonly bigint[]): string[] {
  requirePossible(
    cuts.every((cut) => cut > field.minimum && cut <= field.maximum),
    "table lines",
  );
  const texts = cuts.map((cut) => formatFieldValue(field, cut));
  const [first] = texts;
  if (first === undefined) return ["present"];
  const between = texts.slice(1).map((text, below) => `${texts[below]} to < ${text}`);
  return [`< ${first}`, ...between, `>= ${texts.at(-1)}`];
}
