/**
 * Which committees this worker sits in: the one that serves a study, one that is proposed to follow it, and those that were
 * followed but may still have to answer what was asked of them. A committee never changes once appointed, so what was read is kept; who its
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

export type SeatStanding = "serving" | "proposed" | "followed";

export interface StandingSeat extends Seat {
  readonly standing: SeatStanding;
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

  /** This worker's seats in all studies, whose other members it keeps links to. O(studies x epochs). */
  async seats(): Promise<StandingSeat[]> {
    const seats: StandingSeat[] = [];
    const count = await this.#studies.count();
    for (let offset = 0; offset < count; offset += PAGE) {
      for (const studyId of await this.#studies.studies(offset, PAGE)) seats.push(...(await this.#seatsOf(studyId)));
    }
    return seats;
  }

  /** Where shares may be left now: with the committee that serves the study, and with one that is proposed. */
  async takingSeats(studyId: string): Promise<StandingSeat[]> {
    const current = await this.#registry.currentEpoch(studyId);
    if (current === 0n) return [];
    return this.#occupied(studyId, [
      ["serving", current],
      ["proposed", await this.#registry.proposedEpoch(studyId)],
    ]);
  }

  async #seatsOf(studyId: string): Promise<StandingSeat[]> {
    const taking = await this.takingSeats(studyId);
    const current = await this.#registry.currentEpoch(studyId);
    const followed: [SeatStanding, bigint][] = [];
    for (let epoch = 1n; epoch < current; epoch += 1n) {
      if ((await this.#registry.boundUntil(studyId, epoch)) !== 0n) followed.push(["followed", epoch]);
    }
    return [...taking, ...(await this.#occupied(studyId, followed))];
  }

  /** Those of the committees in which this worker sits; 0n is none. */
  async #occupied(studyId: string, epochs: readonly [SeatStanding, bigint][]): Promise<StandingSeat[]> {
    const seats: StandingSeat[] = [];
    for (const [standing, epoch] of epochs) {
      const seat = epoch === 0n ? undefined : await this.seat(studyId, epoch);
      if (seat !== undefined) seats.push({ ...seat, standing });
    }
    return seats;
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
