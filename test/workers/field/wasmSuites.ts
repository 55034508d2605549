/** Every suite over the WebAssembly field, for one kind of limbs; each kind has a test file of its own. */
import { after, before } from "node:test";
import { setImmediate } from "node:timers/promises";

import { bn254 } from "@noble/curves/bn254.js";

import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import { createWasmField } from "../../../workers/field/wasmField.ts";
import type { WasmField, WasmFieldOptions } from "../../../workers/field/wasmField.ts";
import { accountingSuite } from "./accountingSuite.ts";
import { edgeSuite } from "./edgeSuite.ts";
import { lawSuite } from "./lawSuite.ts";
import { randomPairs } from "./randomPairs.ts";

const { Fp, Fr } = bn254.fields;

export function wasmSuites(primeName: "Fr" | "Fq", options: Required<WasmFieldOptions>): void {
  const [prime, independent] = primeName === "Fr" ? [BN254_FR_MODULUS, Fr] : [Fp.ORDER, Fp];
  const name = `BN254 ${primeName} in ${options.arithmetic} limbs on ${options.threads} thread(s)`;
  const field = createWasmField(prime, options);
  before(() => helpersAreUp(field, options.threads - 1));
  lawSuite(name, field);
  edgeSuite(name, field);
  randomPairs(name, field, (x, y) => independent.mul(x, y));
  if (options.threads === 1) accountingSuite(name, field);
  after(() => field.stop());
}

/** Until then the calling thread works alone, and nothing of what helpers do is tested. */
export async function helpersAreUp(field: WasmField, helpers: number): Promise<void> {
  while (field.helpersUp < helpers) await setImmediate();
}
