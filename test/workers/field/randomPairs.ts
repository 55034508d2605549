/**
 * Products of random pairs, compared as words with an independent multiplication. Half of the pairs are uniform; in the
 * others every limb is at one end of its range or random, where carries meet.
 */
import { randomBytes as systemRandomBytes } from "node:crypto";
import { describe, it } from "node:test";

import type { Field, RandomBytes } from "../../../workers/field/field.ts";
import { budget } from "../../budget.ts";
import { assertBytes, bigintModel, wordsOf } from "./bigintModel.ts";
import { LIMBS } from "./edgePairs.ts";
import { seededBytes } from "./seededBytes.ts";

/** Pairs in one vector: enough that it is worth splitting. */
const VECTOR = 10_000;

/** @param multiply two residues, by other code than the field's */
export function randomPairs(name: string, field: Field, multiply: (x: bigint, y: bigint) => bigint): void {
  const { r, of } = bigintModel(field);
  /** The same pairs in every normal run; others each time when there is time for many. */
  const seed = budget.deep ? systemRandomBytes(8).toString("hex") : "random pairs";

  describe(`${name} on random pairs`, () => {
    for (const [kind, valuesFrom] of [
      ["uniform", uniformValues],
      ["extreme limbs", extremeValues],
    ] as const) {
      it(`multiplies ${budget.randomPairs / 2} pairs: ${kind}`, (test) => {
        test.diagnostic(`seed ${seed}`);
        const source = seededBytes(`${seed} ${kind}`);
        for (let done = 0; done < budget.randomPairs / 2; done += VECTOR) {
          field.scope(() => {
            const [x, y] = [valuesFrom(source, r), valuesFrom(source, r)];
            const expected = wordsOf(x.map((value, index) => multiply(value, y[index] as bigint)));
            assertBytes(field.toWords(field.mul(of(x), of(y))), expected, `products from ${done}, seed ${seed}`);
            return undefined;
          });
        }
      });
    }
  });
}

function uniformValues(source: RandomBytes, r: bigint): bigint[] {
  const bytes = Buffer.from(source(VECTOR * 40));
  return Array.from(
    { length: VECTOR },
    (_, index) => BigInt(`0x${bytes.toString("hex", index * 40, index * 40 + 40)}`) % r,
  );
}

function extremeValues(source: RandomBytes, r: bigint): bigint[] {
  return Array.from({ length: VECTOR }, (_, index) => {
    const { width, count } = LIMBS[index % LIMBS.length] as (typeof LIMBS)[number];
    const half = 1n << (width - 1n);
    const extremes = [0n, 1n, -1n, half, -half, half - 1n, 1n - half, 2n * half - 1n];
    const bytes = Buffer.from(source(count * 9));
    let value = 0n;
    for (let limb = 0; limb < count; limb++) {
      const choice = bytes.readUInt8(limb * 9) % (extremes.length + 1);
      const random = bytes.readBigUInt64BE(limb * 9 + 1) >> (64n - width);
      value = (value << width) + (extremes[choice] ?? random);
    }
    return ((value % r) + r) % r;
  });
}
