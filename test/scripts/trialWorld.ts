/** A consortium with a vetted query, a board and an adaptive trial, whose workers answer whatever the test wants. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BaseWallet, ZeroHash, concat, getBytes, id } from "ethers";
import { command as publishAgreement } from "../../scripts/admin/publishAgreement.ts";
import { command as signAgreement } from "../../scripts/dataOwner/signAgreement.ts";
import { command as registerTrial } from "../../scripts/admin/registerTrial.ts";
import { command as accept } from "../../scripts/querier/accept.ts";
import { command as publish } from "../../scripts/querier/publish.ts";
import { command as request } from "../../scripts/querier/request.ts";
import { readRequestEvents } from "../../scripts/querier/requestEvents.ts";
import { recipientKey } from "../../scripts/querier/unseal.ts";
import { command as vet } from "../../scripts/vetter/sign.ts";
import { datasetRegistry } from "../../workers/chain/datasetRegistry.ts";
import { type WorkerSignature, querySmartContract } from "../../workers/chain/querySmartContract.ts";
import { bn254Fr } from "../../workers/field/bn254Fr.ts";
import { sharesRoot } from "../../workers/messages/datasetRoot.ts";
import { encryptMaskKeys } from "../../workers/messages/keyCopies.ts";
import { maskKeyHash, sealedHash } from "../../workers/messages/sealedAnswer.ts";
import {
  Outcome,
  type RequestContext,
  type Verdict,
  outputsHash,
  statementHash,
} from "../../workers/messages/statement.ts";
import { ANSWER, RECEIPT } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { answerMask } from "../../workers/sharing/prss.ts";
import { CHAIN_ID } from "../workers/chain/localChain.ts";
import { seededBytes } from "../workers/field/seededBytes.ts";
import { type Consortium, startConsortium } from "./consortium.ts";

export const SQL = "SELECT arm, COUNT(*), AVG(response) FROM trial WHERE age BETWEEN :lo AND :hi GROUP BY arm";
const WORKERS = ["w1", "w2", "w3", "w4"];
export const BOARD = ["ada", "ben", "cem"];
/** Per arm: patients, patients with a response known, responses. */
export const OUTPUTS = [60n, 50n, 15n, 58n, 45n, 20n, 55n, 40n, 31n];
export const RESPONDED = 135;
/** Three of four workers with t = 1: a mask key for each pair of them. */
const MASK_KEYS = ["12", "13", "23"].map((name) => getBytes(id(name)));

export interface TrialWorld {
  readonly consortium: Consortium;
  readonly queryHash: string;
  /** Writes a file of this name into the consortium's folder. */
  readonly write: (name: string, content: unknown) => string;
  readonly trialFile: () => Record<string, unknown>;
  readonly register: (file: unknown) => ReturnType<typeof registerTrial.handler>;
  /** The next version of the only dataset. */
  readonly contribute: (rows: bigint) => Promise<void>;
  /** Asks, answers, and returns the request's id. */
  readonly answered: (sealedTo?: readonly string[]) => Promise<string>;
  readonly asked: () => Promise<string>;
  /** Three workers sign other outputs, and somebody brings that to the chain. */
  readonly dispute: (requestId: string) => Promise<void>;
}

