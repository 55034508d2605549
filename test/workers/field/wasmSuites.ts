/** Every suite over the WebAssembly field, for one kind of limbs; each kind has a test file of its own. */
import { after } from "node:test";

import { bn254 } from "@noble/curves/bn254.js";

import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import { createWasmField } from "../../../workers/field/wasmField.ts";
import type { WasmFieldOptions } from "../../../workers/field/wasmField.ts";
import { accountingSuite } from "./accountingSuite.ts";
import { edgeSuite } from "./edgeSuite.ts";
import { lawSuite } from "./lawSuite.ts";
import { randomPairs } from "./randomPairs.ts";

const { Fp, Fr } = bn254.fields;

export function wasmSuites(primeName: "Fr" | "Fq", options: Required<WasmFieldOptions>): void {
  const [prime, independent] = primeName === "Fr" ? [BN254_FR_MODULUS, Fr] : [Fp.ORDER, Fp];
  const name = `BN254 ${primeName} in ${options.arithmetic} limbs on ${options.threads} thread(s)`;
  const field = createWasmField(prime, options);
  lawSuite(name, field);
  edgeSuite(name, field);
  randomPairs(name, field, (x, y) => independent.mul(x, y));
  if (options.threads === 1) accountingSuite(name, field);
  after(() => field.stop());
}
