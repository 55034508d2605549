/** What the conditions of one query say about one field, while they are being collected. */
import type { StudySchema } from "../schema/studySchema.ts";
import { formatFieldValue } from "../schema/values.ts";
import type { Filter } from "./filters.ts";
import type { IntervalSet } from "./intervals.ts";
import type { ParameterUses } from "./parameterUses.ts";
import type { ResolvedField } from "./resolveNames.ts";
import type { Span, SqlText } from "./sqlText.ts";
import { refuse } from "./sqlText.ts";

export interface FieldConditions {
  readonly on: ResolvedField;
  /** Constant conditions on a category: what is left (`categories.length` = missing); undefined = none yet. */
  categories: ReadonlySet<number> | undefined;
  /** Constant conditions on a number: what is left; undefined = none yet. */
  intervals: IntervalSet | undefined;
  /** A number IS NULL. */
  missing: boolean;
  /** Parameters p of value >= p, and of value <= p. */
  readonly lowest: Set<number>;
  readonly highest: Set<number>;
  readonly others: Filter[];
}

export interface ConditionContext {
  readonly sql: SqlText;
  readonly schema: StudySchema;
  readonly uses: ParameterUses;
}

export function noConditions(on: ResolvedField): FieldConditions {
  const nothing = { categories: undefined, intervals: undefined, missing: false };
  return { on, ...nothing, lowest: new Set(), highest: new Set(), others: [] };
}

/** @throws CodedError SQL_NEVER_TRUE when the conditions on this field exclude each other */
export function refuseContradiction(sql: SqlText, known: FieldConditions, span: Span): void {
  const { field } = known.on;
  const constrained = known.intervals !== undefined || known.lowest.size + known.highest.size > 0;
  const isMissing = known.missing || known.categories?.has(field.type === "category" ? field.categories.length : -1);
  const contradiction = isMissing === true && (constrained || known.others.length > 0);
  if (!contradiction && known.categories?.size !== 0 && known.intervals?.length !== 0) return;
  const bounds =
    field.type === "category"
      ? ""
      : `; ${field.name} lies between ${formatFieldValue(field, field.minimum)} and ${formatFieldValue(field, field.maximum)}`;
  throw refuse(
    sql,
    span,
    `together with the other conditions on ${field.name}, this is never TRUE${bounds}`,
    "SQL_NEVER_TRUE",
  );
}
