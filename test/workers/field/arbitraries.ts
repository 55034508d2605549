/** Property inputs for the laws of a field. */

import type { Field } from "../../../workers/field/field.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { bigintModel } from "./bigintModel.ts";

const MAX_LENGTH = 40;

export interface Arbitraries {
  /** A residue, often an edge. */
  readonly element: fc.Arbitrary<bigint>;
  /** Integers of either sign up to r². */
  readonly integer: fc.Arbitrary<bigint>;
  /** `count` columns of one length. */
  vectors(count: number): fc.Arbitrary<bigint[][]>;
  /** Checks the law for many values; the vectors it makes are given back after every run. */
  forAll<Value>(values: fc.Arbitrary<Value>, law: (value: Value) => void): void;
}

export function arbitrariesOf(field: Field): Arbitraries {
  const { r, edges } = bigintModel(field);
  const element = fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(...edges) },
    { weight: 3, arbitrary: fc.bigInt({ min: 0n, max: r - 1n }) },
  );
  const vectorOf = (length: number): fc.Arbitrary<bigint[]> =>
    fc.array(element, { minLength: length, maxLength: length, size: "max" });
  return {
    element,
    integer: fc.bigInt({ min: -(r * r), max: r * r }),
    vectors: (count) =>
      fc
        .integer({ min: 0, max: MAX_LENGTH })
        .chain((length) => fc.tuple(...Array.from({ length: count }, () => vectorOf(length)))),
    forAll: (values, law) =>
      fc.assert(
        fc.property(values, (value) => {
          field.scope(() => {
            law(value);
            return undefined;
          });
        }),
        { numRuns: budget.propertyRuns },
      ),
  };
}
