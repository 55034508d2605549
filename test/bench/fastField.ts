/** The field that is measured: the one place that names its implementation. */
import { BN254_FR_MODULUS } from "../../workers/field/bn254.ts";
import type { Field } from "../../workers/field/field.ts";
import { createWasmField } from "../../workers/field/wasmField.ts";

export interface FastField extends Field {
  /** Which of its kernels computes; printed with the figures. */
  readonly arithmetic: string;
  /** Ends helper threads. */
  stop(): Promise<void>;
}

export interface FastFieldOptions {
  /** Threads that share the work of one operation, the calling one included. */
  readonly threads: number;
  /** Without it, the fastest kernel that this machine can run. */
  readonly arithmetic?: "integer";
}

export function fastField(options: FastFieldOptions): FastField {
  return createWasmField(BN254_FR_MODULUS, options);
}
