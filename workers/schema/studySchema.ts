/**
 * A study's schema: one table, one row per subject. The JSON text is public and its keccak256 (over the exact UTF-8
 * bytes) is on chain; every party derives the same columns from it.
 *
 * Data types: a *scaled integer* is value × 10^decimals; a date is days since 1970-01-01; a category is its index in
 * `categories`. Scaled integers fit in 63 bits (|v| < 2^62), checked when the schema is read.
 */

import type { Permits } from "../messages/fieldRules.ts";
import type { Derivation, EventTable } from "./eventTable.ts";

export type FieldType = "category" | "integer" | "number" | "date";

interface FieldBase {
  readonly name: string;
  readonly title: string | undefined;
  /** True: a row without a value is an error, and validity = active. */
  readonly required: boolean;
  /** CSV texts that mean "missing" for this field, added to the schema's own. */
  readonly missingValues: readonly string[];
  /** Undefined: the field is a column of the owner's CSV. */
  readonly derived: Derivation | undefined;
}

/** One-hot encoded: equality, GROUP BY. */
export interface CategoryField extends FieldBase {
  readonly type: "category";
  /** CSV texts, in order; a value's scaled integer is its index here. */
  readonly categories: readonly string[];
  /**
   * The categories as numbers × 10^decimals, when every one is a canonical decimal ("0", "0.5", "-2") and no two are the
   * same number: then SUM and AVG are allowed, and comparisons by order.
   */
  readonly numeric: readonly bigint[] | undefined;
  /** The most digits that a category has after its decimal point; 0 where `numeric` is undefined. */
  readonly decimals: number;
}

/** Value, validity, thermometer and digit columns: sums, ranges at declared cut-points, ranges at any threshold. */
export interface NumericField extends FieldBase {
  readonly type: "integer" | "number" | "date";
  readonly unit: string | undefined;
  /** Digits after the decimal point kept exactly; 0 for integer and date. */
  readonly decimals: number;
  /** Inclusive bounds, scaled. */
  readonly minimum: bigint;
  readonly maximum: bigint;
  /** Strictly ascending scaled integers c in (minimum, maximum]; each gives a column [x >= c]. */
  readonly cutPoints: readonly bigint[];
  /** In a view of the schema through a policy (`query/permittedSchema.ts`): the columns could be cut at more values. */
  readonly isCoarsened?: true;
  /** How many base-16 digits of (value − minimum) are committed: those of the largest, or 0 without `search: digits`. */
  readonly digits: number;
}

/** Which two fields say how long each subject was followed, and whether the event ended it; otherwise it is censored. */
export interface TimeToEvent {
  /** Unique in the schema, also among the fields. */
  readonly name: string;
  readonly title: string | undefined;
  /** Index of an integer or number field. */
  readonly time: number;
  /** Index of a category field. */
  readonly status: number;
  /** Categories of `status` that are the event, ascending; at least one. */
  readonly event: readonly number[];
  /**
   * Where survival is asked: strictly ascending scaled values of `time`, each a cut-point unless the field has digits.
   * Undefined: the schema names none.
   */
  readonly grid: readonly bigint[] | undefined;
}

export type SchemaField = CategoryField | NumericField;

export interface StudySchema {
  readonly name: string;
  readonly title: string | undefined;
  /** The table's name in SQL. */
  readonly table: string;
  /** CSV header of the subject id; unique per file, never encoded, never shared. */
  readonly subject: string;
  readonly missingValues: readonly string[];
  readonly fields: readonly SchemaField[];
  /** Files that derived fields are computed from, at the owner. */
  readonly eventTables: readonly EventTable[];
  readonly timeToEvent: readonly TimeToEvent[];
  /** Index of the category field that says which site a row is of; undefined: the schema names none. */
  readonly site: number | undefined;
  /** In a view of the schema through a policy; absent: everything is permitted. */
  readonly permits?: Permits;
  /** keccak256 of the JSON text. */
  readonly hash: string;
}

/** Order and numbers are on chain (`columnsRoot` leaves): append only. */
export const ColumnKind = { ACTIVE: 0, ONE_HOT: 1, THERMOMETER: 2, DIGIT: 3, VALUE: 4, VALIDITY: 5 } as const;
export type ColumnKind = (typeof ColumnKind)[keyof typeof ColumnKind];

/** Field index of the column that belongs to no field (`active`). */
export const NO_FIELD = 0xffff;

export interface ColumnSpec {
  /** keccak256(abi.encode(bytes32 schemaHash, uint16 field, uint8 kind, int256 argument)) */
  readonly id: string;
  /** Index into `StudySchema.fields`, or NO_FIELD. */
  readonly field: number;
  readonly kind: ColumnKind;
  /**
   * ONE_HOT: category index, `categories.length` = missing. THERMOMETER: the scaled cut-point.
   * DIGIT: 16·position + digit. Others: 0.
   */
  readonly argument: bigint;
}
