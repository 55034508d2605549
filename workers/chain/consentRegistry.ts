/** Participants' consent (`contracts/consent/IConsentRegistry.sol`): forms, rules, who speaks for a row, and the records. */
import assert from "node:assert/strict";
import { type ContractRunner, type Interface, ZeroAddress } from "ethers";
import type { IConsentRegistry } from "../../types/consent/IConsentRegistry.ts";
import { CodedError } from "../errors.ts";
import type { ConsentChange, ConsentRecord, ConsentRules } from "../messages/consentMask.ts";
import type { Consent, Enrolment } from "../messages/signedStructs.ts";
import { type Deployment, openContract } from "./deployment.ts";
import type { ChainErrorDetail } from "./errors.ts";
import { type GovernedCall, governedCall } from "./governedCall.ts";
import { type ChainLog, allLogs } from "./logs.ts";
import type { JsonRpc } from "./provider.ts";
import { type Mined, mine, read } from "./transactions.ts";

/** One version of a study's consent form. */
export interface ConsentForm {
  /** 1, 2, … */
  readonly form: number;
  /** Seconds since 1970. */
  readonly publishedAt: bigint;
  /** keccak256 of the form's bytes. */
  readonly formHash: string;
}

/** Who speaks for a row. */
export interface Participant {
  readonly key: string;
  /** How many keys the row has had: the nonce of the next enrolment. */
  readonly generation: bigint;
  /** By its own signature, at least once: the owner gives for it no longer. */
  readonly spoke: boolean;
  readonly handle: string;
}

export interface ConsentRegistry {
  readonly address: string;
  publishForm(studyId: string, formHash: string): GovernedCall;
  setRules(studyId: string, rules: ConsentRules): GovernedCall;
  enrol(enrolment: Enrolment, ownerSignature: string): Promise<Mined>;
  consent(given: Consent, signature: string): Promise<Mined>;
  record(datasetId: string, record: ConsentRecord): Promise<Mined>;
  maskRoot(studyId: string, datasetIds: readonly string[]): Promise<string>;
  head(datasetId: string): Promise<string>;
  rules(studyId: string): Promise<ConsentRules>;
  /** Every version, oldest first. */
  forms(studyId: string): Promise<ConsentForm[]>;
  /** Undefined where nobody is enrolled. */
  participant(datasetId: string, version: bigint, slot: number): Promise<Participant | undefined>;
  /** Of the key's next Consent, of whichever row. */
  nonces(key: string): Promise<bigint>;
  /**
   * What happened to these datasets' consents and to the study's rules in these blocks, in the order of the chain.
   *
   * @throws CodedError CHAIN_UNREACHABLE | CHAIN_EVENT_UNREADABLE
   */
  changes(studyId: string, datasetIds: readonly string[], fromBlock: number, toBlock: number): Promise<ConsentChange[]>;
}

const NAME = "ConsentRegistry";
/** The contract gives no more at once. */
const PAGE = 100;

/** @param runner a JSON-RPC provider, or a signer connected to one */
export function consentRegistry(deployment: Deployment, runner: ContractRunner): ConsentRegistry {
  const contract = openContract<IConsentRegistry>(deployment, NAME, runner);
  return {
    address: deployment.address(NAME),
    ...governedActs(deployment, contract),
    enrol: (enrolment, signature) => mine(deployment, `${NAME}.enrol`, contract.enrol({ ...enrolment }, signature)),
    consent: (given, signature) =>
      mine(deployment, `${NAME}.consent`, contract.consent({ ...given, purposes: [...given.purposes] }, signature)),
    record: (datasetId, record) =>
      mine(
        deployment,
        `${NAME}.record`,
        contract.record(datasetId, { ...record, slots: [...record.slots], purposes: [...record.purposes] }),
      ),
    maskRoot: (studyId, datasetIds) =>
      read(deployment, `${NAME}.maskRoot`, contract.maskRoot(studyId, [...datasetIds])),
    head: (datasetId) => read(deployment, `${NAME}.head`, contract.head(datasetId)),
    async rules(studyId) {
      const { explicitOnly, leastForm } = await read(deployment, `${NAME}.rules`, contract.rules(studyId));
      return { explicitOnly, leastForm: Number(leastForm) };
    },
    forms: (studyId) => readForms(deployment, contract, studyId),
    async participant(datasetId, version, slot) {
      const found = await read(deployment, `${NAME}.participant`, contract.participant(datasetId, version, slot));
      const { key, generation, spoke, handle } = found;
      return key === ZeroAddress ? undefined : { key, generation, spoke, handle };
    },
    nonces: (key) => read(deployment, `${NAME}.nonces`, contract.nonces(key)),
    changes: (studyId, datasetIds, fromBlock, toBlock) =>
      readChanges(deployment, rpcOf(runner), { studyId, datasetIds, fromBlock, toBlock }),
  };
}

