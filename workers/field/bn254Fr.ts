/** The field that everything computes in, on one thread. Importing it makes its kernel: some 50 ms, once. */
import { BN254_FR_MODULUS } from "./bn254.ts";
import { createWasmField } from "./wasmField.ts";
import type { WasmField } from "./wasmField.ts";

export const bn254Fr: WasmField = createWasmField(BN254_FR_MODULUS);
