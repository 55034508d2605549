/**
 * What a query's use of a parameter says about its values. Each use gives a type and the values its comparison can
 * take; a parameter used twice takes the values that both uses allow.
 */
import type { ParameterBound } from "../messages/descriptor.ts";
import { ParameterKind } from "../messages/descriptor.ts";
import type { SchemaField } from "../schema/studySchema.ts";
import type { ResolvedField } from "./resolveNames.ts";
import type { Span, SqlText } from "./sqlText.ts";
import { refuse } from "./sqlText.ts";

export interface ParameterUse {
  readonly kind: ParameterKind;
  readonly field: number;
  readonly decimals: number;
  readonly allowed: AllowedValues;
}

/** Values a parameter may take: a list, ascending, or everything between two. */
export type AllowedValues = readonly bigint[] | { readonly minimum: bigint; readonly maximum: bigint };

export interface ParameterUses {
  /** @throws CodedError SQL_PARAMETER when this use contradicts an earlier one */
  add(index: number, on: ResolvedField, allowed: AllowedValues, span: Span): void;
  bounds(): ParameterBound[];
}

export function collectParameterUses(sql: SqlText): ParameterUses {
  const uses = new Map<number, ParameterUse>();
  const add: ParameterUses["add"] = (index, { index: field, field: { name }, field: on }, allowed, span) => {
    const use = { kind: kindOf(on), field, decimals: on.type === "category" ? 0 : on.decimals, allowed };
    const earlier = uses.get(index);
    if (earlier !== undefined && !sameType(earlier, use)) {
      throw refuse(
        sql,
        span,
        `the parameter is also compared with a column of another type; use two parameters`,
        "SQL_PARAMETER",
      );
    }
    const common = earlier === undefined ? allowed : inBoth(earlier.allowed, allowed);
    if (isNone(common)) {
      const why = earlier === undefined ? `no value of ${name} can be compared so` : "no value suits all its uses";
      throw refuse(
        sql,
        span,
        `${why}; the schema's cut-points decide which values a parameter may take`,
        "SQL_PARAMETER",
      );
    }
    uses.set(index, { ...(earlier ?? use), allowed: common });
  };
  const bounds = (): ParameterBound[] => sql.parameters.map((name, index) => boundOf(name, uses.get(index)!));
  return { add, bounds };
}

function boundOf(name: string, { kind, field, decimals, allowed }: ParameterUse): ParameterBound {
  if (!isList(allowed)) return { name, kind, field, decimals, ...allowed, allowed: [] };
  const minimum = allowed[0]!;
  const maximum = allowed.at(-1)!;
  const every = maximum - minimum + 1n === BigInt(allowed.length);
  return { name, kind, field, decimals, minimum, maximum, allowed: every ? [] : allowed };
}

function isList(allowed: AllowedValues): allowed is readonly bigint[] {
  return Array.isArray(allowed);
}

function isNone(allowed: AllowedValues): boolean {
  return isList(allowed) ? allowed.length === 0 : allowed.minimum > allowed.maximum;
}

function inBoth(a: AllowedValues, b: AllowedValues): AllowedValues {
  if (isList(a)) return a.filter((value) => isAllowed(b, value));
  if (isList(b)) return b.filter((value) => isAllowed(a, value));
  return {
    minimum: a.minimum > b.minimum ? a.minimum : b.minimum,
    maximum: a.maximum < b.maximum ? a.maximum : b.maximum,
  };
}

function isAllowed(allowed: AllowedValues, value: bigint): boolean {
  return isList(allowed) ? allowed.includes(value) : value >= allowed.minimum && value <= allowed.maximum;
}

/** Category indices mean something in one field only. */
function sameType(a: ParameterUse, b: ParameterUse): boolean {
  return a.kind === b.kind && a.decimals === b.decimals && (a.kind !== ParameterKind.CATEGORY || a.field === b.field);
}

function kindOf(field: SchemaField): ParameterKind {
  switch (field.type) {
    case "category":
      return ParameterKind.CATEGORY;
    case "integer":
      return ParameterKind.INTEGER;
    case "number":
      return ParameterKind.DECIMAL;
    case "date":
      return ParameterKind.DATE;
  }
}
