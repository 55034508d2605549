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

/** What WHERE says, as written: three-valued, NOT anywhere. */
export type ConditionTree =
  | Condition
  | { readonly kind: "and" | "or"; readonly parts: readonly ConditionTree[]; readonly span: Span }
  | { readonly kind: "not"; readonly part: ConditionTree; readonly span: Span };

export type Aggregate = Exclude<Finish, typeof Finish.GROUP>;

/** What a function of the SELECT list is of. */
export type Argument =
  | { readonly kind: "column"; readonly column: ColumnName; readonly span: Span }
  /** INDICATOR(condition): 1 where it is TRUE. */
  | { readonly kind: "indicator"; readonly condition: ConditionTree; readonly span: Span }
  /** `event = 2`, as KAPLAN_MEIER, LOGRANK and ALLOCATION take it. */
  | { readonly kind: "condition"; readonly condition: ConditionTree; readonly span: Span }
  /** A break of HISTOGRAM or a probability of QUANTILE, as written. */
  | { readonly kind: "number"; readonly text: string; readonly span: Span }
  /** A break of a date's HISTOGRAM. */
  | { readonly kind: "text"; readonly text: string; readonly span: Span };

export type OptionName = "TYPE" | "STRATA" | "PRIOR" | "POWER" | "EXTERNAL" | "WEIGHT" | "GRID";

/** A word and what follows it up to the next word: `PRIOR 1, 1`. */
export interface Option {
  readonly name: OptionName;
  readonly values: readonly Argument[];
  readonly span: Span;
}

/** A column of GROUP BY, or `BIN(column, cut, …)`. */
export interface GroupKey {
  readonly column: ColumnName;
  /** Numbers or dates as written; undefined: not binned. */
  readonly cuts: readonly Value[] | undefined;
  readonly span: Span;
}

export interface SelectItem {
  /** Undefined: a group key. */
  readonly aggregate: Aggregate | undefined;
  /** Of a group key. */
  readonly key: GroupKey | undefined;
  /** None: a group key, or COUNT(*). */
  readonly arguments: readonly Argument[];
  readonly options: readonly Option[];
  /** The AS name. */
  readonly alias: string | undefined;
  readonly span: Span;
}

export interface ParsedQuery {
  readonly sql: SqlText;
  readonly table: ColumnName;
  readonly select: readonly SelectItem[];
  /** Undefined: every row. */
  readonly where: ConditionTree | undefined;
  readonly groupBy: readonly GroupKey[];
}
