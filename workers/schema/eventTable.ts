/**
 * Event tables: files of the owner with many rows per subject (adverse events, laboratory values, visits), and how a
 * field of the study is computed from one. The owner computes before anything is encoded: no event leaves the hospital,
 * and a derived field has the same columns, bounds and checks as any other.
 */
import type { CategoryField, NumericField } from "./studySchema.ts";

export interface EventTable {
  /** Unique in the schema; the owner names the file by it. */
  readonly name: string;
  readonly title: string | undefined;
  /** CSV header of the subject id. */
  readonly subject: string;
  /** CSV texts that mean "missing" in every column. */
  readonly missingValues: readonly string[];
  /** What a row of a subject that is not in the study's table is: an error, or nothing. */
  readonly unknownSubjects: "refuse" | "ignore";
  readonly columns: readonly EventColumn[];
}

interface EventColumnBase {
  /** CSV header. */
  readonly name: string;
  readonly title: string | undefined;
  /** All CSV texts that mean "missing" here. */
  readonly missingValues: readonly string[];
}

export interface TextColumn extends EventColumnBase {
  readonly type: "text";
}

export interface CategoryColumn extends EventColumnBase, Pick<CategoryField, "type" | "categories"> {}

export interface NumericColumn
  extends EventColumnBase, Pick<NumericField, "type" | "unit" | "decimals" | "minimum" | "maximum"> {}

export type EventColumn = TextColumn | CategoryColumn | NumericColumn;

/** A text as it is; of other types the scaled integer, as of a field. */
export type EventValue = bigint | string;

export type Order = "<" | "<=" | ">" | ">=";

/** On one column. As in SQL it is not true where the value is missing, but for `isNull`. */
export type EventCondition =
  /** Index into the table's columns. */
  | { readonly column: number; readonly relation: "isNull" }
  | { readonly column: number; readonly relation: "isNotNull" }
  | { readonly column: number; readonly relation: "="; readonly value: EventValue }
  | { readonly column: number; readonly relation: "<>"; readonly value: EventValue }
  | { readonly column: number; readonly relation: Order; readonly value: bigint }
  | { readonly column: number; readonly relation: "in"; readonly values: readonly EventValue[] }
  /** Inclusive. */
  | { readonly column: number; readonly relation: "between"; readonly values: readonly [bigint, bigint] };

interface DerivationBase {
  /** Index into `StudySchema.eventTables`. */
  readonly from: number;
  /** All must be true of an event that counts. */
  readonly where: readonly EventCondition[];
}

export interface CountingDerivation extends DerivationBase {
  readonly aggregate: "count" | "exists";
}

export interface ValueDerivation extends DerivationBase {
  readonly aggregate: "max" | "latest" | "sum" | "sumSquares";
  /** The column that is aggregated; events without a value there do not count. */
  readonly of: number;
  /** For `latest`: the column that orders the events; those without a value there do not count. Otherwise undefined. */
  readonly by: number | undefined;
  /** The field's scaled integer for subjects of whom no event counts; undefined = missing. */
  readonly default: bigint | undefined;
}

/** How a field's value follows from the events of its subject. */
export type Derivation = CountingDerivation | ValueDerivation;
