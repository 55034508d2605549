/**
 * What every kind of reference query is translated to: statements of the query language, and how the answer of each is
 * compared. One file per kind or family beside this one; `translate.ts` lists them.
 */
import type { AnswerTable } from "../../../workers/statistics/finishAnswer.ts";
import type { JudgedCell, JudgedShape } from "../judge/judgedAnswer.ts";
import type { ReferenceQuery } from "../referenceQuery.ts";

/**
 * Why a column is needed beside being compared: as categories (grouped, tabulated, told apart), as numbers that are summed, or
 * as numbers in their order.
 */
export type ColumnUse = "category" | "number" | "order";

/** How names and constants of the file are written in SQL over the derived study. */
export interface Naming {
  column(column: string): string;
  /** A constant that the column is compared with by equality. */
  constant(column: string, value: string): string;
  /** The value of a number's last decimal; 1 for what is no number. */
  unit(column: string): number;
}

/** One column per subject that the owner computes from an event table: the largest value among the rows that count. */
export interface DerivedColumn {
  readonly column: string;
  readonly from: string;
  /** Column of both tables that names the subject. */
  readonly subject: string;
  /** As the file has it, and a term that the rows must have. */
  readonly where: string | undefined;
  readonly equals: { readonly column: string; readonly value: string } | undefined;
  /** Of the event table: a whole number from 1; subjects without a row that counts have 0. */
  readonly greatestOf: string;
}

export interface Statement {
  /** What follows SELECT, each with its alias where it has one. */
  select(naming: Naming): readonly string[];
  readonly groupBy: readonly string[];
  /** Names of the answer's columns in the report, in order. */
  readonly columns: readonly string[];
  /** What the judge needs to know to say which cells must be hidden; undefined: it knows no rules for this statistic. */
  readonly judged: JudgedShape | undefined;
  /** What is wrong, in words; nothing when all opened values are right and exactly the cells that must be are hidden. */
  compare(answer: AnswerTable, cells: readonly JudgedCell[], naming: Naming): readonly string[];
}

export interface Translation {
  readonly table: string;
  /** Of that table; the columns of `where` are found in its text. */
  readonly uses: ReadonlyMap<string, ColumnUse>;
  /** Constants of the statements themselves: they must be there to be named, whether a row has them or not. */
  readonly named?: readonly { readonly column: string; readonly value: string }[];
  readonly where: string | undefined;
  readonly equals: { readonly column: string; readonly value: string | null } | undefined;
  readonly derived: readonly DerivedColumn[];
  readonly statements: readonly Statement[];
}

export type Translated = Translation | { readonly unsupported: string };

export type TranslateKind = (query: ReferenceQuery) => Translated;