export async function startTrialWorld(): Promise<TrialWorld> {
  const consortium = await startConsortium();
  for (const [i, worker] of WORKERS.entries()) {
    await consortium.admit("worker", worker, `Operator ${i}`, { endpoint: `https://w${i}.example:7443` });
  }
  await consortium.appoint(WORKERS);
  await consortium.admit("dataOwner", "hospital", "Hospital");
  await signStudyAgreement(consortium);
  await consortium.admit("querier", "searcher", "Research Institute");
  for (const [i, vetter] of ["north", "south"].entries()) await consortium.admit("vetter", vetter, `Ethics ${i}`);
  for (const [i, member] of BOARD.entries()) await consortium.admit("board", member, i < 2 ? "University" : "Clinic");
  const { context, studyId, folder } = consortium;
  const write = (name: string, content: unknown): string => {
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
    return name;
  };
  const options = { ...consortium.as("searcher"), study: studyId, sql: SQL, agreement: "Only for the study." };
  const { queryHash } = await publish.handler(options, context);
  for (const vetter of ["north", "south"]) {
    await vet.handler({ ...consortium.as(vetter), query: queryHash, name: "Dr A. Expert", reject: false }, context);
  }
  const world = { consortium, queryHash, write };
  return {
    ...world,
    trialFile: () => trialFile(world),
    register: (file) => registerTrial.handler({ ...consortium.as("admin"), trial: write("trial.json", file) }, context),
    contribute: async (rows) => void (await contribute(consortium, rows)),
    answered: async (sealedTo = []) => answerRequest(consortium, await ask(world, sealedTo)),
    asked: () => ask(world, []),
    dispute: (requestId) => disputeAnswer(consortium, requestId),
  };
}

type Asking = Pick<TrialWorld, "consortium" | "queryHash">;

function trialFile({ consortium, queryHash }: Asking): Record<string, unknown> {
  return {
    study: consortium.studyId,
    protocolHash: id("protocol"),
    analysisPlanHash: id("analysis plan"),
    arms: [
      { name: "control", floor: 2_000, cap: 8_000, control: true },
      { name: "erlotinib", floor: 500, cap: 7_000 },
      { name: "sorafenib", floor: 500, cap: 7_000 },
    ],
    strata: ["EGFR", "other"],
    allocation: {
      EGFR: { control: 4_000, erlotinib: 3_000, sorafenib: 3_000 },
      other: { control: 4_000, erlotinib: 3_000, sorafenib: 3_000 },
    },
    looks: [
      { minimumEnrolled: 150, minimumResponded: 100, futility: 500, graduation: 9_500 },
      { minimumEnrolled: 300, minimumResponded: 100, futility: 1_000, graduation: 9_000 },
    ],
    queries: [{ query: queryHash, parameters: { lo: "18", hi: "90" }, respondedOutputs: [1, 4, 7] }],
    board: { members: BOARD.map((name) => consortium.wallet(name).address), signatures: 2 },
  };
}

async function signStudyAgreement({ folder, studyId, context, as }: Consortium): Promise<void> {
  writeFileSync(join(folder, "agreement.txt"), "We contribute.");
  const place = { study: studyId, document: "agreement.txt" };
  await publishAgreement.handler({ ...as("admin"), ...place, jurisdiction: "EU", party: ["Hospital"] }, context);
  await signAgreement.handler({ ...as("hospital"), ...place, name: "Dr A.", meaning: "I sign." }, context);
}

/** @param columnsRoot of the next version; made up where nobody looks */
export async function contribute(consortium: Consortium, rowCount: bigint, columnsRoot?: string): Promise<string> {
  const { deployment, studyId, chain } = consortium;
  const owner = consortium.wallet("hospital").connect(chain.provider) as BaseWallet;
  const registry = datasetRegistry(deployment, owner);
  const datasetId = await registry.datasetIdOf(studyId, owner.address);
  const version = (await registry.version(datasetId)) + 1n;
  const fileHashes = WORKERS.map((worker) => id(`${worker} ${version}`));
  const segment = {
    rowCount,
    columnsRoot: columnsRoot ?? id(`columns ${version}`),
    sharesRoot: sharesRoot(fileHashes),
  };
  const domain = opalineDomain(CHAIN_ID, registry.address);
  const receipts = await Promise.all(
    WORKERS.map((worker, j) => {
      const { address } = consortium.wallet(worker);
      const message = { datasetId, worker: address, fileHash: fileHashes[j] };
      return consortium.wallet(worker).signTypedData(domain, RECEIPT, message);
    }),
  );
  await registry.activate(studyId, version, segment, fileHashes, receipts, concat([id("proof")]), 0n);
  return datasetId;
}

