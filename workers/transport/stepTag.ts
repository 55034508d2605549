/** How a frame names the step that it is of. */
import { id } from "ethers";

/** By step: names come back in every session, and a hash costs as much as a round's frame. */
const stepTags = new Map<string, number>();
/** Far more than a session has; a study with other ones begins anew. */
const MOST_STEP_TAGS = 4_096;

/** First four bytes of keccak256 of the step's name. */
export function stepTag(step: string): number {
  const known = stepTags.get(step);
  if (known !== undefined) return known;
  const tag = Number.parseInt(id(step).slice(2, 10), 16);
  if (stepTags.size >= MOST_STEP_TAGS) stepTags.clear();
  stepTags.set(step, tag);
  return tag;
}
