/** What the queries of one table do with its columns, all together: what its study must hold, and no more. */
import { columnTexts } from "./referenceDirectory.ts";
import type { CsvTable } from "./referenceDirectory.ts";
import { badQuery } from "./conformanceError.ts";
import { columnsIn, constantsOf, quoteText, readCondition } from "./conditionText.ts";
import type { ConditionToken } from "./conditionText.ts";
import type { Cuts } from "./searchableField.ts";
import type { Translation } from "./translations/translation.ts";

export interface ColumnUses {
  readonly column: string;
  readonly isCategory: boolean;
  /** Summed, or needed in its order. */
  readonly isNumber: boolean;
  readonly isSummed: boolean;
  /** Where it is needed in its order. */
  readonly cuts: Cuts | undefined;
  /** That it is compared with, in any query. */
  readonly constants: readonly ConditionToken[];
  readonly texts: readonly (string | null)[];
  /** The dictionary's. */
  readonly type: string;
}

/** @throws CodedError CONFORMANCE_BAD_QUERY when the translation names a column that its table has not */
export function checkColumns(id: string, translation: Translation, table: CsvTable): void {
  const derived = new Set(translation.derived.map(({ column }) => column));
  const named = [...translation.uses.keys(), ...(translation.equals === undefined ? [] : [translation.equals.column])];
  const unknown = named.find((column) => !table.columns.includes(column) && !derived.has(column));
  if (unknown !== undefined) throw badQuery(id, `the table ${table.name} has no column "${unknown}"`);
}

/**
 * In the table's order. Derived columns are columns of `table` here.
 *
 * @param cuts of columns whose order is asked
 */
export function usesOf(table: CsvTable, translations: readonly Translation[], cuts: Cuts): ColumnUses[] {
  const conditions = translations.map((translation) => conditionOf(translation, table.columns));
  return table.columns.flatMap((column) => {
    const uses = translations.map((translation) => translation.uses.get(column));
    const named = translations.flatMap((each) => (each.named ?? []).filter((constant) => constant.column === column));
    const constants = [
      ...conditions.flatMap((condition) => constantsOf(condition, column)),
      ...named.map(({ value }) => namedConstant(column, value)),
    ];
    const isNamed = conditions.some((condition) => columnsIn(condition).includes(column));
    if (!isNamed && uses.every((use) => use === undefined)) return [];
    return [
      {
        column,
        isCategory: uses.includes("category"),
        isNumber: uses.includes("number") || uses.includes("order"),
        isSummed: uses.includes("number") && !uses.includes("order"),
        cuts: uses.includes("order") ? cuts : undefined,
        constants,
        texts: columnTexts(table, column),
        type: table.fields.find(({ name }) => name === column)?.type ?? "string",
      },
    ];
  });
}

/** `where` and `where_equals` as one condition; no tokens when all rows count. */
export function conditionOf({ where, equals }: Translation, columns: readonly string[]): ConditionToken[] {
  const written = where === undefined ? [] : readCondition(where, columns);
  const equal = equals === undefined ? [] : equalityOf(equals.column, equals.value);
  if (written.length === 0 || equal.length === 0) return [...written, ...equal];
  return [other("("), ...written, other(") AND "), ...equal];
}

function equalityOf(column: string, value: string | null): ConditionToken[] {
  const name = { kind: "column", source: column, value: column, column, isOrdered: false } as const;
  if (value === null) return [name, other(" IS NULL")];
  return [name, other(" = "), namedConstant(column, value)];
}

function namedConstant(column: string, value: string): ConditionToken {
  return { kind: "text", source: quoteText(value), value, column, isOrdered: false };
}

function other(source: string): ConditionToken {
  return { kind: "other", source, value: source, column: undefined, isOrdered: false };
}
