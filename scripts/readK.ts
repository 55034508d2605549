/** `--k`, of a study and of an owner alike. */
import { LEAST_K, LEAST_SEALED_K, MOST_K } from "#disclosure";
import { invalidOption, readWhole } from "./readOption.ts";

/** @param note what it is when not given, for the error; @throws CodedError OPTION_INVALID */
export function readK(text: string, note = ""): number {
  const k = Number(readWhole("k", text, 1n, BigInt(MOST_K)));
  if (k >= LEAST_K) return k;
  throw invalidOption("k", `${LEAST_K} or more${note}, as no public answer may speak of fewer patients,`);
}

/** `--sealed-k` of a study whose k is this; 0, which stands for that k, when not given. @throws CodedError OPTION_INVALID */
export function readSealedK(text: string | undefined, k: number): number {
  return text === undefined ? 0 : Number(readWhole("sealed-k", text, BigInt(LEAST_SEALED_K), BigInt(k)));
}
