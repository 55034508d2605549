/**
 * n workers, two data owners, a querier, their chain and an adversary in one process, on one seed. `run` does a number of
 * random operations, then heals everything, asks once more, and checks what must hold (`verify.ts`).
 */
import { rmSync } from "node:fs";
import { BN254_FR_MODULUS } from "../../workers/field/bn254.ts";
import { createWasmField } from "../../workers/field/wasmField.ts";
import { RequestState } from "../../workers/chain/querySmartContract.ts";
import { encodeParameters } from "../../workers/messages/descriptor.ts";
import { Adversary } from "./adversary.ts";
import { DataOwner } from "./dataOwner.ts";
import { type CommitteeSize, type FoundedChain, foundChain } from "./foundedChain.ts";
import { OWNERS, QUERIER, act, studyIdOf } from "./genesis.ts";
import { CHAIN_ID } from "./modelDeployment.ts";
import type { ModelTransaction } from "./modelChain.ts";
import type { StoredRequest } from "./modelState.ts";
import { ModelRpc } from "./modelRpc.ts";
import { Observer } from "./observer.ts";
import { PlainModel } from "./plainModel.ts";
import { rememberSignatures } from "./rememberedSignatures.ts";
import { Choices } from "./seededChoices.ts";
import { SimulatedMesh } from "./simulatedMesh.ts";
import { type PublishedQuery, type Row, drawRow, oppositeRow, publishedQueries } from "./simulatedStudy.ts";
import { CONFIRMATIONS, SimulatedWorker, makeFolder } from "./simulatedWorker.ts";
import { VirtualTime } from "./virtualTime.ts";

export const BLOCK_MS = 2_000;
/** Of a request; 160 s, so that an attempt whose time-outs have doubled still fits. */
export const DEADLINE_BLOCKS = 80n;
/** After the newest request is settled on the chain: workers confirm it, and late duties show. */
const AFTERMATH_MS = 15_000;

/** One field for all workers: their vectors are groups of their own. */
const field = createWasmField(BN254_FR_MODULUS);

rememberSignatures();

export interface SimulationOptions extends CommitteeSize {
  readonly seed: string;
  /** Rows as different as can be. */
  readonly opposite?: boolean;
  /** What is public of datasets says nothing of the rows. */
  readonly blind?: boolean;
}

interface SimulationParts {
  readonly options: SimulationOptions;
  readonly founded: FoundedChain;
  readonly queries: readonly PublishedQuery[];
  readonly folder: string;
}

export class Simulation {
  readonly options: SimulationOptions;
  readonly time = new VirtualTime();
  readonly choices: Choices;
  readonly founded: FoundedChain;
  readonly queries: readonly PublishedQuery[];
  readonly adversary: Adversary;
  readonly observer: Observer;
  readonly mesh: SimulatedMesh;
  readonly plain = new PlainModel();
  /** Workers that are no longer members. */
  readonly revoked = new Set<number>();
  /** Datasets whose owner has sent its retirement. */
  readonly retired = new Set<string>();
  /** Nothing new goes wrong from now on. */
  isEnding = false;
  readonly workers: readonly SimulatedWorker[];
  readonly owners: readonly DataOwner[];
  readonly #folder: string;
  readonly #rows: Choices;
  /** Requests so far: each one's nonce. */
  #asked = 0n;

  private constructor({ options, founded, queries, folder }: SimulationParts) {
    this.options = options;
    this.founded = founded;
    this.queries = queries;
    this.#folder = folder;
    const { time } = this;
    const choices = new Choices(options.seed);
    this.choices = choices;
    this.#rows = choices.stream("rows");
    this.adversary = new Adversary(choices.stream("adversary"));
    this.observer = new Observer(time, this.adversary);
    this.mesh = new SimulatedMesh(time, choices.stream("network"), {
      onSend: (from, to, bytes) => {
        this.worker(from.index).sending();
        if (!from.alive) return [];
        this.observer.onSend(from, to, bytes);
        return this.adversary.onSend(from, to, bytes);
      },
      onDeliver: (from, to, bytes) => this.observer.onDeliver(from, to, bytes),
    });
    this.workers = this.#createWorkers();
    this.owners = OWNERS.map((account, i) => {
      const { chain, addresses } = founded;
      const own = { choices: choices.stream(`owner ${i}`), mesh: this.mesh, plain: this.plain };
      return new DataOwner(account, { time, ...own, chain, addresses, blind: options.blind });
    });
  }

  /** Runs `work` on a fresh simulation, with Node's timers replaced, and removes what it left on disk. */
  static async with<Value>(
    options: SimulationOptions,
    work: (simulation: Simulation) => Promise<Value>,
  ): Promise<Value> {
    const [founded, queries] = await Promise.all([foundChain(options, DEADLINE_BLOCKS), publishedQueries()]);
    const folder = makeFolder();
    const simulation = new Simulation({ options, founded, queries, folder });
    try {
      return await simulation.time.instead(() => work(simulation));
    } finally {
      for (const worker of simulation.workers) worker.crash();
      rmSync(folder, { recursive: true, force: true });
    }
  }

  get chain(): FoundedChain["chain"] {
    return this.founded.chain;
  }

  /** All workers up, every owner's first version active and seen by all. */
  async begin(): Promise<void> {
    for (const worker of this.workers) worker.start();
    this.#mineAgain();
    await this.pass(1_000);
    for (const owner of this.owners) void owner.contribute(this.drawRows());
    const isChecked = (): boolean =>
      this.workers.every(({ store }) => {
        const checks = store?.inputChecks.all() ?? [];
        return checks.length === this.owners.length && checks.every(({ state }) => state === "checked");
      });
    await this.time.until(isChecked, this.time.nowMs + 60_000);
    await this.pass((CONFIRMATIONS + 1) * BLOCK_MS);
  }

