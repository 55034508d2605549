/** Which vectors all participants kept: the same from the same attempt at all of them, or computed again. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { agreeKept, TAG_BYTES } from "../../../workers/protocols/agreeKept.ts";
import type { LoopbackFrame } from "../../../workers/protocols/loopback.ts";
import { loopbackNetworks } from "../../../workers/protocols/loopback.ts";
import { partiesOf } from "../../../workers/sharing/parties.ts";

const tag = (attempt: number): Uint8Array => new Uint8Array(TAG_BYTES).fill(attempt);

async function agree(
  tags: readonly (readonly number[])[],
  tamper?: (frame: LoopbackFrame) => Uint8Array | null,
): Promise<{ kept: number[][]; frames: LoopbackFrame[] }> {
  const frames: LoopbackFrame[] = [];
  const networks = loopbackNetworks(partiesOf(tags.length), {
    intercept: (frame) => {
      frames.push(frame);
      return tamper === undefined ? frame.payload : tamper(frame);
    },
  });
  const kept = await Promise.all(networks.map((network, index) => agreeKept(network, tags[index]!.map(tag), "kept")));
  return { kept: kept.map((indices) => [...indices]), frames };
}

describe("agreeKept", () => {
  it("takes what all kept from one attempt, and nothing else", async () => {
    const { kept } = await agree([
      [1, 2, 0, 4, 5],
      [1, 2, 0, 4, 9],
      [1, 0, 0, 4, 5],
    ]);
    assert.deepEqual(kept, [
      [0, 3],
      [0, 3],
      [0, 3],
    ]);
  });

  it("asks nobody when nothing is needed", async () => {
    const { kept, frames } = await agree([[], [], []]);
    assert.deepEqual(kept, [[], [], []]);
    assert.equal(frames.length, 0);
  });

  it("lets a liar take away what others have, but not give what they have not", async () => {
    const lie = (value: number) => (frame: LoopbackFrame) =>
      Number(frame.from) === 1 ? Buffer.concat([tag(value), tag(value)]) : frame.payload;
    const tags = [
      [7, 7],
      [7, 0],
      [7, 0],
    ];
    assert.deepEqual((await agree(tags, lie(9))).kept.slice(1), [[], []]);
    assert.deepEqual((await agree(tags, lie(7))).kept.slice(1), [[0], [0]]);
  });
});
