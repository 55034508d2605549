/** Door `#field`: prime-field vectors. */
export { createBigintField } from "./bigintField.ts";
export { BN254_FR_MODULUS, bn254Fr } from "./bn254.ts";
export type { Field, FieldVector, RandomBytes } from "./field.ts";
export type { FieldError } from "./fieldError.ts";
