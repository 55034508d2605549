/** Door `#field`: prime-field vectors. */
export { createBigintField } from "./bigintField.ts";
export { BN254_FR_MODULUS } from "./bn254.ts";
export { bn254Fr } from "./bn254Fr.ts";
export type { Field, FieldVector, RandomBytes, ScopeResult } from "./field.ts";
export type { FieldError } from "./fieldError.ts";
export { createWasmField } from "./wasmField.ts";
export type { WasmField, WasmFieldOptions } from "./wasmField.ts";
