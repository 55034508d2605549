/** A statement's SQL over the derived study. */
import { constantText } from "./studyField.ts";
import type { StudyField } from "./studyField.ts";
import type { ConditionToken } from "./conditionText.ts";
import { quoteName, writeCondition } from "./conditionText.ts";
import type { DerivedStudy } from "./derivedStudy.ts";
import type { Naming, Statement } from "./translations/translation.ts";

/** @param tokens the condition; none when all rows count */
export function statementSql(study: DerivedStudy, statement: Statement, tokens: readonly ConditionToken[]): string {
  const naming = namingOf(study);
  const field = fieldFinder(study);
  const condition = writeCondition(
    tokens,
    (column) => naming.column(column),
    (constant, column) => constantText(field(column), constant),
  );
  return [
    `SELECT ${statement.select(naming).join(", ")}`,
    `FROM ${quoteName(study.table)}`,
    ...(condition === "" ? [] : [`WHERE ${condition}`]),
    ...(statement.groupBy.length === 0
      ? []
      : [`GROUP BY ${statement.groupBy.map((column) => naming.column(column)).join(", ")}`]),
  ].join("\n");
}

export function namingOf(study: DerivedStudy): Naming {
  const field = fieldFinder(study);
  return {
    column: (column) => quoteName(field(column).name),
    constant: (column, value) => constantText(field(column), { value, source: value, isOrdered: false }),
    unit: (column) => {
      const found = field(column);
      return found.type === "category" ? 1 : 10 ** -found.decimals;
    },
  };
}

function fieldFinder({ fields }: DerivedStudy): (column: string) => StudyField {
  const known = new Map(fields.map((field) => [field.column, field]));
  return (column) => {
    const field = known.get(column);
    if (field === undefined) throw new Error(`the study has no field for column "${column}"`);
    return field;
  };
}
