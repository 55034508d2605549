/** Powers of a scalar and the inverses of a whole vector: both run a recurrence through it. */
import { describe, it } from "node:test";

import type { Field, FieldVector } from "../../../workers/field/field.ts";
import { fc } from "../../support/fastCheck.ts";
import { assertRefused } from "../../support/refusals.ts";
import { arbitrariesOf } from "./arbitraries.ts";
import { bigintModel } from "./bigintModel.ts";

const SHORT_LENGTHS = Array.from({ length: 21 }, (_, length) => length);

export function powerLaws(field: Field): void {
  const model = bigintModel(field);
  const { r, edges, mod, of, assertCanonical, assertElements, assertEqual } = model;
  const { element, integer, forAll } = arbitrariesOf(field);
  const nonzero = (length: number, seed: string): bigint[] =>
    model.seeded(length, seed).map((value, index) => value || mod(BigInt(index % 7) + 2n));

  describe("powers", () => {
    it("starts at 1 and multiplies by x, for edges and every short length", () => {
      for (const x of [...edges, 2n, mod(5n), r - 2n, ...model.seeded(3, "powers")]) {
        for (const length of SHORT_LENGTHS) {
          assertCanonical(field.powers(x, length), model.powers(x, length), `${length} powers of ${x}`);
        }
      }
      assertElements(field.powers(0n, 3), [1n, 0n, 0n]);
      assertElements(field.powers(-1n, 5), [1n, r - 1n, 1n, r - 1n, 1n]);
    });

    it("reduces x first", () => {
      forAll(fc.tuple(integer, fc.nat(12)), ([x, length]) =>
        assertCanonical(field.powers(x, length), model.powers(x, length)),
      );
    });

    it("keeps long runs exact", () => {
      for (const x of [r - 1n, (r + 1n) / 2n, 3n, ...model.seeded(3, "long powers")]) {
        for (const length of [999, 1_000, 1_025, 8_193]) {
          field.scope(() => {
            assertElements(field.powers(x, length), model.powers(x, length), `${length} powers of ${x}`);
            return undefined;
          });
        }
      }
    });

    it("multiplies exponents up: x^i · x^j in every place", () => {
      forAll(fc.tuple(element, fc.nat(30), fc.nat(30)), ([x, from, length]) => {
        const powers = field.powers(x, from + length + 1);
        const shifted = field.scale(field.powers(x, length), model.powers(x, from + 1)[from] as bigint);
        assertEqual(field.view(powers, from, from + length), shifted);
      });
    });
  });

  describe("inverses of a vector", () => {
    function assertInverts(vector: FieldVector, values: readonly bigint[]): void {
      const inverses = field.invertEach(vector);
      assertCanonical(
        inverses,
        values.map((value) => field.invert(value)),
        `inverses of ${values.length}`,
      );
      assertElements(
        field.mul(inverses, vector),
        values.map(() => 1n),
      );
      assertElements(vector, values, "operand");
    }

    it("inverts every element, at every short length and in windows", () => {
      for (const length of SHORT_LENGTHS) {
        const values = nonzero(length, `inverses ${length}`);
        assertInverts(of(values), values);
        for (const offset of [1, 2, 3]) {
          const around = [...edges.slice(0, offset), ...values, 0n];
          assertInverts(field.view(of(around), offset, offset + length), values);
        }
      }
      const units = edges.filter((edge) => edge !== 0n);
      assertInverts(of(units), units);
    });

    it("inverts long vectors", () => {
      for (const length of [1_000, 1_025, 2_049]) {
        const values = nonzero(length, `inverses ${length}`);
        assertInverts(of(values), values);
      }
    });

    it("refuses zero with the index of the first, however zero came about", () => {
      const lengths = [...SHORT_LENGTHS, 33];
      for (const length of lengths) {
        const values = nonzero(length, `zero ${length}`);
        for (let index = 0; index < length; index++) {
          const withZero = values.with(index, 0n).with(length - 1, 0n);
          const vector = of(withZero);
          assertRefusesZero(vector, index);
          assertElements(vector, withZero, "operand");
          const one = of(values.map((_, position) => (position < index ? 0n : 1n)));
          assertRefusesZero(field.sub(field.add(vector, one), one), index);
          assertRefusesZero(field.view(of([0n, ...withZero]), 1, length + 1), index);
        }
      }
      assertRefusesZero(field.sub(of(edges), of(edges)), 0);
      assertRefusesZero(field.add(of([1n, r - 1n]), of([1n, 1n])), 1);
    });

    function assertRefusesZero(vector: FieldVector, index: number): void {
      assertRefused(() => field.invertEach(vector), { code: "FIELD_ZERO_INVERSE", index });
    }
  });
}
