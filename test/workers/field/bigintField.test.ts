import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { bn254 } from "@noble/curves/bn254.js";

import { createBigintField } from "../../../workers/field/bigintField.ts";
import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import { edgeSuite } from "./edgeSuite.ts";
import { lawSuite } from "./lawSuite.ts";
import { randomPairs } from "./randomPairs.ts";

const { Fr } = bn254.fields;
const bn254Fr = createBigintField(BN254_FR_MODULUS);

lawSuite("BN254 Fr in bigints", bn254Fr);
lawSuite("the field of 11 elements in bigints", createBigintField(11n));
lawSuite("the field of 2^61 - 1 elements in bigints", createBigintField((1n << 61n) - 1n));
lawSuite("the field of 2^255 - 19 elements in bigints", createBigintField((1n << 255n) - 19n));
edgeSuite("BN254 Fr in bigints", bn254Fr);
randomPairs("BN254 Fr in bigints", bn254Fr, (x, y) => Fr.mul(x, y));

describe("bigint field", () => {
  it("does not mix vectors of different fields", () => {
    const foreign = createBigintField(11n).zeros(1);
    assert.throws(() => bn254Fr.add(bn254Fr.zeros(1), foreign), { code: "ERR_ASSERTION" });
    assert.throws(() => bn254Fr.toWords(foreign), { code: "ERR_ASSERTION" });
  });

  it("refuses moduli that do not fit a word", () => {
    for (const modulus of [-7n, 0n, 1n, 2n, 1n << 256n]) {
      assert.throws(() => createBigintField(modulus), { code: "ERR_ASSERTION" });
    }
  });
});
