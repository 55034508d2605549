/** A change of committee on a test's network, step by step, by the commands that people type. */
import { join } from "node:path";
import { toUtf8Bytes } from "ethers";
import { committeeRegistry } from "../../workers/chain/committeeRegistry.ts";
import { datasetRegistry } from "../../workers/chain/datasetRegistry.ts";
import type { EncodedSegment } from "../../workers/encoding/encodeTable.ts";
import { command as completeCommittee } from "../../scripts/admin/completeCommittee.ts";
import { doneAtOnce } from "../../scripts/admin/governed.ts";
import { command as proposeCommittee } from "../../scripts/admin/proposeCommittee.ts";
import { command as withdrawProposal } from "../../scripts/admin/withdrawProposal.ts";
import { withNetwork } from "../../scripts/connection.ts";
import { command as approveCommittee } from "../../scripts/dataOwner/approveCommittee.ts";
import { dealShares } from "../../scripts/dataOwner/dealShares.ts";
import { encodeKeptColumns } from "../../scripts/dataOwner/keptColumns.ts";
import { contributionFolder } from "../../scripts/dataOwner/preparedContribution.ts";
import { resharingFolder, writeResharing } from "../../scripts/dataOwner/preparedResharing.ts";
import { type ReshareReport, command as reshare } from "../../scripts/dataOwner/reshare.ts";
import type { LocalMember } from "../../scripts/demo/localMembers.ts";
import type { LocalNetwork } from "../../scripts/demo/localNetwork.ts";
import type { WorkerService } from "../../scripts/demo/workerService.ts";
import { writePrivateFile } from "../../scripts/privateFiles.ts";
import { openStudy } from "../../scripts/study.ts";

/** Who shall follow, named by their numbers from 1 on; the order is that of the Shamir points. */
export interface Proposed {
  readonly workers: readonly number[];
  readonly threshold: number;
}

export interface ReshareOptions {
  readonly version?: number;
  readonly again?: boolean;
}

export class CommitteeChange {
  readonly #network: LocalNetwork;
  readonly #proposed: Proposed;
  #epoch = 0n;

  constructor(network: LocalNetwork, proposed: Proposed) {
    this.#network = network;
    this.#proposed = proposed;
  }

  /** 0 before it is proposed. */
  get epoch(): bigint {
    return this.#epoch;
  }

  get members(): LocalMember[] {
    return this.#proposed.workers.map((number) => this.#network.workers[number - 1]!);
  }

  get services(): WorkerService[] {
    return this.#proposed.workers.map((number) => this.#network.services[number - 1]!);
  }

  /** Proposes it, starts those of its workers that do not run, and waits until all see each other. */
  async propose(): Promise<void> {
    const { context, admin } = this.#network;
    const report = await proposeCommittee.handler({ ...this.#network.optionsOf(admin), ...this.#named() }, context);
    this.#epoch = doneAtOnce(report).epoch;
    await this.#network.startWorkers(this.services.filter(({ running }) => !running));
  }

  async approve(hospital: LocalMember): Promise<void> {
    const options = { ...this.#network.optionsOf(hospital), ...this.#named() };
    const statement = { name: `Director of ${hospital.organisation}`, meaning: "They may hold our data" };
    await approveCommittee.handler({ ...options, ...statement }, this.#network.context);
  }

  async reshare(hospital: LocalMember, csvText: string, options: ReshareOptions = {}): Promise<ReshareReport> {
    const { studyId, context } = this.#network;
    const csv = join(hospital.folder, "again.csv");
    writePrivateFile(csv, csvText);
    const { version, again = false } = options;
    const asked = { version: version === undefined ? undefined : String(version), again };
    const place = { ...this.#network.optionsOf(hospital), study: studyId, directory: hospital.folder };
    return reshare.handler({ ...place, ...asked, csv, events: [] }, context);
  }

  /**
   * Prepares in a hospital's folder what `reshare` would have prepared of a version, had its columns been others: what the
   * command finds there it sends.
   */
  async prepareMalformed(
    hospital: LocalMember,
    csvText: string,
    { version, malformed }: { version: number; malformed: (segment: EncodedSegment) => EncodedSegment },
  ): Promise<void> {
    const { studyId, network, context } = this.#network;
    await withNetwork(network, context, async (connection) => {
      const { deployment, provider } = connection;
      const open = await openStudy(connection, studyId);
      const datasets = datasetRegistry(deployment, provider);
      const datasetId = await datasets.datasetIdOf(studyId, hospital.key.account);
      const onChain = (await datasets.segments(datasetId))[version - 1]!;
      const kept = { version, folder: contributionFolder(hospital.folder, datasetId, version), onChain };
      const files = { csv: toUtf8Bytes(csvText), fileName: "malformed.csv", eventFiles: [] };
      const segment = malformed(encodeKeptColumns(open.schema, kept, files, context.log));
      const committee = await committeeRegistry(deployment, provider).committee(studyId, this.#epoch);
      const { columnsRoot } = onChain;
      const dealing = { chainId: deployment.chainId, open, datasetId, version, committee, segment, columnsRoot };
      const { dealt, files: shareFiles } = dealShares(dealing, context.randomBytes);
      writeResharing(resharingFolder(hospital.folder, datasetId, version, this.#epoch), dealt, shareFiles);
    });
  }

  /** @throws CodedError COMPLETE_STEPS_MISSING, which may pass */
  complete() {
    const { studyId, context, admin } = this.#network;
    return completeCommittee.handler({ ...this.#network.optionsOf(admin), study: studyId }, context);
  }

  async withdraw(reason: string): Promise<void> {
    const { studyId, context, admin } = this.#network;
    const options = { ...this.#network.optionsOf(admin), study: studyId, reason };
    doneAtOnce(await withdrawProposal.handler(options, context));
  }

  #named() {
    const { studyId } = this.#network;
    const worker = this.members.map(({ key }) => key.account);
    return { study: studyId, worker, threshold: String(this.#proposed.threshold) };
  }
}
