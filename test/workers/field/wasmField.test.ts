import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { bn254 } from "@noble/curves/bn254.js";

import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import { availableLimbs } from "./availableLimbs.ts";
import type { Limbs } from "./availableLimbs.ts";
import { createWasmField } from "../../../workers/field/wasmField.ts";
import { inOwnProcess } from "./ownProcess.ts";

describe("WebAssembly field", () => {
  it("computes in the limbs that were asked for", () => {
    for (const arithmetic of availableLimbs) {
      assert.equal(createWasmField(BN254_FR_MODULUS, { arithmetic }).arithmetic, arithmetic);
    }
  });

  it("does not mix vectors of different fields", () => {
    const field = createWasmField(BN254_FR_MODULUS, { arithmetic: "integer" });
    for (const other of [
      createWasmField(bn254.fields.Fp.ORDER, { arithmetic: "integer" }),
      createWasmField(BN254_FR_MODULUS, { arithmetic: availableLimbs[0] as Limbs }),
      createWasmField(BN254_FR_MODULUS, { arithmetic: "integer" }),
    ]) {
      const foreign = other.zeros(1);
      assert.throws(() => field.add(field.zeros(1), foreign), { code: "ERR_ASSERTION" });
      assert.throws(() => field.toWords(foreign), { code: "ERR_ASSERTION" });
      assert.throws(() => field.release(foreign), { code: "ERR_ASSERTION" });
    }
  });

  it("gives back what was forgotten, once the collector has run", () => {
    const script = `
      const field = createWasmField(r);
      const kept = field.fromIntegers([1n, 2n, 3n]);
      const before = field.bytesInUse;
      (() => { for (let i = 0; i < 100; i++) field.view(field.zeros(10_000), 1, 2); })();
      const forgotten = field.bytesInUse;
      while (field.bytesInUse !== before) { globalThis.gc(); await new Promise((resolve) => setImmediate(resolve)); }
      console.log(forgotten > before, field.toResidues(kept).join());`;
    assert.equal(inOwnProcess(script, "--expose-gc"), "true 1,2,3");
  });
});
