/** Comparing finished numbers, and refusing those that JSON cannot hold. */
import assert from "node:assert/strict";

/** Equal within a relative tolerance, absolute below 1; null only to null. */
export function assertClose(
  actual: number | null,
  expected: number | null,
  what: string,
  tolerance = 1e-9,
  absolute = 1e-300,
): void {
  if (actual === null || expected === null) return assert.equal(actual, expected, what);
  const error = Math.abs(actual - expected);
  assert.ok(error <= Math.max(tolerance * Math.abs(expected), absolute), `${what}: ${actual} is not ${expected}`);
}

export function assertAllClose(
  actual: readonly (number | null)[],
  expected: readonly (number | null)[],
  what: string,
  tolerance?: number,
): void {
  assert.equal(actual.length, expected.length, what);
  for (const [index, value] of actual.entries()) {
    assertClose(value, expected[index]!, `${what}[${index}]`, tolerance);
  }
}

/** Everything in a result is finite, null, text or a flag: JSON gives it back unchanged. */
export function assertPlain(result: unknown): void {
  const again: unknown = JSON.parse(
    JSON.stringify(result, (_, value: unknown) => {
      assert.ok(typeof value !== "number" || Number.isFinite(value), `${String(value)} leaves`);
      assert.ok(value !== undefined, "undefined leaves");
      return value;
    }),
  );
  assert.deepEqual(dropSigns(again), dropSigns(result));
}

/** JSON has no −0. */
function dropSigns(value: unknown): unknown {
  if (typeof value === "number") return value + 0;
  if (Array.isArray(value)) return value.map(dropSigns);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, dropSigns(entry)]));
}