async function ask({ consortium, queryHash }: Asking, sealTo: readonly string[]): Promise<string> {
  const { context } = consortium;
  const asker = { ...consortium.as("searcher"), query: queryHash };
  await accept.handler({ ...asker, name: "Dr R. Searcher", meaning: "I accept" }, context);
  const keys = sealTo.map((name) => recipientKey(consortium.wallet(name)));
  const given = { parameter: ["lo=18", "hi=90"], dataset: [], sealTo: keys, wait: false };
  return (await request.handler({ ...asker, ...given }, context)).requestId;
}

/** By three of the four workers, as they would; a sealed one with the keys to open it. */
async function answerRequest(consortium: Consortium, requestId: string): Promise<string> {
  const { deployment, chain } = consortium;
  const connection = { deployment, provider: chain.provider };
  const { queryContract, requested } = await readRequestEvents(connection, requestId);
  const { context, recipients } = requested;
  const isSealed = recipients.length > 0;
  const masked = bn254Fr.add(bn254Fr.fromIntegers(OUTPUTS), answerMask(bn254Fr, MASK_KEYS, OUTPUTS.length));
  const hashes = MASK_KEYS.map(maskKeyHash);
  const verdict = {
    attempt: 1n,
    outcome: Outcome.ANSWERED,
    suppressedBitmap: "0x",
    outputs: isSealed ? bn254Fr.toResidues(masked) : OUTPUTS,
    sealedHash: isSealed ? sealedHash(hashes) : ZeroHash,
  };
  const signers = quorumOf(consortium);
  const signatures = await signedBy(signers, queryContract, context, verdict);
  await querySmartContract(deployment, queryContract, chain.wallet).answer(requested, verdict, signatures);
  if (!isSealed) return requestId;
  const ended = { context, querier: requested.querier, outputsHash: outputsHash(verdict.outputs) };
  const place = { chainId: CHAIN_ID, contract: queryContract, requestId, attempt: 1n };
  for (const [i, held] of [
    [0, 1],
    [0, 2],
  ].entries()) {
    const keys = held.map((k) => MASK_KEYS[k]!);
    const copies = recipients.map((key) => encryptMaskKeys(keys, place, key, seededBytes(`${i} ${key}`)));
    const worker = signers[i]!.connect(chain.provider);
    const published = { index: i + 1, maskKeyHashes: hashes, copies };
    await querySmartContract(deployment, queryContract, worker).publishKeyCopies(ended, published);
  }
  return requestId;
}

function quorumOf(consortium: Consortium): BaseWallet[] {
  return WORKERS.slice(0, 3).map((worker) => consortium.wallet(worker));
}

function signedBy(
  signers: readonly BaseWallet[],
  contract: string,
  context: RequestContext,
  verdict: Verdict,
): Promise<WorkerSignature[]> {
  const statement = statementHash({ chainId: CHAIN_ID, contract, context, verdict });
  const domain = opalineDomain(CHAIN_ID, contract);
  return Promise.all(
    signers.map(async (worker, i) => ({
      index: i + 1,
      signature: await worker.signTypedData(domain, ANSWER, { statement }),
    })),
  );
}

async function disputeAnswer(consortium: Consortium, requestId: string): Promise<void> {
  const { deployment, chain } = consortium;
  const events = await readRequestEvents({ deployment, provider: chain.provider }, requestId);
  const { queryContract, requested } = events;
  const { context, querier } = requested;
  const other = { attempt: 2n, outcome: Outcome.ANSWERED, suppressedBitmap: "0x", outputs: [1n], sealedHash: ZeroHash };
  const signatures = await signedBy(quorumOf(consortium), queryContract, context, other);
  const contract = querySmartContract(deployment, queryContract, chain.wallet);
  await contract.dispute({ context, querier, outputsHash: outputsHash(OUTPUTS) }, other, signatures);
}
