import assert from "node:assert/strict";
import { after, describe, it } from "node:test";

import { bn254 } from "@noble/curves/bn254.js";

import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import { createWasmField } from "../../../workers/field/wasmField.ts";
import { edgeSuite } from "./edgeSuite.ts";
import { lawSuite } from "./lawSuite.ts";
import { randomPairs } from "./randomPairs.ts";
import { recyclingSuite } from "./recyclingSuite.ts";

const { Fp, Fr } = bn254.fields;

for (const arithmetic of ["fused", "integer"] as const) {
  for (const threads of [1, 2]) {
    const name = `BN254 Fr in ${arithmetic} limbs on ${threads} threads`;
    const field = createWasmField(BN254_FR_MODULUS, { arithmetic, threads });
    lawSuite(name, field);
    edgeSuite(name, field);
    randomPairs(name, field, (x, y) => Fr.mul(x, y));
    recyclingSuite(name, field);
    after(() => field.stop());
  }
  const name = `BN254 Fq in ${arithmetic} limbs`;
  const field = createWasmField(Fp.ORDER, { arithmetic });
  lawSuite(name, field);
  edgeSuite(name, field);
  randomPairs(name, field, (x, y) => Fp.mul(x, y));
}

describe("WASM field", () => {
  it("computes in the limbs that were asked for", () => {
    for (const arithmetic of ["fused", "integer"] as const) {
      assert.equal(createWasmField(BN254_FR_MODULUS, { arithmetic }).arithmetic, arithmetic);
    }
  });

  it("does not mix vectors of different fields", () => {
    const field = createWasmField(BN254_FR_MODULUS, { arithmetic: "integer" });
    for (const other of [
      createWasmField(Fp.ORDER, { arithmetic: "integer" }),
      createWasmField(BN254_FR_MODULUS, { arithmetic: "fused" }),
      createWasmField(BN254_FR_MODULUS, { arithmetic: "integer" }),
    ]) {
      const foreign = other.zeros(1);
      assert.throws(() => field.add(field.zeros(1), foreign), { code: "ERR_ASSERTION" });
      assert.throws(() => field.toWords(foreign), { code: "ERR_ASSERTION" });
      assert.throws(() => field.release(foreign), { code: "ERR_ASSERTION" });
    }
  });
});