  /** Lets this much virtual time go by. */
  async pass(ms: number): Promise<void> {
    await this.time.until(() => false, this.time.nowMs + ms);
  }

  worker(index: number): SimulatedWorker {
    return this.workers[index - 1]!;
  }

  drawRows(): Row[] {
    const rows = Array.from({ length: this.#rows.whole(20, 60) }, () => drawRow(this.#rows));
    return this.options.opposite === true ? rows.map(oppositeRow) : rows;
  }

  /** Asks over the datasets that have a version. @param isSealed to the querier */
  ask(query: number, parameters: readonly bigint[], datasetIds = this.datasetIds(), isSealed = false): void {
    const recipients = isSealed ? [QUERIER.wallet.signingKey.compressedPublicKey] : [];
    const args = [this.#asked++, encodeParameters(parameters), datasetIds, recipients.length, recipients];
    this.chain.send(act(QUERIER, this.founded.contracts[query]!, "QuerySmartContract", "request", args));
  }

  datasetIds(): string[] {
    const there = this.owners.filter(({ version, datasetId }) => version > 0 && !this.retired.has(datasetId));
    const ids = there.map(({ datasetId }) => datasetId);
    return ids.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
  }

  /** For good. */
  retire(owner: number): void {
    const { datasetId } = this.owners[owner]!;
    this.retired.add(datasetId);
    this.plain.retired(datasetId);
    const { addresses } = this.founded;
    const args = [studyIdOf(addresses), "simulated"];
    this.chain.send(act(OWNERS[owner]!, addresses["DatasetRegistry"]!, "DatasetRegistry", "retire", args));
  }

  /** Replaces the newest blocks; what they held is mined again at once, each sender's in order. */
  reorganise(depth: number, choices: Choices): void {
    this.chain.reorganise(depth, (transactions) => inSendersOrder(choices.shuffled(transactions)));
    for (let block = 0; block <= depth; block++) this.mine();
  }

  mine(): void {
    const { number, hash } = this.chain.mine(BigInt(BLOCK_MS / 1_000));
    this.observer.note(`block ${number}`, hash);
  }

  /** Ends all faults of the environment, and the adversary's lies; starts whoever is down. */
  heal(): void {
    this.adversary.repent();
    // Its transaction may have been lost.
    for (const [owner, { datasetId }] of this.owners.entries()) {
      if (this.retired.has(datasetId) && !this.chain.newest.state.retired.has(datasetId)) this.retire(owner);
    }
    this.mesh.healAll();
    for (const worker of this.workers) {
      Object.assign(worker.health, { state: "up", lag: 0 });
      worker.crashAfter(undefined);
      worker.crashAfterFrames(Infinity);
      worker.disk = "fine";
      worker.start();
    }
  }

  /** Until every request is settled on the chain, or the deadlines are past. @returns whether all are */
  async settle(): Promise<boolean> {
    const patienceMs = Number(DEADLINE_BLOCKS + 40n) * BLOCK_MS;
    let seen = "";
    const isSettled = (): boolean => {
      const { newest, waiting } = this.chain;
      if (newest.hash === seen) return false;
      seen = newest.hash;
      return waiting.length === 0 && this.openRequests().length === 0 && !this.#isOwing();
    };
    const settled = await this.time.until(isSettled, this.time.nowMs + patienceMs);
    await this.pass(AFTERMATH_MS);
    return settled;
  }

  /** Whether keys of a sealed answer are still to be published, or receipts for what is to be erased, by now or later. */
  #isOwing(): boolean {
    const { state } = this.chain.newest;
    const studyId = studyIdOf(this.founded.addresses);
    const kept = [state.currentEpochs.get(studyId), state.proposedEpochs.get(studyId)];
    const isUnconfirmed = [...state.holders].some(([datasetId, epochs]) =>
      epochs
        .filter((epoch) => this.retired.has(datasetId) || !kept.includes(epoch))
        .some((epoch) => !state.shares.get(`${datasetId} ${epoch}`)!.isErased),
    );
    return isUnconfirmed || this.workers.some(({ store }) => (store?.keyCopies.due().length ?? 0) > 0);
  }

  /** Of all query contracts, as the chain has them now. */
  requests(): [requestId: string, StoredRequest][] {
    return [...this.chain.newest.state.contracts.values()].flatMap(({ requests }) => [...requests]);
  }

  openRequests(): string[] {
    return this.requests().flatMap(([requestId, { state }]) => (state === RequestState.REQUESTED ? [requestId] : []));
  }

  #createWorkers(): SimulatedWorker[] {
    const { time, choices, mesh, observer } = this;
    const rpc = new ModelRpc(this.chain, CHAIN_ID);
    const { addresses } = this.founded;
    const watch = {
      onLog: observer.onLog.bind(observer),
      onSigned: observer.onSigned.bind(observer),
    };
    return Array.from({ length: this.options.n }, (_, i) => {
      return new SimulatedWorker(i + 1, this.#folder, { time, choices, mesh, rpc, addresses, field, ...watch });
    });
  }

  #mineAgain(): void {
    this.time.after(BLOCK_MS, () => {
      this.mine();
      this.#mineAgain();
    });
  }
}

/** A node takes an account's transactions by nonce, however they come. */
function inSendersOrder(transactions: readonly ModelTransaction[]): ModelTransaction[] {
  const bySender = new Map<string, ModelTransaction[]>();
  for (const transaction of transactions)
    bySender.set(transaction.from, [...(bySender.get(transaction.from) ?? []), transaction]);
  for (const own of bySender.values()) own.sort((a, b) => a.nonce - b.nonce);
  return transactions.map(({ from }) => bySender.get(from)!.shift()!);
}
