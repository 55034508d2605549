/**
 * Every operation at the lengths where an implementation may change its ways: an odd element left over, the end of a
 * block, of a pass over words, of a thread's part. Operands are windows that start at even and odd places.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { Field, FieldVector } from "../../../workers/field/field.ts";
import { assertBytes, bigintModel, wordsOf } from "./bigintModel.ts";

const SHORT_LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17];
const BLOCK_LENGTHS = [1023, 1024, 1025, 2047, 2048, 2049, 4095, 4096, 4097, 8191, 8192, 8193, 16_385];
/** Where the two operands start: every parity of either, equal and unequal. */
const OFFSETS = [
  [0, 0],
  [1, 0],
  [0, 1],
  [1, 1],
  [2, 3],
  [3, 2],
] as const;
const MARGIN = 4;

interface Operands {
  readonly a: FieldVector;
  readonly b: FieldVector;
  readonly x: readonly bigint[];
  readonly y: readonly bigint[];
  readonly what: string;
}

export function lengthLaws(field: Field): void {
  const model = bigintModel(field);
  const { r, mod, of, assertCanonical, assertElements } = model;
  const seeded = new Map(
    [...SHORT_LENGTHS, ...BLOCK_LENGTHS].map((length) => [
      length,
      [model.seeded(length + MARGIN, `a ${length}`), model.seeded(length + MARGIN, `b ${length}`)] as const,
    ]),
  );
  const scalars = model.seeded(8, "scalars").map((value, index) => (index % 2 === 0 ? value : -value));
  const scalarFor = (length: number): bigint => scalars[length % scalars.length] as bigint;

  /** Runs `law` on every length and offset; afterwards neither the operands nor what surrounds them has changed. */
  function forEachWindow(law: (operands: Operands) => void): void {
    for (const [length, [x, y]] of seeded) {
      field.scope(() => {
        const [left, right] = [of(x), of(y)];
        for (const [from, other] of OFFSETS) {
          field.scope(() => {
            law({
              a: field.view(left, from, from + length),
              b: field.view(right, other, other + length),
              x: x.slice(from, from + length),
              y: y.slice(other, other + length),
              what: `${length} elements at ${from} and ${other}`,
            });
            return undefined;
          });
        }
        assertElements(left, x, "left operand");
        assertElements(right, y, "right operand");
        return undefined;
      });
    }
  }

  describe("lengths around block edges, in windows", () => {
    it("adds", () => {
      forEachWindow(({ a, b, x, y, what }) => assertElements(field.add(a, b), model.add(x, y), what));
    });

    it("subtracts", () => {
      forEachWindow(({ a, b, x, y, what }) => assertElements(field.sub(a, b), model.sub(x, y), what));
    });

    it("multiplies", () => {
      forEachWindow(({ a, b, x, y, what }) => assertElements(field.mul(a, b), model.mul(x, y), what));
    });

    it("scales", () => {
      forEachWindow(({ a, x, what }) => {
        const k = scalarFor(x.length);
        assertElements(field.scale(a, k), model.scale(x, k), what);
      });
    });

    it("computes k·x + y", () => {
      forEachWindow(({ a, b, x, y, what }) => {
        const k = scalarFor(x.length);
        assertElements(field.axpy(k, a, b), model.axpy(k, x, y), what);
      });
    });

    it("combines linearly, with small and full weights", () => {
      forEachWindow(({ a, b, x, y, what }) => {
        for (const weights of [
          [3n, -5n, 1n],
          [scalarFor(x.length), 2n, r - 1n],
        ]) {
          const expected = model.linearCombination(weights, [x, y, x]);
          assertElements(field.linearCombination(weights, [a, b, a]), expected, what);
        }
      });
    });

    it("takes inner products and sums", () => {
      forEachWindow(({ a, b, x, y, what }) => {
        assert.equal(field.innerProduct(a, b), model.innerProduct(x, y), what);
        assert.equal(field.sum(a), model.sum(x), what);
      });
    });

    it("compares", () => {
      forEachWindow(({ a, b, x, what }) => {
        const length = x.length;
        assert(field.equal(a, of(x)) && field.equal(of(x), a), what);
        for (const index of new Set([0, 1, length >> 1, (length >> 1) + 1, length - 2, length - 1])) {
          if (index < 0 || index >= length) continue;
          const changed = of(x.with(index, mod((x[index] as bigint) + 1n)));
          assert(!field.equal(a, changed) && !field.equal(changed, a), `${what}, different at ${index}`);
        }
        if (length > 1) assert(!field.equal(a, field.view(a, 0, length - 1)), what);
        assert(field.equal(field.sub(field.add(a, b), b), a), what);
      });
    });

    it("concatenates", () => {
      forEachWindow(({ a, b, x, y, what }) => {
        assertElements(field.concat([a, b]), [...x, ...y], what);
        assertElements(field.concat([field.view(b, 0, Math.min(1, b.length)), a]), [...y.slice(0, 1), ...x], what);
      });
    });

    it("gathers", () => {
      forEachWindow(({ a, x, what }) => {
        const reversed = Uint32Array.from(x, (_, index) => x.length - 1 - index);
        assertElements(field.gather(a, reversed), x.toReversed(), what);
        const strided = Array.from(x, (_, index) => (index * 7 + 3) % x.length);
        const picked = strided.map((index) => x[index] as bigint);
        assertElements(field.gather(a, strided), picked, what);
      });
    });

    it("writes words and reads them, the last one below r only", () => {
      forEachWindow(({ a, x, what }) => {
        const words = wordsOf(x);
        assertBytes(field.toWords(a), words, what);
        assertElements(field.fromWords(words), x, what);
      });
    });

    it("writes canonical words of every result", () => {
      forEachWindow(({ a, b, x, y, what }) => {
        if (x.length > 1_025) return;
        const k = scalarFor(x.length);
        const weights = [k, 2n, r - 1n];
        assertCanonical(field.add(a, b), model.add(x, y), `sum of ${what}`);
        assertCanonical(field.sub(a, b), model.sub(x, y), `difference of ${what}`);
        assertCanonical(field.mul(a, b), model.mul(x, y), `product of ${what}`);
        assertCanonical(field.scale(a, k), model.scale(x, k), `multiple of ${what}`);
        assertCanonical(field.axpy(k, a, b), model.axpy(k, x, y), `axpy of ${what}`);
        const combination = model.linearCombination(weights, [x, y, x]);
        assertCanonical(field.linearCombination(weights, [a, b, a]), combination, `combination of ${what}`);
        assertCanonical(field.concat([b, a]), [...y, ...x], `concatenation of ${what}`);
      });
    });

    it("makes zeros of every length", () => {
      for (const length of seeded.keys()) {
        field.scope(() => {
          const zeros = new Array<bigint>(length).fill(0n);
          assertCanonical(field.zeros(length), zeros);
          return undefined;
        });
      }
    });
  });
}
