/** Reads what a statistic of several numbers puts in one place of an answer. */
import { isHidden } from "../../../workers/statistics/hidden.ts";
import type { JsonRecord, JsonValue, ReferenceQuery } from "../referenceQuery.ts";
import { isRecord } from "../referenceQuery.ts";
import { badQuery } from "../conformanceError.ts";
import { compareValue } from "./compareValues.ts";
import type { Tolerance } from "./compareValues.ts";

/** Undefined where there is nothing of that name. */
export function read(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inside, key) => {
    return typeof inside === "object" && inside !== null
      ? (inside as Record<string | number, unknown>)[key]
      : undefined;
  }, value);
}

export function readList(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const list = read(value, ...path);
  return Array.isArray(list) ? (list as readonly unknown[]) : [];
}

/** The records in `expected` under a key. @throws CodedError CONFORMANCE_BAD_QUERY */
export function expectedRecords({ id, expected }: ReferenceQuery, key: string): readonly JsonRecord[] {
  const list = expected[key];
  if (Array.isArray(list) && (list as readonly JsonValue[]).every(isRecord)) return list as readonly JsonRecord[];
  throw badQuery(id, `"expected" has no list of "${key}"`);
}

export function expectedList(record: JsonRecord, key: string): readonly JsonValue[] {
  const list = record[key];
  return Array.isArray(list) ? (list as readonly JsonValue[]) : [];
}

/** A value whose cells are shown or hidden: it must be as the judge says, and right where it is shown. */
export function compareShown(
  what: string,
  got: unknown,
  expected: JsonValue | undefined,
  tolerance: Tolerance,
  mustHide: boolean,
): string[] {
  if (isHidden(got) !== mustHide)
    return [`${what} is ${mustHide ? "shown and must not be" : "hidden and need not be"}`];
  if (mustHide || expected === undefined) return [];
  return [compareValue(what, got, expected, tolerance)].filter((problem) => problem !== undefined);
}
