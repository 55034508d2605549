/** How a frame is altered on its way, and of which alterations nothing may come. */
import { type Frame, decodeFrame, encodeFrame } from "../../workers/messages/frame.ts";
import { SUMMARIES_STEP } from "../../workers/protocols/agreeHistory.ts";
import { stepTag } from "../../workers/transport/stepTag.ts";
import type { Choices } from "./seededChoices.ts";

/** How the payload of one round is changed; never to the same bytes, never to another length but by `truncate`. */
export const ALTERATIONS = ["flip", "add one", "zero", "not canonical", "truncate"] as const;
export type Alteration = (typeof ALTERATIONS)[number];

const [KEPT, SUMMARIES] = [stepTag("kept"), stepTag(SUMMARIES_STEP)];
const HASH_BYTES = 32;

/** Whether the receiver may go on, to the right end, with this in place of the frame. */
export function mayPassFor(frame: Frame, bytes: Uint8Array): boolean {
  const { payload } = decodeFrame(bytes);
  const isSame = Buffer.compare(encodeFrame({ ...frame, payload }), bytes) === 0;
  return isSame && payload.length === frame.payload.length && isHarmless(frame.step, frame.payload, payload);
}

/**
 * What a worker has kept of which attempt: nothing comes of it unless all say the same. Of a summary of the history the hash of
 * equal lists counts, and their length does not; nor the block, but for the lowest.
 */
function isHarmless(step: number, before: Uint8Array, after: Uint8Array): boolean {
  if (step === KEPT) return true;
  const counts = step === SUMMARIES ? HASH_BYTES : before.length;
  return Buffer.compare(before.subarray(0, counts), after.subarray(0, counts)) === 0;
}

/** Words are 32 bytes, big-endian. */
export function alterPayload(payload: Uint8Array, alteration: Alteration, choices: Choices): Uint8Array {
  const changed = Uint8Array.from(payload);
  if (changed.length === 0) return choices.bytes(32);
  const word = 32 * choices.whole(0, Math.max(0, Math.floor(changed.length / 32) - 1));
  switch (alteration) {
    case "flip":
      changed[choices.whole(0, changed.length - 1)]! ^= 1 << choices.whole(0, 7);
      return changed;
    case "add one":
      changed[Math.min(word + 31, changed.length - 1)]! += 1;
      return changed;
    case "zero":
      if (changed.every((byte) => byte === 0)) changed[changed.length - 1] = 1;
      else changed.fill(0);
      return changed;
    case "not canonical":
      if (changed.subarray(word, word + 32).every((byte) => byte === 0xff)) changed[word] = 0;
      else changed.fill(0xff, word, word + 32);
      return changed;
    case "truncate":
      return changed.subarray(0, changed.length - 1);
  }
}
