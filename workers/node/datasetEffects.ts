/**
 * What confirmed events of data, and of who holds their shares, change in the store.
 *
 *   DatasetActivated           -> of every study, public facts; of a committee this worker sits in: its share file of that version
 *                                 is active (or known to be missing), and the version is to be checked
 *   DatasetReshared            -> the same among a proposed committee; done again for a version, it replaces what was
 *                                 before it on the chain, in whatever order they are seen
 *   CommitteeAppointed         -> what may have been opened among the committees before counts as told; this worker's shares of
 *                                 them are to be erased once no request made of them can be answered any more, and none are taken;
 *                                 what it holds of this one is final
 *   CommitteeProposalWithdrawn -> this worker's shares of it are to be erased, and none are taken any more
 *   DatasetRetired             -> all of this worker's shares of it are to be erased; known of every study's, as what is told of
 *                                 their rows concerns committees that never held them, too
 *   ErasureConfirmed           -> this worker's receipt is not due any more
 */
import assert from "node:assert/strict";
import { keccak256 } from "ethers";
import { type DatasetActivated, asActivated, parseActivation, parseResharing } from "../chain/datasetEvents.ts";
import type { DatasetRegistry, DatasetSegment } from "../chain/datasetRegistry.ts";
import type { Deployment } from "../chain/deployment.ts";
import type { ChainLog } from "../chain/logs.ts";
import type { StudyRegistry } from "../chain/studyRegistry.ts";
import { sharesRoot } from "../messages/datasetRoot.ts";
import { inputCheckId } from "../messages/inputCheck.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import type { Store } from "../store/openStore.ts";
import type { EventPlace } from "../store/segmentFactStore.ts";
import type { HoldingStatus } from "../store/holdings.ts";
import { type CommitteeEvent, parseCommitteeEvent } from "./committeeEvents.ts";
import type { Committees } from "./committees.ts";
import { activationToJson } from "./datasetActivation.ts";
import { type RetirementEvent, parseRetirement } from "./datasetRetirement.ts";
import { type Log, errorFields } from "./log.ts";

export interface DatasetEffectModules {
  readonly deployment: Deployment;
  readonly store: Pick<
    Store,
    "shares" | "disclosures" | "inputChecks" | "retirements" | "erasures" | "endedCommittees" | "segmentFacts"
  >;
  readonly committees: Pick<Committees, "committee" | "known" | "seatIn">;
  readonly studies: Pick<StudyRegistry, "policy">;
  readonly datasets: Pick<DatasetRegistry, "segments" | "holders">;
  readonly log: Log;
}

export class DatasetEffects {
  readonly #modules: DatasetEffectModules;
  /** By dataset: rows and columns of its versions, which stay for good. */
  readonly #segments = new Map<string, readonly DatasetSegment[]>();
  /** By dataset retired: the epochs that were given shares of it. */
  readonly #holders = new Map<string, readonly bigint[]>();
  /** By study: blocks after its own in which a request may be answered. Fixed with the study. */
  readonly #deadlines = new Map<string, number>();

  constructor(modules: DatasetEffectModules) {
    this.#modules = modules;
  }

  /** Reads what `apply` will need. @throws CodedError CHAIN_UNREACHABLE, then nothing is applied */
  async prepare(log: ChainLog): Promise<void> {
    const { deployment, committees, datasets } = this.#modules;
    const activation = parseActivation(deployment, log);
    if (activation !== undefined) await committees.committee(activation.studyId, activation.committeeEpoch);
    const resharing = parseResharing(deployment, log);
    if (resharing !== undefined) {
      await committees.committee(resharing.studyId, resharing.committeeEpoch);
      this.#segments.set(resharing.datasetId, await datasets.segments(resharing.datasetId));
    }
    const committee = parseCommitteeEvent(deployment, log);
    if (committee !== undefined) await this.#prepareCommittee(committee);
    const ended = parseRetirement(deployment, log);
    if (ended?.name === "DatasetRetired") await this.#prepareRetirement(ended.datasetId, ended.studyId);
  }

