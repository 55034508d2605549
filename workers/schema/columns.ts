/**
 * Which committed columns a schema has, in which order, and what each means. Order and ids are frozen: they name the
 * leaves of every `columnsRoot` and the words of every share file.
 */
import { columnId } from "../messages/columnId.ts";
import { digitArgument, digitPlace, digitPlaces } from "./digits.ts";
import type { ColumnSpec, SchemaField, StudySchema } from "./studySchema.ts";
import { ColumnKind, NO_FIELD } from "./studySchema.ts";
import { formatFieldValue } from "./values.ts";

type Content = readonly [kind: ColumnKind, argument: bigint];

/**
 * `active` first, then each field in schema order. Category: one-hot per category, then "is missing" unless required.
 * Numeric: value, validity unless required, a thermometer column per cut-point, ascending, then the digit columns.
 */
export function columnsOf(schema: StudySchema): ColumnSpec[] {
  const spec = (field: number, [kind, argument]: Content): ColumnSpec => ({
    id: columnId(schema.hash, field, kind, argument),
    field,
    kind,
    argument,
  });
  const active = spec(NO_FIELD, [ColumnKind.ACTIVE, 0n]);
  return [active, ...schema.fields.flatMap((field, f) => contentsOf(field).map((content) => spec(f, content)))];
}

/** How many columns `columnsOf` would give for this field. */
export function columnCount(field: SchemaField): number {
  const optional = field.required ? 0 : 1;
  if (field.type === "category") return field.categories.length + optional;
  return 1 + optional + field.cutPoints.length + digitPlaces(field).length;
}

function contentsOf(field: SchemaField): Content[] {
  if (field.type === "category") {
    const count = columnCount(field);
    return Array.from({ length: count }, (_, index): Content => [ColumnKind.ONE_HOT, BigInt(index)]);
  }
  const thermometers = field.cutPoints.map((cut): Content => [ColumnKind.THERMOMETER, cut]);
  const validity: Content[] = field.required ? [] : [[ColumnKind.VALIDITY, 0n]];
  const digits = digitPlaces(field).map((place): Content => [ColumnKind.DIGIT, digitArgument(place)]);
  return [[ColumnKind.VALUE, 0n], ...validity, ...thermometers, ...digits];
}

/** One committed column, for people. */
export interface ColumnDescription {
  readonly id: string;
  /** The field's name, or undefined for the column of no field. */
  readonly field: string | undefined;
  /** For example `arm = "control"`, `age >= 50`, `age (0 where missing)`, `age from 18: base-16 digit 1 is 3`. */
  readonly meaning: string;
}

/** In the order of `columnsOf`. */
export function describeColumns(schema: StudySchema): ColumnDescription[] {
  return columnsOf(schema).map((spec) => {
    const field = schema.fields[spec.field];
    return { id: spec.id, field: field?.name, meaning: field === undefined ? "row present" : meaningOf(field, spec) };
  });
}

function meaningOf(field: SchemaField, { kind, argument }: ColumnSpec): string {
  if (field.type === "category") {
    const missing = argument === BigInt(field.categories.length);
    return missing
      ? `${field.name} is missing`
      : `${field.name} = ${JSON.stringify(formatFieldValue(field, argument))}`;
  }
  if (kind === ColumnKind.THERMOMETER) return `${field.name} >= ${formatFieldValue(field, argument)}`;
  if (kind === ColumnKind.VALIDITY) return `${field.name} is present`;
  if (kind === ColumnKind.DIGIT) {
    const { position, digit } = digitPlace(argument);
    return `${field.name} from ${formatFieldValue(field, field.minimum)}: base-16 digit ${position} is ${digit}`;
  }
  return valueMeaning(field.name, field.decimals, field.required);
}

function valueMeaning(name: string, decimals: number, required: boolean): string {
  const scaled = decimals === 0 ? name : `${name} x 10^${decimals}`;
  return required ? scaled : `${scaled} (0 where missing)`;
}
