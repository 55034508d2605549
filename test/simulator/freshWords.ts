/**
 * No mask or key is used twice: no word of a payload that is masked or fresh is one that was sent before, in another round, attempt
 * or agreement of keys, or elsewhere in the same payload. One round's may be the same to several receivers, and from several senders;
 * contributions are each member's own.
 */
import { LISTS_STEP, SUMMARIES_STEP } from "../../workers/protocols/agreeHistory.ts";
import { MASK_KEYS_STEP } from "../../workers/protocols/agreeMaskKeys.ts";
import { stepTag } from "../../workers/transport/stepTag.ts";
import { CONTRIBUTIONS, type SentRound } from "./keySets.ts";

const OUTPUTS = stepTag("outputs");
const MASK_KEYS = stepTag(MASK_KEYS_STEP);
/**
 * Rounds whose payload may come again in another attempt: hashes of what is public before a challenge was drawn (of requests and
 * of input checks), the history and which vectors were kept, and shares of linear outputs, which are what was stored; but for those
 * of a sealed answer.
 */
const PUBLIC_ROUNDS = new Set(
  [
    ...["inputs/ready", "verify/weights/ready", "tests/ready", "outputs/ready", "outputs"],
    ...[SUMMARIES_STEP, LISTS_STEP, "kept", "weights/ready"],
  ].map(stepTag),
);
const WORD_BYTES = 32;

export class FreshWords {
  /** By word, the round that it was sent in. */
  readonly #seen = new Map<string, string>();
  /** Senders and attempts of sealed answers. */
  readonly #sealed = new Set<string>();

  /** @param keySet the round's @returns what is wrong */
  check({ from, place, step, payload }: SentRound, keySet: number): string | undefined {
    if (step === MASK_KEYS) this.#sealed.add(`${from} ${place}`);
    const isSealed = step === OUTPUTS && this.#sealed.has(`${from} ${place}`);
    if (PUBLIC_ROUNDS.has(step) && !isSealed) return undefined;
    const round = `${place}, keys ${keySet}, step ${step}${step === CONTRIBUTIONS ? ` of ${from}` : ""}`;
    const own = new Set<string>();
    for (let at = 0; at + WORD_BYTES <= payload.length; at += WORD_BYTES) {
      const word = Buffer.from(payload.subarray(at, at + WORD_BYTES)).toString("hex");
      const earlier = own.has(word) ? round : this.#seen.get(word);
      if (earlier !== undefined && (earlier !== round || own.has(word)))
        return `${round}: word ${at / WORD_BYTES} was sent in ${earlier}: a mask or key is used twice`;
      own.add(word);
      this.#seen.set(word, round);
    }
    return undefined;
  }
}
