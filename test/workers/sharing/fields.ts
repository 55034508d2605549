/** The implementations of the field that the tests of sharing run over; shares must not depend on which it is. */
import { createBigintField } from "../../../workers/field/bigintField.ts";
import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import { bn254Fr } from "../../../workers/field/bn254Fr.ts";
import type { Field } from "../../../workers/field/field.ts";

export const referenceField: Field = createBigintField(BN254_FR_MODULUS);

export const fields: readonly (readonly [name: string, field: Field])[] = [
  ["bigint", referenceField],
  ["WebAssembly", bn254Fr],
];
