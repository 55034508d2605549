/**
 * The laws of a `Field`, for every implementation and modulus: ring laws, canonical words, windows, integers of either
 * sign, and which elements `random` draws from a given byte stream. Knows nothing of how elements are stored.
 *
 * @param name of the implementation, for the report
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import fc from "fast-check";

import { isCoded } from "../../../workers/errors.ts";
import type { Field, FieldVector, RandomBytes } from "../../../workers/field/field.ts";
import { budget } from "../../budget.ts";
import { assertUniform } from "./chiSquare.ts";
import { scriptedBytes, seededBytes } from "./seededBytes.ts";

const MAX_LENGTH = 40;

export function lawSuite(name: string, field: Field): void {
  const r = field.modulus;
  const edges = [0n, 1n, r - 1n, (r - 1n) / 2n, (r + 1n) / 2n];
  const runs = { numRuns: budget.propertyRuns };

  const element = fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(...edges) },
    { weight: 3, arbitrary: fc.bigInt({ min: 0n, max: r - 1n }) },
  );
  const vectorOf = (length: number): fc.Arbitrary<bigint[]> =>
    fc.array(element, { minLength: length, maxLength: length, size: "max" });
  /** `count` vectors of one length. */
  const vectors = (count: number): fc.Arbitrary<bigint[][]> =>
    fc
      .integer({ min: 0, max: MAX_LENGTH })
      .chain((length) => fc.tuple(...Array.from({ length: count }, () => vectorOf(length))));
  const mod = (value: bigint): bigint => ((value % r) + r) % r;
  const of = (values: readonly bigint[]): FieldVector => field.fromIntegers(values);

  function assertElements(vector: FieldVector, expected: readonly bigint[]): void {
    assert.equal(vector.length, expected.length);
    assert.deepEqual(field.toResidues(vector), expected);
  }

  function assertEqual(left: FieldVector, right: FieldVector): void {
    assert(field.equal(left, right) && field.equal(right, left));
    assert.deepEqual(field.toResidues(left), field.toResidues(right));
  }

  describe(`${name} as a Field`, () => {
    describe("arithmetic", () => {
      it("adds, subtracts and multiplies every pair of edges as integers modulo r", () => {
        const left = edges.flatMap((edge) => edges.map(() => edge));
        const right = edges.flatMap(() => edges);
        const compute = (operation: (x: bigint, y: bigint) => bigint): bigint[] =>
          left.map((x, index) => mod(operation(x, right[index] as bigint)));
        assertElements(
          field.add(of(left), of(right)),
          compute((x, y) => x + y),
        );
        assertElements(
          field.sub(of(left), of(right)),
          compute((x, y) => x - y),
        );
        assertElements(
          field.mul(of(left), of(right)),
          compute((x, y) => x * y),
        );
      });

      it("agrees with bigint arithmetic", () => {
        const property = fc.property(vectors(2), element, ([a = [], b = []], k) => {
          const each = (operation: (x: bigint, y: bigint) => bigint): bigint[] =>
            a.map((x, index) => mod(operation(x, b[index] as bigint)));
          assertElements(
            field.add(of(a), of(b)),
            each((x, y) => x + y),
          );
          assertElements(
            field.sub(of(a), of(b)),
            each((x, y) => x - y),
          );
          assertElements(
            field.mul(of(a), of(b)),
            each((x, y) => x * y),
          );
          assertElements(
            field.scale(of(a), k),
            each((x) => x * k),
          );
        });
        fc.assert(property, runs);
      });

      it("is a commutative ring", () => {
        const property = fc.property(vectors(3), ([x = [], y = [], z = []]) => {
          const [a, b, c] = [of(x), of(y), of(z)];
          const zero = field.zeros(x.length);
          const one = of(x.map(() => 1n));
          assertEqual(field.add(a, b), field.add(b, a));
          assertEqual(field.mul(a, b), field.mul(b, a));
          assertEqual(field.add(field.add(a, b), c), field.add(a, field.add(b, c)));
          assertEqual(field.mul(field.mul(a, b), c), field.mul(a, field.mul(b, c)));
          assertEqual(field.mul(a, field.add(b, c)), field.add(field.mul(a, b), field.mul(a, c)));
          assertEqual(field.add(a, zero), a);
          assertEqual(field.mul(a, one), a);
          assertEqual(field.mul(a, zero), zero);
          assertEqual(field.sub(a, a), zero);
          assertEqual(field.sub(a, b), field.add(a, field.scale(b, -1n)));
        });
        fc.assert(property, runs);
      });

      it("leaves its operands unchanged, also when both are the same vector", () => {
        const property = fc.property(vectors(2), element, ([x = [], y = []], k) => {
          const [a, b] = [of(x), of(y)];
          for (const operation of [field.add, field.sub, field.mul] as const) {
            operation.call(field, a, b);
            operation.call(field, a, a);
          }
          field.scale(a, k);
          field.linearCombination([k, 1n, k], [a, b, a]);
          assertElements(a, x);
          assertElements(b, y);
          assertElements(
            field.mul(a, a),
            x.map((value) => mod(value * value)),
          );
        });
        fc.assert(property, runs);
      });

      it("combines linearly with weights of either sign and size", () => {
        const weight = fc.oneof(element, fc.bigInt({ min: -(r * r), max: r * r }));
        const property = fc.property(vectors(3), fc.tuple(weight, weight, weight), (columns, weights) => {
          const expected = (columns[0] ?? []).map((_, index) =>
            mod(columns.reduce((sum, column, term) => sum + (column[index] as bigint) * (weights[term] as bigint), 0n)),
          );
          assertElements(field.linearCombination(weights, columns.map(of)), expected);
        });
        fc.assert(property, runs);
      });

      it("sums and takes inner products, of nothing too", () => {
        const property = fc.property(vectors(2), ([a = [], b = []]) => {
          const product = a.reduce((sum, x, index) => sum + x * (b[index] as bigint), 0n);
          assert.equal(field.innerProduct(of(a), of(b)), mod(product));
          assert.equal(field.sum(of(a)), mod(a.reduce((sum, x) => sum + x, 0n)));
        });
        fc.assert(property, runs);
        assert.equal(field.sum(field.zeros(0)), 0n);
        assert.equal(field.innerProduct(field.zeros(0), field.zeros(0)), 0n);
      });

      it("keeps a long inner product of the largest elements exact", () => {
        const length = 10_000;
        const largest = of(Array.from({ length }, () => r - 1n));
        assert.equal(field.innerProduct(largest, largest), mod(BigInt(length)));
        assert.equal(field.sum(largest), mod(-BigInt(length)));
      });

      it("refuses operands of unequal length, as a bug", () => {
        const [short, long] = [field.zeros(2), field.zeros(3)];
        for (const [left, right] of [
          [short, long],
          [long, short],
        ] as const) {
          assert.throws(() => field.add(left, right), { code: "ERR_ASSERTION" });
          assert.throws(() => field.sub(left, right), { code: "ERR_ASSERTION" });
          assert.throws(() => field.mul(left, right), { code: "ERR_ASSERTION" });
          assert.throws(() => field.innerProduct(left, right), { code: "ERR_ASSERTION" });
        }
        assert.throws(() => field.linearCombination([1n, 1n], [short, long]), { code: "ERR_ASSERTION" });
        assert.throws(() => field.linearCombination([1n], [short, short]), { code: "ERR_ASSERTION" });
        assert.throws(() => field.linearCombination([], []), { code: "ERR_ASSERTION" });
        assert.equal(field.equal(short, long), false);
      });
    });

    describe("scalars", () => {
      it("reduces integers of either sign", () => {
        fc.assert(
          fc.property(fc.bigInt({ min: -(r * r), max: r * r }), (value) =>
            assert.equal(field.reduce(value), mod(value)),
          ),
          runs,
        );
        for (const [value, expected] of [
          [r, 0n],
          [-r, 0n],
          [r + 1n, 1n],
          [-1n, r - 1n],
        ] as const) {
          assert.equal(field.reduce(value), expected);
        }
      });

      it("inverts everything but zero", () => {
        fc.assert(
          fc.property(element, (value) => {
            fc.pre(value !== 0n);
            const inverse = field.invert(value);
            assert(inverse > 0n && inverse < r);
            assert.equal(mod(inverse * value), 1n);
          }),
          runs,
        );
        assert.equal(field.invert(1n), 1n);
        assert.equal(field.invert(r - 1n), r - 1n);
        assert.equal(field.invert(-1n), r - 1n);
        for (const zero of [0n, r, -r]) {
          assert.throws(
            () => field.invert(zero),
            (error) => isCoded(error, "FIELD_ZERO_INVERSE"),
          );
        }
      });

      it("reads the upper half as negative integers", () => {
        for (const [residue, signed] of [
          [0n, 0n],
          [1n, 1n],
          [(r - 1n) / 2n, (r - 1n) / 2n],
          [(r + 1n) / 2n, -(r - 1n) / 2n],
          [r - 1n, -1n],
        ] as const) {
          assert.equal(field.toSigned(residue), signed);
        }
        fc.assert(
          fc.property(element, (value) => assert.equal(field.reduce(field.toSigned(value)), value)),
          runs,
        );
        for (const foreign of [-1n, r]) assert.throws(() => field.toSigned(foreign), { code: "ERR_ASSERTION" });
      });
    });

    describe("integers", () => {
      it("takes either sign below the modulus, from arrays and typed arrays", () => {
        assertElements(of([-1n, 1n - r, r - 1n, 0n]), [r - 1n, 1n, r - 1n, 0n]);
        const largest = r > 1n << 64n ? (1n << 63n) - 1n : (r - 1n) / 2n;
        const typed = BigInt64Array.of(-1n, 0n, largest, -largest);
        assertElements(field.fromIntegers(typed), [r - 1n, 0n, largest, r - largest]);
      });

      it("refuses integers that would need reduction, as a bug", () => {
        for (const value of [r, -r, r * 2n]) assert.throws(() => of([0n, value]), { code: "ERR_ASSERTION" });
      });
    });

    describe("words", () => {
      it("writes 32 bytes big-endian and reads them back", () => {
        fc.assert(
          fc.property(vectors(1), ([values = []]) => {
            const words = field.toWords(of(values));
            assert.deepEqual(Buffer.from(words), Buffer.from(values.map(wordHex).join(""), "hex"));
            assertElements(field.fromWords(words), values);
          }),
          runs,
        );
      });

      it("reads from the middle of a buffer, and keeps no reference to it", () => {
        const buffer = Buffer.from(`ffffff${edges.map(wordHex).join("")}ff`, "hex");
        const vector = field.fromWords(buffer.subarray(3, -1));
        buffer.fill(0);
        assertElements(vector, edges);
      });

      it("hands out bytes that do not lead back into the vector", () => {
        const vector = of(edges);
        field.toWords(vector).fill(0xff);
        field.toResidues(vector).fill(7n);
        assertElements(vector, edges);
      });

      it("refuses words that are not below r, with the index of the first", () => {
        const foreign = [r, r + 1n, (1n << 256n) - 1n, 1n << 255n].filter((value) => value < 1n << 256n);
        for (const value of foreign) {
          for (const index of [0, 1, 4]) {
            const values = [...edges, ...edges];
            values[index] = value;
            values[7] = value;
            assert.throws(
              () => field.fromWords(Buffer.from(values.map(wordHex).join(""), "hex")),
              (error) => {
                assert(isCoded(error, "FIELD_NOT_CANONICAL"));
                assert.deepEqual(error.detail, { code: "FIELD_NOT_CANONICAL", index });
                assert.equal(error.message, `field element ${index} is not below the modulus`);
                return true;
              },
            );
          }
        }
      });

      it("refuses bytes that are not whole words", () => {
        for (const bytes of [1, 31, 33, 63]) {
          assert.throws(
            () => field.fromWords(new Uint8Array(bytes)),
            (error) => {
              assert(isCoded(error, "FIELD_LENGTH"));
              assert.deepEqual(error.detail, { code: "FIELD_LENGTH", bytes });
              return true;
            },
          );
        }
        assert.equal(field.fromWords(new Uint8Array(0)).length, 0);
      });
    });

    describe("windows", () => {
      it("views [from, to), and views of views, like array slices", () => {
        const property = fc.property(
          vectors(1),
          fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
          ([values = []], cuts) => {
            const [from, to] = window(values.length, cuts[0] as number, cuts[1] as number);
            const outer = field.view(of(values), from, to);
            assertElements(outer, values.slice(from, to));
            const [innerFrom, innerTo] = window(to - from, cuts[2] as number, cuts[3] as number);
            assertElements(field.view(outer, innerFrom, innerTo), values.slice(from, to).slice(innerFrom, innerTo));
          },
        );
        fc.assert(property, runs);
      });

      it("computes on views as on copies, overlapping ones too", () => {
        const values = [...edges, ...edges];
        const whole = of(values);
        const [low, high] = [field.view(whole, 0, 6), field.view(whole, 3, 9)];
        const [lowCopy, highCopy] = [of(values.slice(0, 6)), of(values.slice(3, 9))];
        assertEqual(field.add(low, high), field.add(lowCopy, highCopy));
        assertEqual(field.mul(high, high), field.mul(highCopy, highCopy));
        assert.equal(field.innerProduct(low, high), field.innerProduct(lowCopy, highCopy));
        assert.equal(field.sum(high), field.sum(highCopy));
        assert.deepEqual(field.toWords(high), field.toWords(highCopy));
        assertEqual(field.gather(high, [5, 0]), field.gather(highCopy, [5, 0]));
        assertElements(whole, values);
      });

      it("refuses windows that leave the vector, as a bug", () => {
        for (const [from, to] of [
          [-1, 2],
          [0, 4],
          [2, 1],
          [0.5, 1],
          [0, Number.NaN],
        ] as const) {
          assert.throws(() => field.view(field.zeros(3), from, to), { code: "ERR_ASSERTION" });
        }
        assert.throws(() => field.view(field.view(field.zeros(3), 0, 1), 0, 2), { code: "ERR_ASSERTION" });
      });

      it("concatenates in order: of nothing, of empty vectors, of one vector twice", () => {
        const property = fc.property(fc.array(vectors(1), { maxLength: 5 }), (parts) => {
          const values = parts.map(([part = []]) => part);
          assertElements(field.concat(values.map(of)), values.flat());
        });
        fc.assert(property, runs);
        const twice = of(edges);
        assertElements(field.concat([twice, field.zeros(0), twice]), [...edges, ...edges]);
        assert.equal(field.concat([]).length, 0);
      });

      it("gathers in any order, repeatedly", () => {
        const property = fc.property(vectors(1), fc.array(fc.nat()), ([values = []], picks) => {
          fc.pre(values.length > 0);
          const indices = picks.map((pick) => pick % values.length);
          const expected = indices.map((index) => values[index] as bigint);
          assertElements(field.gather(of(values), indices), expected);
          assertElements(field.gather(of(values), Uint32Array.from(indices)), expected);
        });
        fc.assert(property, runs);
        for (const index of [-1, 3, 0.5]) {
          assert.throws(() => field.gather(field.zeros(3), [index]), { code: "ERR_ASSERTION" });
        }
      });
    });

    describe("random", () => {
      it("masks draws to the modulus' bits and rejects those that are not below it", () => {
        const mask = (1n << BigInt(r.toString(2).length)) - 1n;
        const aboveMask = ((1n << 256n) - 1n) ^ mask;
        const draws = [r, mask, r - 1n, aboveMask | r, aboveMask | 5n, aboveMask, 1n].filter((draw) => draw >= 0n);
        const script = Buffer.from(draws.map(wordHex).join(""), "hex");
        const accepted = draws.map((draw) => draw & mask).filter((draw) => draw < r);
        assertElements(field.random(accepted.length, scriptedBytes(script, "law")), accepted);
        assert.deepEqual(accepted, [r - 1n, mod(5n), 0n, 1n]);
      });

      it("depends on the byte stream only: workers with equal keys draw equal elements", () => {
        const reference = field.toResidues(field.random(5_000, seededBytes("stream")));
        for (const length of [0, 1, 100, 2_048, 2_049, 5_000]) {
          assertElements(field.random(length, seededBytes("stream")), reference.slice(0, length));
        }
        assert.deepEqual(reference, acceptedWords(r, 5_000, seededBytes("stream")));
      });

      it("is uniform", () => {
        const bins = r < 64n ? r : 64n;
        const counts = new Array<number>(Number(bins)).fill(0);
        const samples = 20_000;
        for (const value of field.toResidues(field.random(samples, seededBytes("uniform")))) {
          const bin = Number((value * bins) / r);
          counts[bin] = (counts[bin] as number) + 1;
        }
        // A bin of a small field holds ceil or floor of r/bins residues; only compare bins of equal size.
        if (r < 64n || r > 1n << 40n) assertUniform(counts, `${samples} draws below r in ${bins} intervals`);
      });

      it("refuses a source that returns another length, as a bug", () => {
        assert.throws(() => field.random(2, () => new Uint8Array(32)), { code: "ERR_ASSERTION" });
        const failure = new Error("no entropy");
        assert.throws(
          () =>
            field.random(2, () => {
              throw failure;
            }),
          failure,
        );
      });
    });
  });
}

function wordHex(value: bigint): string {
  return value.toString(16).padStart(64, "0");
}

/** Ordered bounds within 0..length from two arbitrary naturals. */
function window(length: number, first: number, second: number): [number, number] {
  const [a, b] = [first % (length + 1), second % (length + 1)];
  return [Math.min(a, b), Math.max(a, b)];
}

/** The definition: the first `count` 32-byte words that are, after masking, below r. */
function acceptedWords(r: bigint, count: number, randomBytes: RandomBytes): bigint[] {
  const mask = (1n << BigInt(r.toString(2).length)) - 1n;
  const accepted: bigint[] = [];
  while (accepted.length < count) {
    const draw = BigInt(`0x${Buffer.from(randomBytes(32)).toString("hex")}`) & mask;
    if (draw < r) accepted.push(draw);
  }
  return accepted;
}
