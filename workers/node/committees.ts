/**
 * Which committees this worker serves on. A committee never changes once appointed, so what was read is kept; who its
 * members are now (revoked, moved, new certificate, new key) is asked of the worker registry each time.
 */
import type { Committee, CommitteeRegistry } from "../chain/committeeRegistry.ts";
import type { StudyRegistry } from "../chain/studyRegistry.ts";
import type { PartyIndex } from "../sharing/parties.ts";

export interface Seat {
  readonly studyId: string;
  readonly committee: Committee;
  /** This worker's Shamir point. */
  readonly self: PartyIndex;
}

/** Largest page the registries return. */
const PAGE = 100;

export class Committees {
  readonly #registry: CommitteeRegistry;
  readonly #studies: StudyRegistry;
  readonly #self: () => string;
  readonly #known = new Map<string, Committee>();

  /** @param self this worker's name */
  constructor(registry: CommitteeRegistry, studies: StudyRegistry, self: () => string) {
    this.#registry = registry;
    this.#studies = studies;
    this.#self = self;
  }

  /** @throws CodedError CHAIN_REVERTED for an epoch that never was */
  async committee(studyId: string, epoch: bigint): Promise<Committee> {
    const key = keyOf(studyId, epoch);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const committee = await this.#registry.committee(studyId, epoch);
    this.#known.set(key, committee);
    return committee;
  }

  /** What was read before, without asking the chain. */
  known(studyId: string, epoch: bigint): Committee | undefined {
    return this.#known.get(keyOf(studyId, epoch));
  }

  /** The keys that sign for a committee's members now: never kept, as a member may change its key at any time. */
  keys(studyId: string, epoch: bigint): Promise<string[]> {
    return this.#registry.keys(studyId, epoch);
  }

  /** This worker's seats in the studies' current committees. O(studies). */
  async seats(): Promise<Seat[]> {
    const seats: Seat[] = [];
    const count = await this.#studies.count();
    for (let offset = 0; offset < count; offset += PAGE) {
      for (const studyId of await this.#studies.studies(offset, PAGE)) {
        const seat = await this.currentSeat(studyId);
        if (seat !== undefined) seats.push(seat);
      }
    }
    return seats;
  }

  /** This worker's seat in a study's current committee; undefined when it has none. */
  async currentSeat(studyId: string): Promise<Seat | undefined> {
    const epoch = await this.#registry.currentEpoch(studyId);
    return epoch === 0n ? undefined : this.seat(studyId, epoch);
  }

  /** This worker's point in a committee; undefined when it is no member. */
  seatIn(committee: Committee): PartyIndex | undefined {
    const self = this.#self().toLowerCase();
    const position = committee.workers.findIndex((worker) => worker.toLowerCase() === self);
    return position < 0 ? undefined : ((position + 1) as PartyIndex);
  }

  async seat(studyId: string, epoch: bigint): Promise<Seat | undefined> {
    const committee = await this.committee(studyId, epoch);
    const self = this.seatIn(committee);
    return self === undefined ? undefined : { studyId, committee, self };
  }
}

function keyOf(studyId: string, epoch: bigint): string {
  return `${studyId.toLowerCase()}/${epoch}`;
}
