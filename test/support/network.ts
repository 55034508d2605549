/**
 * A whole network for end-to-end tests: chain, contracts, members and workers as processes, all on 127.0.0.1, with
 * keystores that cost little. One per test file, shared by its tests; `close` ends every process and removes the folder.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { openProvider } from "../../workers/chain/provider.ts";
import { withNetwork } from "../../scripts/connection.ts";
import { type AnswerReport, reportAnswer } from "../../scripts/querier/answerReport.ts";
import type { StartChain } from "../../scripts/demo/chain.ts";
import { LocalNetwork } from "../../scripts/demo/localNetwork.ts";
import type { WorkerService } from "../../scripts/demo/workerService.ts";
import { testContext } from "./commandContext.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

export interface TestSite {
  readonly name: string;
  readonly csv: string;
  /** CSV text by the name of its event table. */
  readonly events?: Readonly<Record<string, string>>;
}

export interface TestNetworkOptions {
  readonly schemaText: string;
  readonly sites: readonly TestSite[];
  /** Default (4, 1). */
  readonly workers?: number;
  /** How many of the workers are the study's committee, and started; all unless given. */
  readonly seats?: number;
  readonly threshold?: number;
  /** Purposes that the study wants and the querier holds. */
  readonly purposes?: readonly string[];
  /** Time-out of an attempt; after it the next worker proposes. */
  readonly attemptTimeoutMs?: number;
  /** Default: Hardhat's. */
  readonly startChain?: StartChain;
  /** How often each worker looks at the chain. */
  readonly pollMs?: number;
}

export interface TestNetwork {
  readonly network: LocalNetwork;
  /** Mines blocks at once: makes deadlines pass. */
  readonly mineBlocks: (count: number) => Promise<void>;
  readonly rpc: (method: string, parameters: unknown[]) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** Cheap on purpose: tests do not test what guessing a password costs. */
const SCRYPT_N = 1_024;
export const DEADLINE_BLOCKS = 300;
export const PRICE_ETHER = "0.01";

/** Up to and including the activation and the input check of every site's dataset. */
export async function startTestNetwork(options: TestNetworkOptions): Promise<TestNetwork> {
  const {
    schemaText,
    sites,
    workers = 4,
    seats = workers,
    threshold = 1,
    purposes = [],
    attemptTimeoutMs = 3_000,
    pollMs = 50,
  } = options;
  const folder = temporaryFolder();
  const network = new LocalNetwork(
    {
      folder: folder.path,
      deployment: join(folder.path, "deployments", "test"),
      hospitals: sites.map(({ name }) => name),
      vetters: ["Vetters North", "Vetters South"],
      querier: "Querier",
      workers: Array.from({ length: workers }, (_, index) => `Operator ${index + 1}`),
      seats,
      threshold,
      scryptN: SCRYPT_N,
      workerScryptN: SCRYPT_N,
      workerEnvironment: { OPALINE_POLL_MS: String(pollMs), OPALINE_ATTEMPT_TIMEOUT_MS: String(attemptTimeoutMs) },
    },
    testContext(folder.path),
    options.startChain,
  );
  const rpc = async (method: string, parameters: unknown[]): Promise<unknown> => {
    const provider = openProvider(network.rpc, network.chainId);
    try {
      return await provider.send(method, parameters);
    } finally {
      provider.destroy();
    }
  };
  const close = async (): Promise<void> => {
    await network.stop();
    folder.remove();
  };
  try {
    await network.startChain();
    await network.deployContracts();
    await network.admitMembers(purposes);
    await network.registerStudy({
      name: "Test",
      schemaText,
      agreement: "We contribute.",
      deadlineBlocks: DEADLINE_BLOCKS,
      priceEther: PRICE_ETHER,
      purposes,
    });
    await network.signAgreements();
    await network.startWorkers(network.services.slice(0, seats));
    for (const [index, { csv, events }] of sites.entries()) {
      await network.contribute(network.hospitals[index]!, csv, events);
    }
    if (sites.length > 0) await network.untilChecked();
  } catch (error) {
    await close();
    throw error;
  }
  const mineBlocks = async (count: number): Promise<void> => {
    await rpc("hardhat_mine", [`0x${count.toString(16)}`]);
  };
  return { network, mineBlocks, rpc, close };
}

/** Reads a request's report until it says what is wanted. @throws Error after the time-out */
export async function untilReport(
  network: LocalNetwork,
  request: string,
  wanted: (report: AnswerReport) => boolean,
  timeoutMs = 60_000,
): Promise<AnswerReport> {
  return until(`request ${request}`, timeoutMs, async () => {
    const report = await withNetwork(network.network, network.context, (connection) =>
      reportAnswer(connection, request),
    );
    return wanted(report) ? report : undefined;
  });
}

/** Lines of a worker's log for one event that hold a text. */
export function logLines(service: WorkerService, event: string, text: string): string[] {
  return service
    .log()
    .split("\n")
    .filter((line) => line.includes(`"event":"${event}"`) && line.includes(text));
}

/** Asks again and again for something that other processes bring about. @throws Error after the time-out */
export async function until<Value>(
  what: string,
  timeoutMs: number,
  look: () => Promise<Value | undefined> | Value | undefined,
): Promise<Value> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (Date.now() > deadlineMs) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await pause(LOOK_MS);
  }
}

const LOOK_MS = 5;

/** Every log of every worker, for a failed test's message. */
export function allLogs(network: LocalNetwork): string {
  return readdirSync(network.plan.folder)
    .filter((name) => name.startsWith("worker-"))
    .map((name, index) => `${name}\n${network.services[index]?.log() ?? ""}`)
    .join("\n");
}