function governedActs(
  deployment: Deployment,
  { interface: abi }: IConsentRegistry,
): Pick<ConsentRegistry, "publishForm" | "setRules"> {
  return {
    publishForm: (studyId, formHash) =>
      governedCall(deployment, NAME, "publishForm", abi.encodeFunctionData("publishForm", [studyId, formHash])),
    setRules: (studyId, { explicitOnly, leastForm }) => {
      const words: [string, boolean, number] = [studyId, explicitOnly, leastForm];
      return governedCall(deployment, NAME, "setRules", abi.encodeFunctionData("setRules", words));
    },
  };
}

async function readForms(deployment: Deployment, contract: IConsentRegistry, studyId: string): Promise<ConsentForm[]> {
  const count = Number(await read(deployment, `${NAME}.formCount`, contract.formCount(studyId)));
  const found: ConsentForm[] = [];
  while (found.length < count) {
    const page = await read(deployment, `${NAME}.forms`, contract.forms(studyId, found.length, PAGE));
    for (const { publishedAt, formHash } of page) found.push({ form: found.length + 1, publishedAt, formHash });
  }
  return found;
}

function rpcOf(runner: ContractRunner): JsonRpc {
  const provider = runner.provider as Partial<JsonRpc> | null;
  assert(typeof provider?.send === "function", "a JSON-RPC provider, or a signer connected to one, was expected");
  return provider as JsonRpc;
}

interface ChangesAsked {
  readonly studyId: string;
  readonly datasetIds: readonly string[];
  readonly fromBlock: number;
  readonly toBlock: number;
}

/** Study and dataset are the first topic of either event, so that one filter finds both in their order. */
async function readChanges(deployment: Deployment, rpc: JsonRpc, asked: ChangesAsked): Promise<ConsentChange[]> {
  const abi = deployment.abi(NAME);
  const events = ["ConsentRulesSet", "ConsentRecorded"].map((name) => abi.getEvent(name)!.topicHash);
  const topics = [events, [asked.studyId, ...asked.datasetIds]];
  const logs = await allLogs(rpc, { addresses: [deployment.address(NAME)], topics }, asked.fromBlock, asked.toBlock);
  return logs.map((log) => changeOf(abi, log));
}

/** @throws CodedError CHAIN_EVENT_UNREADABLE */
function changeOf(abi: Interface, log: ChainLog): ConsentChange {
  const block = log.blockNumber;
  try {
    const { name, args } = abi.parseLog({ topics: [...log.topics], data: log.data })!;
    if (name === "ConsentRulesSet") {
      const rules = { explicitOnly: Boolean(args["explicitOnly"]), leastForm: Number(args["leastForm"]) };
      return { kind: "rules", block, rules };
    }
    const { version, slots, given, form, purposes, futureUse, expiry } = args["record"] as EmittedRecord;
    const scope = { form: Number(form), purposes: [...purposes], futureUse, expiry };
    const record = { version, slots: [...slots].map(Number), given, ...scope };
    return { kind: "record", block, datasetId: String(args["datasetId"]), own: Boolean(args["own"]), record };
  } catch {
    throw new CodedError<ChainErrorDetail>(
      { code: "CHAIN_EVENT_UNREADABLE", event: "ConsentRecorded", id: log.transactionHash },
      `The consent event in transaction ${log.transactionHash}, log ${log.logIndex}, cannot be decoded`,
    );
  }
}

/** As ethers decodes it. */
interface EmittedRecord {
  readonly version: bigint;
  readonly slots: readonly bigint[];
  readonly given: boolean;
  readonly form: bigint;
  readonly purposes: readonly string[];
  readonly futureUse: boolean;
  readonly expiry: bigint;
}
