/**
 * A whole network on this machine: chain, contracts, members and workers, every worker a process. The demonstration and
 * the end-to-end tests run on it; every step goes through the same commands that people type.
 */
import { join } from "node:path";
import type { BaseWallet } from "ethers";
import { committeeRegistry } from "#chain";
import { command as deploy } from "../admin/deploy.ts";
import type { CommandContext } from "../command.ts";
import { withNetwork } from "../connection.ts";
import { command as contribute } from "../dataOwner/contribute.ts";
import { initWorker } from "../worker/init.ts";
import { writePrivateFile } from "../privateFiles.ts";
import { type LocalChain, type StartChain, startHardhatChain } from "./chain.ts";
import { endWithThisProcess } from "./childProcess.ts";
import { freePorts } from "./freePorts.ts";
import {
  type LocalMember,
  type MemberOptions,
  admitMember,
  createMember,
  memberFolder,
  memberOptions,
} from "./localMembers.ts";
import {
  type StudyPlan,
  appointLocalCommittee,
  publishLocalAgreement,
  registerLocalStudy,
  signLocalAgreement,
} from "./localStudy.ts";
import { WorkerService } from "./workerService.ts";

export interface LocalNetworkPlan {
  /** A private folder for every key, store and share; its path must be short (Unix sockets). */
  readonly folder: string;
  /** Where addresses and ABIs are written, `deployments/<network>`. */
  readonly deployment: string;
  readonly hospitals: readonly string[];
  readonly vetters: readonly string[];
  readonly querier: string;
  readonly workers: readonly string[];
  /** How many of them, the first ones, are the study's committee; all unless given. */
  readonly seats?: number;
  readonly threshold: number;
  /** scrypt's N of the members' keystores; undefined = full cost. Workers' keystores have `workerScryptN`. */
  readonly scryptN: number | undefined;
  readonly workerScryptN: number | undefined;
  /** Configuration that the workers get besides their `.env`. */
  readonly workerEnvironment: Readonly<Record<string, string>>;
}

export class LocalNetwork {
  readonly plan: LocalNetworkPlan;
  readonly #context: CommandContext;
  readonly #startChain: StartChain;
  readonly #wallets = new Map<string, Promise<BaseWallet>>();
  #chain: LocalChain | undefined;
  #forget: (() => void) | undefined;
  admin!: LocalMember;
  querier!: LocalMember;
  hospitals: LocalMember[] = [];
  vetters: LocalMember[] = [];
  workers: LocalMember[] = [];
  services: WorkerService[] = [];
  studyId = "";

  constructor(plan: LocalNetworkPlan, context: CommandContext, startChain: StartChain = startHardhatChain) {
    this.plan = plan;
    this.#startChain = startChain;
    this.#context = { ...context, unlock: (keystore, password) => this.#unlock(context, keystore, password) };
  }

  /** The caller's context, with each keystore opened only once. */
  get context(): CommandContext {
    return this.#context;
  }

  get rpc(): string {
    return this.#chain!.url;
  }

  get chainId(): bigint {
    return this.#chain!.chainId;
  }

  /** Options for commands that only read. */
  get network(): { readonly deployment: string; readonly rpc: string } {
    return { deployment: this.plan.deployment, rpc: this.rpc };
  }

  optionsOf(member: LocalMember): MemberOptions {
    return memberOptions(member, this.plan.deployment, this.rpc);
  }

