/**
 * For a field that keeps its vectors in memory of its own: every operation leaves exactly its result behind, and what is
 * released comes back at once, however it was released.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { FieldVector } from "../../../workers/field/field.ts";
import type { WasmField } from "../../../workers/field/wasmField.ts";
import { wordsOf } from "./bigintModel.ts";
import { seededBytes } from "./seededBytes.ts";

const LENGTH = 1_001;
/** More elements of 40 bytes than 32-bit addresses reach: 5 GB. */
const MANY_ELEMENTS = 125_000_000;
const LONG = 250_001;

export function accountingSuite(name: string, field: WasmField): void {
  const r = field.modulus;
  const make = (length: number): FieldVector =>
    field.fromIntegers(Array.from({ length }, (_, index) => BigInt(index + 1)));

  /** `step` must leave as many bytes in use as there were. */
  function assertBalanced(step: () => void): void {
    const before = field.bytesInUse;
    step();
    assert.equal(field.bytesInUse, before);
  }

  describe(`${name} gives memory back`, () => {
    const operations: Record<string, (a: FieldVector, b: FieldVector) => FieldVector> = {
      add: (a, b) => field.add(a, b),
      sub: (a, b) => field.sub(a, b),
      mul: (a, b) => field.mul(a, b),
      scale: (a) => field.scale(a, 7n),
      axpy: (a, b) => field.axpy(r / 3n, a, b),
      "a short linear combination": (a, b) => field.linearCombination([1n, r / 5n], [a, b]),
      "a long linear combination": (a, b) =>
        field.linearCombination(
          Array.from({ length: 61 }, (_, term) => r / BigInt(term + 2)),
          Array.from({ length: 61 }, (_, term) => (term % 2 === 0 ? a : b)),
        ),
      invertEach: (a) => field.invertEach(a),
      powers: (a) => field.powers(5n, a.length),
      gather: (a) => field.gather(a, [3, 1, 2]),
      concat: (a, b) => field.concat([a, b, a]),
      view: (a) => field.view(a, 1, 5),
      random: () => field.random(LENGTH, seededBytes("accounting")),
      fromWords: (a) => field.fromWords(field.toWords(a)),
      zeros: () => field.zeros(LENGTH),
    };
    for (const [operation, compute] of Object.entries(operations)) {
      it(`after ${operation}, also on views at odd offsets`, () => {
        assertBalanced(() => {
          const [base, other] = [make(LENGTH + 3), make(LENGTH + 3)];
          const [a, b] = [field.view(base, 1, LENGTH + 1), field.view(other, 2, LENGTH + 2)];
          field.release(base, other);
          field.release(compute(a, b));
          field.release(compute(b, a));
          field.release(a, b);
        });
      });
    }

    it("after sums, products and comparisons, which make no vector", () => {
      assertBalanced(() => {
        const [a, b] = [make(LENGTH), make(LENGTH)];
        const before = field.bytesInUse;
        field.sum(a);
        field.innerProduct(a, b);
        field.outerCoefficients([a, b, a], [b, a, b]);
        field.equal(a, b);
        field.toWords(a);
        field.toResidues(a);
        assert.equal(field.bytesInUse, before);
        field.release(a, b);
      });
    });

    it("at the end of a scope, also of one that throws", () => {
      assertBalanced(() => {
        const kept = field.scope(() => [field.add(make(5), make(5)), make(7)]);
        field.release(...kept);
        assert.throws(() => field.scope(() => field.view(make(LENGTH), 1, 0)), { code: "ERR_ASSERTION" });
      });
    });

    it("when the vector goes before its views, or after", () => {
      assertBalanced(() => {
        const whole = make(LENGTH);
        const view = field.view(whole, 1, 2);
        const held = field.bytesInUse;
        field.release(whole);
        assert.equal(field.bytesInUse, held);
        field.release(view);
      });
      assertBalanced(() => {
        const whole = make(LENGTH);
        field.release(field.view(whole, 1, LENGTH));
        field.release(whole);
      });
    });

    it("when an operation is refused", () => {
      const foreign = wordsOf([1n, 2n, r]);
      assertBalanced(() => {
        const zeros = field.zeros(3);
        assert.throws(() => field.fromWords(foreign));
        assert.throws(() => field.invertEach(zeros));
        assert.throws(() => field.fromIntegers([0n, r]));
        assert.throws(() => field.gather(zeros, [0, 3]));
        assert.throws(() => field.random(3, () => new Uint8Array(1)));
        field.release(zeros);
      });
    });

    it("for more elements than its addresses reach, in one go", () => {
      assertBalanced(() => {
        const kept = field.fromIntegers([1n, 2n, 3n]);
        for (let made = 0; made < MANY_ELEMENTS; made += LONG) field.release(field.zeros(LONG));
        assert.deepEqual(field.toResidues(kept), [1n, 2n, 3n]);
        field.release(kept);
      });
    });

    it("says so when there is no more, and goes on", () => {
      assertBalanced(() => {
        assert.throws(() => field.zeros(2 ** 27), { name: "CodedError", code: "FIELD_OUT_OF_MEMORY" });
        field.release(field.zeros(1));
      });
    });
  });
}
