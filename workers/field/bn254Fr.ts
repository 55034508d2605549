/**
 * The field that scripts and tests compute in, on one thread; a worker makes its own (`main.ts`). Importing it makes its
 * kernel: some 50 ms, once.
 */
import { BN254_FR_MODULUS } from "./bn254.ts";
import { createWasmField } from "./wasmField.ts";
import type { WasmField } from "./wasmField.ts";

export const bn254Fr: WasmField = createWasmField(BN254_FR_MODULUS);
