/**
 * A study's schema as its policy lets queries see it: cut-points that may not be used are not there, and fields may be asked
 * about only as permitted. A text compiles through it to the same bytes as without, or is refused where it asks for more.
 */
import { FieldUse, type Permits, edgesOf, usesOf } from "../messages/fieldRules.ts";
import type { NumericField, SchemaField, StudySchema, TimeToEvent } from "../schema/studySchema.ts";
import type { Span, SqlText } from "./sqlText.ts";
import { refuse } from "./sqlText.ts";
import { listNames } from "./listNames.ts";

export function permittedSchema(schema: StudySchema, permits: Permits): StudySchema {
  const fields = schema.fields.map((field, index) => {
    const edges = field.type === "category" ? undefined : edgesOf(permits.fieldRules, index);
    return edges === undefined || field.type === "category" ? field : coarsened(field, edges);
  });
  const timeToEvent = schema.timeToEvent.map((pair) => withPermittedGrid(pair, fields[pair.time] as NumericField));
  return { ...schema, fields, timeToEvent, permits };
}

/** Comparisons by digits could cut it anywhere. */
function coarsened(field: NumericField, edges: readonly bigint[]): NumericField {
  const cutPoints = field.cutPoints.filter((cut) => edges.includes(cut));
  if (cutPoints.length === field.cutPoints.length && field.digits === 0) return field;
  return { ...field, cutPoints, digits: 0, isCoarsened: true };
}

/** Survival is asked at the values of the grid that may be cut at. */
function withPermittedGrid(pair: TimeToEvent, time: NumericField): TimeToEvent {
  if (pair.grid === undefined || time.isCoarsened !== true) return pair;
  return { ...pair, grid: pair.grid.filter((value) => time.cutPoints.includes(value)) };
}

/** What a query asks of a column: to tell its values apart, to sum them, or only who has one. */
export type AskedUse = "split" | "sum" | "present";

const SUFFICIENT: Readonly<Record<AskedUse, number>> = {
  split: FieldUse.SPLIT,
  sum: FieldUse.SUM,
  present: FieldUse.SPLIT + FieldUse.SUM,
};

/** @throws CodedError SQL_NOT_PERMITTED, at the column, and what the policy permits instead */
export function refuseForbidden(sql: SqlText, span: Span, schema: StudySchema, field: number, asked: AskedUse): void {
  const { permits } = schema;
  if (permits === undefined) return;
  const { name } = schema.fields[field]!;
  if (field + 1 === permits.closedSite) {
    const problem = `${name} is the site, which the study's policy lets no query group by, filter by or stratify by`;
    throw refuse(sql, span, problem, "SQL_NOT_PERMITTED");
  }
  const uses = usesOf(permits.fieldRules, field);
  if ((uses & SUFFICIENT[asked]) !== 0) return;
  throw refuse(
    sql,
    span,
    `${describeUses(name, uses)}; ${permittedNames(schema, permits, asked)}`,
    "SQL_NOT_PERMITTED",
  );
}

/** Whether the policy lets queries tell a field's values apart. */
export function maySplit({ permits }: StudySchema, field: number): boolean {
  return permits === undefined || (usesOf(permits.fieldRules, field) & FieldUse.SPLIT) !== 0;
}

function describeUses(name: string, uses: number): string {
  if (uses & FieldUse.SUM)
    return `the study's policy permits sums of ${name}, but no condition on it and no groups by it`;
  if (uses & FieldUse.SPLIT)
    return `the study's policy permits conditions on ${name} and groups by it, but no sums of it`;
  return `the study's policy does not permit the use of ${name}`;
}

function permittedNames({ fields }: StudySchema, { closedSite, fieldRules }: Permits, asked: AskedUse): string {
  const isPermitted = (_: SchemaField, index: number): boolean =>
    index + 1 !== closedSite && (usesOf(fieldRules, index) & SUFFICIENT[asked]) !== 0;
  const names = fields.filter(isPermitted).map(({ name }) => name);
  return names.length === 0 ? "no column is permitted so" : `permitted so: ${listNames(names)}`;
}
