/**
 * A proposed committee's side of a change: this worker's word that it can take over. It confirms, of every dataset of the study
 * that is not retired, as far as it has followed the chain:
 *
 *   all versions were shared among the proposed committee -> its own file of each is here -> the input check of each among that
 *   committee found well-formed columns -> what was disclosed before it knows by following the chain (`DisclosureStore`)
 *
 * and it confirms what it has found itself, under the hash that the contract would give of it: where the chain has moved on since,
 * the contract refuses, and what there is then is looked at when it is confirmed here, too. What is added or shared anew
 * afterwards is confirmed anew.
 */
import { keccak256 } from "ethers";
import type { CommitteeChanges } from "../chain/committeeChanges.ts";
import type { DatasetRegistry } from "../chain/datasetRegistry.ts";
import { CodedError, isCoded } from "../errors.ts";
import { type ResharedDataset, type ResharedVersion, committeeContent } from "../messages/committeeContent.ts";
import type { SegmentFact } from "../store/segmentFactStore.ts";
import type { Store } from "../store/openStore.ts";
import type { StandingSeat } from "./committees.ts";
import { activationFromJson } from "./datasetActivation.ts";
import { DuePosts, type PostingEnvironment } from "./duePosts.ts";
import { errorFields } from "./log.ts";

export interface ConfirmationModules extends PostingEnvironment {
  readonly store: Pick<Store, "retirements" | "segmentFacts" | "inputChecks" | "shares">;
  readonly datasets: Pick<DatasetRegistry, "count" | "datasets">;
  readonly changes: Pick<CommitteeChanges, "contentOf" | "confirmed" | "confirm">;
  /** This worker's, as they stand now. */
  readonly seats: () => readonly StandingSeat[];
}

/** What this worker is ready to confirm. */
interface Readiness {
  readonly seat: StandingSeat;
  readonly content: string;
}

/** Largest page the registry returns. */
const PAGE = 100;

export class ConfirmationDesk {
  readonly #modules: ConfirmationModules;
  readonly #posts: DuePosts<Readiness>;
  #ready: readonly Readiness[] = [];
  #looking = false;
  #stopped = false;

  constructor(modules: ConfirmationModules) {
    this.#modules = modules;
    this.#posts = new DuePosts({
      log: modules.log,
      now: modules.now,
      inTurn: modules.inTurn,
      events: { sent: "committee-change-confirmed", delayed: "committee-change-delayed" },
      due: () => this.#ready,
      keyOf: ({ seat, content }) => `${seat.studyId}/${seat.committee.epoch}/${content}`,
      fieldsOf: ({ seat }) => ({ studyId: seat.studyId, epoch: seat.committee.epoch }),
      post: ({ seat, content }) => this.#modules.changes.confirm(seat.studyId, seat.self, content),
    });
  }

  /** After the follower has moved. Never rejects; resolves when it has looked. */
  async onBlock(): Promise<void> {
    const proposed = this.#modules.seats().filter(({ standing }) => standing === "proposed");
    if (this.#looking || this.#stopped || (proposed.length === 0 && this.#ready.length === 0)) return;
    this.#looking = true;
    try {
      const ready: Readiness[] = [];
      for (const seat of proposed) {
        const content = await this.#unconfirmed(seat);
        if (content !== undefined) ready.push({ seat, content });
      }
      this.#ready = ready;
      this.#posts.onBlock();
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.#modules.log("warn", "committee-change-delayed", errorFields(error));
    } finally {
      this.#looking = false;
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#posts.stop();
  }

  /** What is to be confirmed now; undefined while something is missing, or once it is confirmed. */
  async #unconfirmed({ studyId, committee, self }: StandingSeat): Promise<string | undefined> {
    const { changes } = this.#modules;
    const { epoch } = committee;
    const held = await this.#held(studyId, epoch);
    if (held === undefined) return undefined;
    const content = committeeContent(studyId, epoch, held);
    if ((await changes.confirmed(studyId, epoch, self)) === content) return undefined;
    const expected = await this.#contentOf(studyId);
    return expected?.newEpoch === epoch && expected.content === content ? content : undefined;
  }

  /** Undefined while something is missing that is not confirmed here yet. */
  async #contentOf(studyId: string): Promise<{ newEpoch: bigint; content: string } | undefined> {
    try {
      return await this.#modules.changes.contentOf(studyId);
    } catch (error) {
      if (isCoded(error, "CHAIN_REVERTED")) return undefined;
      throw error;
    }
  }

  /** What this worker holds and has checked; undefined while that is not everything. */
  async #held(studyId: string, epoch: bigint): Promise<ResharedDataset[] | undefined> {
    const { retirements } = this.#modules.store;
    const held: ResharedDataset[] = [];
    for (const datasetId of await this.#datasets(studyId)) {
      if (retirements.get(datasetId) !== undefined) continue;
      const versions = this.#checked(datasetId, epoch);
      if (versions === undefined) return undefined;
      held.push({ datasetId, versions });
    }
    return held;
  }

  async #datasets(studyId: string): Promise<string[]> {
    const { datasets } = this.#modules;
    const ids: string[] = [];
    const count = await datasets.count(studyId);
    for (let offset = 0; offset < count; offset += PAGE) ids.push(...(await datasets.datasets(studyId, offset, PAGE)));
    return ids;
  }

  #checked(datasetId: string, epoch: bigint): ResharedVersion[] | undefined {
    const { segmentFacts, inputChecks, shares } = this.#modules.store;
    const facts = segmentFacts.ofDataset(datasetId);
    const versions = new Set(facts.map(({ version }) => version)).size;
    const here = facts.filter((fact) => fact.epoch === epoch);
    const isChecked = (fact: SegmentFact): boolean => {
      const check = inputChecks.ofVersion(datasetId, epoch, fact.version);
      if (check?.state !== "checked" || !shares.hasVersion(datasetId, epoch, fact.version)) return false;
      const { segment, ingestProof } = activationFromJson(check.activation);
      return segment.sharesRoot === fact.sharesRoot && keccak256(ingestProof) === fact.ingestProofHash;
    };
    if (here.length === 0 || here.length < versions || !here.every(isChecked)) return undefined;
    return here.map(({ sharesRoot, ingestProofHash }) => ({ sharesRoot, ingestProofHash }));
  }
}
