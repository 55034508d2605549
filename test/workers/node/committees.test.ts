/** In which committees this worker sits, and how each stands. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { id } from "ethers";
import { Committees, type StandingSeat } from "../../../workers/node/committees.ts";

const SELF = "0x00000000000000000000000000000000000000A2";
const OTHER = "0x00000000000000000000000000000000000000A1";

interface Study {
  readonly current: bigint;
  readonly proposed?: bigint;
  readonly bound?: readonly bigint[];
  /** By epoch, from 1. */
  readonly workers: readonly (readonly string[])[];
}

const STUDIES: Readonly<Record<string, Study>> = {
  [id("none yet")]: { current: 0n, workers: [] },
  [id("serving")]: { current: 1n, workers: [[OTHER, SELF.toLowerCase()]] },
  [id("not a member")]: { current: 1n, workers: [[OTHER]] },
  [id("proposed beside")]: { current: 1n, proposed: 2n, workers: [[SELF], [OTHER, SELF]] },
  [id("only proposed")]: { current: 1n, proposed: 3n, workers: [[OTHER], [SELF], [SELF]] },
  [id("followed")]: { current: 3n, bound: [1n], workers: [[SELF], [SELF], [OTHER]] },
};

function committeesOf(self = SELF): Committees {
  const of = (studyId: string): Study => STUDIES[studyId]!;
  const registry = {
    currentEpoch: (studyId: string) => Promise.resolve(of(studyId).current),
    proposedEpoch: (studyId: string) => Promise.resolve(of(studyId).proposed ?? 0n),
    boundUntil: (studyId: string, epoch: bigint) => Promise.resolve(of(studyId).bound?.includes(epoch) ? 99n : 0n),
    committee: (studyId: string, epoch: bigint) =>
      Promise.resolve({ epoch, threshold: 1, demonstration: true, workers: of(studyId).workers[Number(epoch) - 1]! }),
  };
  const ids = Object.keys(STUDIES);
  const studies = {
    count: () => Promise.resolve(ids.length),
    studies: (offset: number, limit: number) => Promise.resolve(ids.slice(offset, offset + limit)),
  };
  return new Committees(registry as never, studies as never, () => self);
}

const told = (seats: readonly StandingSeat[], studyId: string): unknown[] =>
  seats
    .filter((seat) => seat.studyId === studyId)
    .map(({ standing, committee, self }) => [standing, committee.epoch, self]);

describe("Committees", () => {
  it("knows the seats of committees that serve, are proposed, or were followed and may still answer", async () => {
    const seats = await committeesOf().seats();
    assert.deepEqual(told(seats, id("none yet")), []);
    assert.deepEqual(told(seats, id("serving")), [["serving", 1n, 2]]);
    assert.deepEqual(told(seats, id("not a member")), []);
    assert.deepEqual(told(seats, id("proposed beside")), [
      ["serving", 1n, 1],
      ["proposed", 2n, 2],
    ]);
    assert.deepEqual(told(seats, id("only proposed")), [["proposed", 3n, 1]]);
    assert.deepEqual(told(seats, id("followed")), [["followed", 1n, 1]]);
  });

  it("takes shares for the committee that serves and for the one that is proposed", async () => {
    const committees = committeesOf();
    const standings = async (name: string): Promise<string[]> =>
      (await committees.takingSeats(id(name))).map(({ standing }) => standing);
    assert.deepEqual(await standings("proposed beside"), ["serving", "proposed"]);
    assert.deepEqual(await standings("only proposed"), ["proposed"]);
    for (const name of ["none yet", "not a member", "followed"]) assert.deepEqual(await standings(name), []);
  });
});
