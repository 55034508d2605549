/** `--k`, of a study and of an owner alike. */
import { LEAST_K, MOST_K } from "#disclosure";
import { invalidOption, readWhole } from "./readOption.ts";

/** @param note what it is when not given, for the error; @throws CodedError OPTION_INVALID */
export function readK(text: string, note = ""): number {
  const k = Number(readWhole("k", text, 1n, BigInt(MOST_K)));
  if (k >= LEAST_K) return k;
  throw invalidOption("k", `${LEAST_K} or more${note}, as no public answer may speak of fewer patients,`);
}