  /** Inside the transaction; after `prepare` of the same log. */
  apply(log: ChainLog): void {
    const { deployment } = this.#modules;
    const activation = parseActivation(deployment, log);
    if (activation !== undefined) this.#share(activation, placeOf(log), false);
    const resharing = parseResharing(deployment, log);
    if (resharing !== undefined) {
      const segment = this.#segments.get(resharing.datasetId)?.[Number(resharing.version) - 1];
      assert(segment !== undefined, "prepare() read the segments, and only what was activated is shared anew");
      this.#share(asActivated(resharing, segment), placeOf(log), true);
    }
    const committee = parseCommitteeEvent(deployment, log);
    if (committee !== undefined) this.#changeCommittee(committee);
    const ended = parseRetirement(deployment, log);
    if (ended !== undefined) this.#end(ended);
  }

  /** Every committee of the study so far: this worker may have sat in any of them. */
  async #prepareCommittee({ studyId, epoch }: CommitteeEvent): Promise<void> {
    const { committees, studies } = this.#modules;
    for (let earlier = 1n; earlier <= epoch; earlier += 1n) await committees.committee(studyId, earlier);
    this.#deadlines.set(studyId, Number((await studies.policy(studyId)).deadlineBlocks));
  }

  async #prepareRetirement(datasetId: string, studyId: string): Promise<void> {
    const { committees, datasets } = this.#modules;
    const given = await datasets.holders(datasetId);
    const uploaded = this.#holdings().filter((holding) => holding.datasetId === datasetId.toLowerCase());
    const epochs = [...new Set([...given, ...uploaded.map(({ epoch }) => epoch)])];
    for (const epoch of epochs) await committees.committee(studyId, epoch);
    this.#holders.set(datasetId, epochs);
  }

  /** @param replaces whether the version may have been shared among this committee before */
  #share(activation: DatasetActivated, place: EventPlace, replaces: boolean): void {
    const { store, log } = this.#modules;
    const { datasetId, studyId, version, committeeEpoch: epoch, fileHashes, segment, ingestProof } = activation;
    if (sharesRoot(fileHashes) !== segment.sharesRoot) {
      return log("alarm", "dataset-activation-inconsistent", { datasetId, version });
    }
    const ingestProofHash = keccak256(ingestProof);
    const fact = { datasetId, studyId, epoch, version, ...segment, ingestProofHash };
    if (!store.segmentFacts.upsert(fact, place)) {
      // An older resharing comes again as the chain is followed anew; a version is activated once.
      if (!replaces) log("alarm", "dataset-activation-refused", { datasetId, version, epoch });
      return;
    }
    const seat = this.#seat(studyId, epoch);
    const fileHash = seat === undefined ? undefined : fileHashes[seat - 1];
    // Erased: an event that is seen again, after the store's file was brought up to date.
    if (fileHash === undefined || store.shares.isHoldingErased(datasetId, epoch)) return;
    try {
      const isHere = store.shares.activateSegment({ datasetId, epoch, version, fileHash, replaces });
      const checkId = inputCheckId(datasetId, version, segment.sharesRoot);
      const check = { checkId, datasetId, epoch, version, activation: activationToJson(activation) };
      store.inputChecks.insert(check, { replaces });
      const event = replaces ? "dataset-reshared" : "dataset-activated";
      log(isHere ? "info" : "alarm", isHere ? event : "dataset-shares-missing", { datasetId, version, epoch });
    } catch (error) {
      // Only this dataset is affected; following goes on.
      log("alarm", "dataset-activation-refused", { datasetId, version, epoch, ...errorFields(error) });
    }
  }

  #changeCommittee({ name, studyId, epoch, block }: CommitteeEvent): void {
    const { store, log } = this.#modules;
    if (name === "CommitteeProposalWithdrawn") {
      store.endedCommittees.insert(studyId, epoch);
      // Also of what is not here: a node that has fallen back may still say that files are to be taken.
      for (const datasetId of this.#datasetsOf(studyId)) {
        this.#erase(datasetId, studyId, epoch, block - 1);
        store.inputChecks.drop(datasetId, epoch);
      }
      return;
    }
    // Also those of which no event was seen here, as by a worker that joined later.
    for (let earlier = 1n; earlier < epoch; earlier += 1n) store.endedCommittees.insert(studyId, earlier);
    store.disclosures.takeOver(studyId, epoch);
    this.#settleFiles(studyId, epoch);
    const deadline = this.#deadlines.get(studyId);
    assert(deadline !== undefined, "prepare() read the policy of every study whose committee changes");
    const over = this.#eraseBefore(studyId, epoch, block + deadline);
    if (over > 0) log("info", "committee-followed", { studyId, epoch, holdings: over });
  }

  /** What is shared among this committee by now is not shared anew any more: files for that go. */
  #settleFiles(studyId: string, epoch: bigint): void {
    const { segmentFacts, shares } = this.#modules.store;
    for (const datasetId of segmentFacts.datasetsOf(studyId)) {
      for (const { epoch: each, version, fileHash, state } of shares.segments(datasetId)) {
        if (each === epoch && state !== "pending") shares.activateSegment({ datasetId, epoch, version, fileHash });
      }
    }
  }

  /**
   * This worker's holdings of earlier committees of the study, also of files that the chain never heard of. @returns how many
   * @param afterBlock the last block in which they are needed
   */
  #eraseBefore(studyId: string, epoch: bigint, afterBlock: number): number {
    const holdings = this.#holdings().filter((holding) => holding.epoch < epoch);
    const ofStudy = this.#datasetsOf(studyId);
    const over = holdings.filter(({ datasetId }) => ofStudy.has(datasetId));
    for (const { datasetId, epoch: earlier } of over) this.#erase(datasetId, studyId, earlier, afterBlock);
    return over.length;
  }

  /** Without those of no epoch, which hold nothing: a store's file that was brought up to date may have some. */
  #holdings(): HoldingStatus[] {
    return this.#modules.store.shares.holdings().filter(({ epoch }) => epoch !== 0n);
  }

  /** Of which anything was given to any committee, or uploaded here. */
  #datasetsOf(studyId: string): ReadonlySet<string> {
    const { segmentFacts, shares } = this.#modules.store;
    return new Set([...segmentFacts.datasetsOf(studyId), ...shares.datasetsOf(studyId)]);
  }

  #erase(datasetId: string, studyId: string, epoch: bigint, afterBlock: number): void {
    const { erasures, segmentFacts } = this.#modules.store;
    const point = this.#seat(studyId, epoch);
    if (point === undefined) return;
    erasures.insert({ datasetId, studyId, epoch, point, afterBlock });
    // Of files that the chain never heard of no receipt is due.
    const isGiven = segmentFacts.ofDataset(datasetId).some((fact) => fact.epoch === epoch);
    if (!isGiven) erasures.confirmed(datasetId, epoch, point);
  }

  #end(event: RetirementEvent): void {
    const { retirements, erasures } = this.#modules.store;
    const { datasetId } = event;
    if (event.name === "ErasureConfirmed") return erasures.confirmed(datasetId, event.epoch, event.index);
    const { studyId, block } = event;
    retirements.insert({ datasetId, studyId, block });
    const holders = this.#holders.get(datasetId);
    assert(holders !== undefined, "prepare() read who holds shares of every dataset that is retired");
    for (const epoch of holders) this.#erase(datasetId, studyId, epoch, block - 1);
    const isHeld = holders.some((epoch) => this.#seat(studyId, epoch) !== undefined);
    if (isHeld) this.#modules.log("info", "dataset-retired", { datasetId, studyId });
  }

  #seat(studyId: string, epoch: bigint): PartyIndex | undefined {
    const committee = this.#modules.committees.known(studyId, epoch);
    assert(committee !== undefined, "prepare() read the committee");
    return this.#modules.committees.seatIn(committee);
  }
}

function placeOf({ blockNumber, logIndex }: ChainLog): EventPlace {
  return { block: blockNumber, logIndex };
}
