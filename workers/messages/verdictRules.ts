/** Which verdicts have a meaning, whoever signed them: as `contracts/query/VerdictRules.sol` asks. */
import { BN254_FR_MODULUS } from "../field/bn254.ts";
import { isBitmap } from "./suppressedBitmap.ts";
import { Outcome, ReleaseClass, type Verdict, ZERO_HASH } from "./statement.ts";

/**
 * @param releaseClass of the request
 * @returns the field that is wrong, `outputs[3]`; undefined: none
 */
export function verdictFault(verdict: Verdict, releaseClass: ReleaseClass): string | undefined {
  const { outcome, outputs, suppressedBitmap, sealedHash } = verdict;
  const isAnswered = outcome === Outcome.ANSWERED;
  const hasKeys = isAnswered && releaseClass === ReleaseClass.SEALED;
  if (outcome === Outcome.NONE) return "outcome";
  if (isAnswered !== outputs.length > 0) return "outputs";
  if (!isBitmap(suppressedBitmap, outputs.length)) return "suppressedBitmap";
  if (hasKeys !== (sealedHash !== ZERO_HASH)) return "sealedHash";
  const tooLarge = outputs.findIndex((output) => output >= BN254_FR_MODULUS);
  return tooLarge < 0 ? undefined : `outputs[${tooLarge}]`;
}
