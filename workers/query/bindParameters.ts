/** A querier's parameters to scaled integers within their bounds. Parameters are public, so messages quote them. */
import { CodedError, isCoded } from "../errors.ts";
import type { ParameterBound } from "../messages/descriptor.ts";
import { ParameterKind } from "../messages/descriptor.ts";
import type { SchemaField, StudySchema } from "../schema/studySchema.ts";
import { formatDate, formatScaled, parseDate, parseScaled } from "../schema/values.ts";
import { nearest } from "./cutPoints.ts";
import { listNames } from "./listNames.ts";
import { closeNames } from "./resolveNames.ts";

export type ParameterErrorDetail =
  | { readonly code: "PARAMETER_MISSING"; readonly parameter: string }
  | { readonly code: "PARAMETER_UNKNOWN"; readonly parameter: string; readonly expected: readonly string[] }
  | { readonly code: "PARAMETER_TYPE"; readonly parameter: string; readonly given: string }
  | {
      readonly code: "PARAMETER_OUT_OF_BOUNDS";
      readonly parameter: string;
      readonly given: string;
      readonly minimum: string;
      readonly maximum: string;
      /** The allowed values next to the given one. */
      readonly nearest: readonly string[];
    }
  | { readonly code: "PARAMETER_COUNT"; readonly expected: number; readonly given: number };

/**
 * @returns one scaled integer per bound, in order
 * @throws CodedError PARAMETER_*
 */
export function bindParameters(
  bounds: readonly ParameterBound[],
  schema: StudySchema,
  given: Readonly<Record<string, string | number>>,
): bigint[] {
  const names = bounds.map(({ name }) => name);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const expected =
      names.length === 0 ? "the query has no parameters" : `it has ${listNames(names.map((name) => `:${name}`))}`;
    throw failure(
      { code: "PARAMETER_UNKNOWN", parameter: unknown, expected: names },
      `there is no parameter :${unknown}; ${expected}`,
    );
  }
  const values = bounds.map((bound) => {
    if (!Object.hasOwn(given, bound.name)) {
      throw failure({ code: "PARAMETER_MISSING", parameter: bound.name }, `the parameter :${bound.name} is not given`);
    }
    return readParameter(bound, schema.fields[bound.field], String(given[bound.name]));
  });
  checkParameters(bounds, values, schema);
  return values;
}

/** @throws CodedError PARAMETER_COUNT | PARAMETER_OUT_OF_BOUNDS */
export function checkParameters(
  bounds: readonly ParameterBound[],
  values: readonly bigint[],
  schema?: StudySchema,
): void {
  if (bounds.length !== values.length) {
    const detail = { code: "PARAMETER_COUNT", expected: bounds.length, given: values.length } as const;
    throw failure(detail, `${bounds.length} parameters are needed, ${values.length} are given`);
  }
  bounds.forEach((bound, index) => checkValue(bound, values[index]!, schema?.fields[bound.field]));
}

/** A parameter's value as people write it. */
export function formatParameter(bound: ParameterBound, value: bigint, field?: SchemaField): string {
  if (bound.kind === ParameterKind.DATE) return formatDate(value);
  if (bound.kind !== ParameterKind.CATEGORY) return formatScaled(value, bound.decimals);
  return (field?.type === "category" ? field.categories[Number(value)] : undefined) ?? String(value);
}

function readParameter(bound: ParameterBound, field: SchemaField | undefined, given: string): bigint {
  const detail = { code: "PARAMETER_TYPE", parameter: bound.name, given } as const;
  if (bound.kind === ParameterKind.CATEGORY) {
    const categories = field?.type === "category" ? field.categories : [];
    const index = categories.indexOf(given);
    if (index >= 0) return BigInt(index);
    const close = closeNames(given, categories);
    const hint = close.length > 0 ? `did you mean ${listNames(close)}?` : `it may be ${listNames(categories)}`;
    throw failure(detail, `:${bound.name} has no category ${JSON.stringify(given)}; ${hint}`);
  }
  try {
    return bound.kind === ParameterKind.DATE ? parseDate(given) : parseScaled(given, bound.decimals);
  } catch (cause) {
    if (!isCoded(cause)) throw cause;
    throw failure(detail, `:${bound.name} = ${JSON.stringify(given)}: ${cause.message}`, { cause });
  }
}

function checkValue(bound: ParameterBound, value: bigint, field: SchemaField | undefined): void {
  const { name, minimum, maximum, allowed } = bound;
  const inside = value >= minimum && value <= maximum;
  if (inside && (allowed.length === 0 || allowed.includes(value))) return;
  const show = (shown: bigint): string => displayed(bound, shown, field);
  const choices = allowed.length > 0 ? allowed : [minimum, maximum];
  const close = inside || allowed.length > 0 ? nearest(choices, value) : [value < minimum ? minimum : maximum];
  const texts = { given: show(value), minimum: show(minimum), maximum: show(maximum), nearest: close.map(show) };
  const limits = inside ? "is not a value it may take" : `is not between ${texts.minimum} and ${texts.maximum}`;
  const problem = `:${name} = ${texts.given} ${limits}; the nearest allowed: ${texts.nearest.join(", ")}`;
  throw failure({ code: "PARAMETER_OUT_OF_BOUNDS", parameter: name, ...texts }, problem);
}

/** Dates far outside any calendar still need a text. */
function displayed(bound: ParameterBound, value: bigint, field: SchemaField | undefined): string {
  const calendar = value > -1_000_000n && value < 100_000_000n;
  return bound.kind === ParameterKind.DATE && !calendar ? `day ${value}` : formatParameter(bound, value, field);
}

function failure(
  detail: ParameterErrorDetail,
  message: string,
  options?: ErrorOptions,
): CodedError<ParameterErrorDetail> {
  return new CodedError<ParameterErrorDetail>(detail, message, options);
}
