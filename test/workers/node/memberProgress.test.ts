import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemberProgress } from "../../../workers/node/memberProgress.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";

const party = (index: number): PartyIndex => index as PartyIndex;

describe("MemberProgress", () => {
  it("believes an attempt that t + 1 members have shown or passed, not what t say", () => {
    const progress = new MemberProgress({ n: 7, t: 2 });
    progress.show(party(1), 2_000n);
    progress.show(party(2), 3_000n);
    progress.show(party(2), 4_000n);
    assert.equal(progress.floor, 0n);
    progress.show(party(3), 9n);
    assert.equal(progress.floor, 9n);
    progress.show(party(3), 8n);
    assert.equal(progress.floor, 9n, "nobody goes back");
    progress.show(party(4), 11n);
    assert.equal(progress.floor, 11n);
  });

  it("knows whether 2t others are near enough to compute with", () => {
    const progress = new MemberProgress({ n: 4, t: 1 });
    assert.equal(progress.enoughAt(0n), true);
    progress.show(party(1), 5n);
    assert.equal(progress.enoughAt(5n), false);
    progress.show(party(2), 5n);
    assert.deepEqual([progress.enoughAt(5n), progress.enoughAt(6n)], [true, false]);
  });

  it("follows one member's word past others' turns ever more rarely", () => {
    const progress = new MemberProgress({ n: 4, t: 1 });
    const [liar, honest] = [party(1), party(2)];
    const inOrder: number[] = [];
    for (let jump = 0; jump < 5; jump++) {
      let count = 0;
      for (; !progress.mayJump(liar); count++) {
        progress.beganInOrder(liar);
        progress.beganInOrder(honest);
      }
      inOrder.push(count);
      progress.jumped(liar);
      assert.equal(progress.mayJump(honest), true);
    }
    assert.deepEqual(inOrder, [0, 1, 2, 4, 8]);
  });
});
