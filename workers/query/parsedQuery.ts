/** A query after parsing: names as written, constants as text, every part with its place in the author's text. */
import type { Finish } from "../messages/descriptor.ts";
import type { Span, SqlText } from "./sqlText.ts";

export interface ColumnName {
  readonly name: string;
  readonly span: Span;
}

/** A constant or parameter to compare a column with. */
export type Value =
  | { readonly kind: "number"; readonly text: string; readonly span: Span }
  | { readonly kind: "text"; readonly text: string; readonly span: Span }
  | { readonly kind: "parameter"; readonly index: number; readonly span: Span };

export type Relation = "=" | "<>" | "<" | "<=" | ">" | ">=";

export type Condition =
  | {
      readonly kind: "compare";
      readonly column: ColumnName;
      readonly relation: Relation;
      readonly value: Value;
      readonly span: Span;
    }
  | {
      readonly kind: "between";
      readonly column: ColumnName;
      readonly negated: boolean;
      readonly lo: Value;
      readonly hi: Value;
      readonly span: Span;
    }
  | {
      readonly kind: "in";
      readonly column: ColumnName;
      readonly negated: boolean;
      readonly values: readonly Value[];
      readonly span: Span;
    }
  | { readonly kind: "null"; readonly column: ColumnName; readonly negated: boolean; readonly span: Span };

export type Aggregate = Exclude<Finish, typeof Finish.GROUP>;

export interface SelectItem {
  /** Undefined: a group column. */
  readonly aggregate: Aggregate | undefined;
  /** Undefined: COUNT(*). */
  readonly column: ColumnName | undefined;
  /** The AS name. */
  readonly alias: string | undefined;
  readonly span: Span;
}

export interface ParsedQuery {
  readonly sql: SqlText;
  readonly table: ColumnName;
  readonly select: readonly SelectItem[];
  /** All must be TRUE. */
  readonly where: readonly Condition[];
  readonly groupBy: readonly ColumnName[];
}
