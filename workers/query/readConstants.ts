/** Constants of a query in a field's own terms, exactly: no floating point. */
import type { CategoryField, NumericField } from "../schema/studySchema.ts";
import { parseDate } from "../schema/values.ts";
import { isCoded } from "../errors.ts";
import type { Relation, Value } from "./parsedQuery.ts";
import { listNames } from "./listNames.ts";
import { closeNames } from "./resolveNames.ts";
import type { SqlText } from "./sqlText.ts";
import { refuse } from "./sqlText.ts";

type Constant = Exclude<Value, { kind: "parameter" }>;

/** The scaled integers next to a constant: floor = ceiling when the field's scale holds it exactly. */
export interface ScaledConstant {
  readonly floor: bigint;
  readonly ceiling: bigint;
}

/** @throws CodedError SQL_TYPE */
export function readNumericConstant(sql: SqlText, field: NumericField, constant: Constant): ScaledConstant {
  if (field.type === "date") {
    const days = dateOf(constant);
    if (days === undefined) {
      throw refuse(sql, constant.span, `${field.name} is a date: write an existing date as 'YYYY-MM-DD'`, "SQL_TYPE");
    }
    return { floor: days, ceiling: days };
  }
  if (constant.kind === "text") {
    throw refuse(sql, constant.span, `${field.name} is a number: write it without quotes`, "SQL_TYPE");
  }
  return scale(constant.text, field.decimals);
}

/** Indices of the categories for which `category relation constant` is true. @throws CodedError SQL_TYPE | SQL_UNKNOWN_CATEGORY */
export function readCategoryConstant(
  sql: SqlText,
  field: CategoryField,
  relation: Relation,
  constant: Constant,
): number[] {
  if (relation !== "=" && relation !== "<>") return categoriesByOrder(sql, field, relation, constant);
  const equal = field.categories.findIndex((category, index) =>
    constant.kind === "text" ? category === constant.text : equalsNumber(field, index, constant.text),
  );
  if (constant.kind === "number" && field.numeric === undefined) {
    throw refuse(sql, constant.span, `${field.name} is a category: write its text in single quotes`, "SQL_TYPE");
  }
  if (equal < 0) throw refuse(sql, constant.span, unknownCategory(field, constant.text), "SQL_UNKNOWN_CATEGORY");
  const wanted = relation === "=";
  return field.categories.flatMap((_, index) => ((index === equal) === wanted ? [index] : []));
}

/** The scaled integers around a plain decimal text. */
export function scale(text: string, decimals: number): ScaledConstant {
  const [, sign, whole = "", fraction = ""] = /^(-?)(\d*)\.?(\d*)$/.exec(text)!;
  const kept = fraction.slice(0, decimals).padEnd(decimals, "0");
  const magnitude = BigInt(`0${whole}${kept}`);
  const exact = /^0*$/.test(fraction.slice(decimals));
  if (sign === "-") return { floor: exact ? -magnitude : -magnitude - 1n, ceiling: -magnitude };
  return { floor: magnitude, ceiling: exact ? magnitude : magnitude + 1n };
}

function dateOf(constant: Constant): bigint | undefined {
  if (constant.kind !== "text") return undefined;
  try {
    return parseDate(constant.text);
  } catch (error) {
    if (isCoded(error)) return undefined;
    throw error;
  }
}

function equalsNumber({ numeric, decimals }: CategoryField, index: number, text: string): boolean {
  const { floor, ceiling } = scale(text, decimals);
  return floor === ceiling && numeric?.[index] === floor;
}

/** Numbers by their value, texts by code point (the order of their UTF-8 bytes). */
function categoriesByOrder(sql: SqlText, field: CategoryField, relation: Relation, constant: Constant): number[] {
  if ((field.numeric === undefined) !== (constant.kind === "text")) {
    const instead = field.numeric === undefined ? "write its text in single quotes" : "write a number without quotes";
    throw refuse(sql, constant.span, `${field.name} is a category: ${instead}`, "SQL_TYPE");
  }
  const orders = field.numeric?.map((value) => orderOf(value, scale(constant.text, field.decimals)));
  const texts = (): number[] =>
    field.categories.map((text) => Buffer.compare(Buffer.from(text), Buffer.from(constant.text)));
  return (orders ?? texts()).flatMap((order, index) => (satisfies(order, relation) ? [index] : []));
}

function orderOf(value: bigint, { floor, ceiling }: ScaledConstant): number {
  return value < ceiling ? -1 : value > floor ? 1 : 0;
}

function satisfies(order: number, relation: Relation): boolean {
  switch (relation) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    default:
      return order >= 0;
  }
}

function unknownCategory(field: CategoryField, text: string): string {
  const quoted = (names: readonly string[]): string[] => names.map((name) => `'${name.replaceAll("'", "''")}'`);
  const close = quoted(closeNames(text, field.categories));
  if (close.length > 0) return `${field.name} has no such category; did you mean ${close.join(" or ")}?`;
  return `${field.name} has no such category; it has ${listNames(quoted(field.categories))}`;
}