  async startChain(): Promise<void> {
    const chain = await this.#startChain();
    this.#chain = chain;
    this.#forget = endWithThisProcess(() =>
      [chain.child(), ...this.services.map(({ child }) => child)].filter((child) => child !== undefined),
    );
  }

  /** The consortium's key, and the contracts deployed with it. @returns gas used */
  async deployContracts(): Promise<bigint> {
    this.admin = await this.#create("admin", "Consortium", 0);
    await this.#chain!.fund([this.admin.key.account]);
    const options = { ...this.optionsOf(this.admin), chainId: String(this.chainId), replace: true, delay: "0" };
    const { gasUsed } = await deploy.handler(options, { ...this.#context, log: () => undefined });
    return gasUsed;
  }

  /** Keys for everyone, then their admission. */
  async admitMembers(purposes: readonly string[]): Promise<void> {
    const { hospitals, vetters, querier, workers } = this.plan;
    this.hospitals = await this.#createAll("data-owner", hospitals);
    this.vetters = await this.#createAll("vetter", vetters);
    this.querier = await this.#create("querier", querier, 0);
    this.workers = await this.#initWorkers(workers);
    const members = [...this.hospitals, ...this.vetters, this.querier, ...this.workers];
    await this.#chain!.fund(members.map(({ key }) => key.account));
    // One after the other: they are transactions of one account.
    for (const member of members) await admitMember(member, this.optionsOf(this.admin), purposes, this.#context);
  }

  async registerStudy(study: StudyPlan): Promise<void> {
    const { folder, seats, threshold } = this.plan;
    const founder = { folder, consortium: this.optionsOf(this.admin), context: this.#context };
    this.studyId = await registerLocalStudy(study, founder);
    await appointLocalCommittee(this.studyId, this.workers.slice(0, seats), threshold, founder);
    await publishLocalAgreement(this.studyId, study.agreement, this.hospitals, founder);
  }

  /** Every hospital. */
  async signAgreements(): Promise<void> {
    const place = { folder: this.plan.folder, context: this.#context };
    for (const hospital of this.hospitals) {
      await signLocalAgreement(this.studyId, hospital, this.optionsOf(hospital), place);
    }
  }

  /** Starts the workers (all, or some) and waits until each sees every other one that runs and sits in a committee with it. */
  async startWorkers(services: readonly WorkerService[] = this.services): Promise<void> {
    for (const service of services) service.start();
    await this.untilConnected();
  }

  async untilConnected(): Promise<void> {
    const committees = await this.#committees();
    const running = this.services.flatMap((service, index) =>
      service.running ? [{ service, account: this.workers[index]!.key.account }] : [],
    );
    const isRunning = (account: string): boolean => running.some((other) => other.account === account);
    const peersOf = (account: string): string[] =>
      committees.filter((each) => each.includes(account)).flatMap((each) => each.filter(isRunning));
    await Promise.all(
      running.map(({ service, account }) => {
        const peers = peersOf(account).filter((peer) => peer !== account);
        return service.until((status) => isConnectedTo(status, peers), this.#context.signal);
      }),
    );
  }

  /** The study's committee, and the one that is proposed. */
  #committees(): Promise<(readonly string[])[]> {
    return withNetwork(this.network, this.#context, async ({ deployment, provider }) => {
      const registry = committeeRegistry(deployment, provider);
      const epochs = [await registry.currentEpoch(this.studyId), await registry.proposedEpoch(this.studyId)];
      const found = epochs.filter((epoch) => epoch > 0n).map((epoch) => registry.committee(this.studyId, epoch));
      return (await Promise.all(found)).map(({ workers }) => workers);
    });
  }

  /** @param eventTexts CSV text by the name of its event table */
  async contribute(
    hospital: LocalMember,
    csvText: string,
    eventTexts: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const csv = join(hospital.folder, "patients.csv");
    writePrivateFile(csv, csvText);
    const events = Object.entries(eventTexts).map(([table, text]) => {
      const file = join(hospital.folder, `${table}.csv`);
      writePrivateFile(file, text);
      return `${table}=${file}`;
    });
    const options = {
      ...this.optionsOf(hospital),
      study: this.studyId,
      csv,
      events,
      directory: hospital.folder,
      discard: false,
    };
    await contribute.handler(options, this.#context);
  }

  /** Waits until every worker that runs has found every version that is active there well-formed. */
  async untilChecked(): Promise<void> {
    const running = this.services.filter((service) => service.running);
    await Promise.all(running.map((service) => service.until(hasChecked, this.#context.signal)));
  }

  /** Ends every process; safe to call at any time, more than once. */
  async stop(): Promise<void> {
    await Promise.all(this.services.map((service) => service.stop()));
    await this.#chain?.stop();
    this.#forget?.();
  }

  #create(
    role: "admin" | "data-owner" | "vetter" | "querier",
    organisation: string,
    number: number,
  ): Promise<LocalMember> {
    const folder = memberFolder(this.plan.folder, role, number);
    return createMember(role, organisation, folder, this.#context, this.plan.scryptN);
  }

  #createAll(role: "data-owner" | "vetter", organisations: readonly string[]): Promise<LocalMember[]> {
    return Promise.all(organisations.map((organisation, index) => this.#create(role, organisation, index + 1)));
  }

  async #initWorkers(organisations: readonly string[]): Promise<LocalMember[]> {
    const ports = await freePorts(organisations.length, this.#context.randomBytes);
    const workers: LocalMember[] = [];
    for (const [index, organisation] of organisations.entries()) {
      const folder = memberFolder(this.plan.folder, "worker", index + 1);
      const listen = `127.0.0.1:${ports[index]}`;
      const options = { ...this.network, directory: folder, name: organisation, listen, host: undefined };
      const made = await initWorker(options, this.#context, this.plan.workerScryptN);
      const { fingerprint, endpoint } = made;
      workers.push({ role: "worker", organisation, folder, key: made, fingerprint, endpoint });
      this.services.push(new WorkerService(folder, this.plan.workerEnvironment));
    }
    return workers;
  }

  #unlock(context: CommandContext, keystore: string, password: string): Promise<BaseWallet> {
    const wallet = this.#wallets.get(keystore) ?? context.unlock(keystore, password);
    this.#wallets.set(keystore, wallet);
    return wallet;
  }
}

function isConnectedTo(status: Readonly<Record<string, unknown>>, accounts: readonly string[]): boolean {
  const peers = (status["peers"] ?? []) as readonly { readonly address: string; readonly connected: boolean }[];
  const connected = new Set(peers.filter((peer) => peer.connected).map(({ address }) => address.toLowerCase()));
  return accounts.every((account) => connected.has(account.toLowerCase()));
}

/** Who sits in no committee has nothing to check. */
function hasChecked(status: Readonly<Record<string, unknown>>): boolean {
  const committees = (status["committees"] ?? []) as readonly unknown[];
  const datasets = (status["datasets"] ?? []) as readonly { readonly check?: string }[];
  if (committees.length === 0) return true;
  return datasets.length > 0 && datasets.every(({ check }) => check === "checked");
}
