/** What a random case's picks say of a compiled query's parameters, and rows in an order that does not matter. */
import type { ParameterBound } from "../../../workers/messages/descriptor.ts";
import type { AnswerTable } from "../../../workers/statistics/finishAnswer.ts";
import type { RandomCase } from "./randomQuery.ts";

/** Scaled integers within the bounds. */
export function pickedParameters({ picks }: Pick<RandomCase, "picks">, bounds: readonly ParameterBound[]): bigint[] {
  return bounds.map((bound, index) => pick(bound, picks[index]!));
}

function pick({ allowed, minimum, maximum }: ParameterBound, number: number): bigint {
  if (allowed.length > 0) return allowed[number % allowed.length]!;
  return minimum + (BigInt(number) % (maximum - minimum + 1n));
}

export function sortedRows(rows: AnswerTable["rows"]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}
