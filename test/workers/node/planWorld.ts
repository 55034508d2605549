/**
 * One request and all that a worker plans it from, as a good worker finds them: hashes and codecs are real, the registries, the log
 * and the store are simulated. Tests change single facts.
 */
import assert from "node:assert/strict";
import { Interface, SigningKey, ZeroAddress, id, keccak256 } from "ethers";
import type { DatasetSegment } from "../../../workers/chain/datasetRegistry.ts";
import type { JsonRpc } from "../../../workers/chain/provider.ts";
import { QueryState } from "../../../workers/chain/queryCatalogue.ts";
import { type Policy, policyHash } from "../../../workers/chain/studyRegistry.ts";
import type { ConsentChange } from "../../../workers/messages/consentMask.ts";
import { datasetRoot } from "../../../workers/messages/datasetRoot.ts";
import { type Descriptor, encodeDescriptor, encodeParameters } from "../../../workers/messages/descriptor.ts";
import { type FieldRules, NO_FIELD_RULES } from "../../../workers/messages/fieldRules.ts";
import { ReleaseClass, type RequestContext, ZERO_HASH } from "../../../workers/messages/statement.ts";
import { ConsentMasks } from "../../../workers/node/consentMasks.ts";
import { type PlanModules, type QueryPlan, planQuery } from "../../../workers/node/queryPlan.ts";
import type { ConfirmedRequest } from "../../../workers/node/requestModules.ts";
import { RequestedSegments } from "../../../workers/node/requestedSegments.ts";
import { VettedQueries } from "../../../workers/node/vettedQueries.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import { queryHash } from "../../../workers/query/queryHash.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import type { SegmentStatus } from "../../../workers/store/segmentRows.ts";
import { DEMO_SQL, trialSchema, trialSchemaText } from "../query/trialSchema.ts";

const AGREEMENT = "I shall not try to identify anyone.";
export const CONTRACT = "0x00000000000000000000000000000000000000C1";
export const STUDY = id("study");
export const RECIPIENTS = ["one", "two"].map((name) => new SigningKey(id(name)).compressedPublicKey).sort();
export const POLICY: Policy = {
  k: 11,
  vettings: 2,
  vettingOrganisations: 2,
  minimumThreshold: 2,
  demonstration: false,
  openingsBudget: 100,
  deadlineBlocks: 100n,
  ownersShare: 5_000,
  workersShare: 4_000,
  authorShare: 1_000,
  price: 5n,
  storageFeePerRow: 0n,
  leastDeposit: 0n,
  sealedK: 0,
  closedSite: 0,
  organisationQuota: 0,
  historyCap: 0,
  fieldRulesHash: ZERO_HASH,
  purposes: [id("DUO:0000007")],
};
export const REQUEST = id("request");
/** Ascending, as the contract demands. */
export const DATASETS = [id("dataset 1"), id("dataset 2")].sort();
const CATALOGUE_ABI = new Interface([
  "event QueryRevoked(bytes32 indexed queryHash, string reason)",
  "event QuerySuperseded(bytes32 indexed queryHash, bytes32 indexed successor)",
]);
export const REQUEST_BLOCK = 50;
export const ACTIVE_UNTIL = 1_900_000_000n;
/** Parameters within the bounds. */
export const GOOD = [40n, 59n, 0n];
/** The query that is vetted, unless a test vets another. */
export const VETTED = await compileQuery(DEMO_SQL, trialSchema);

export function segment(name: string, rowCount: bigint): DatasetSegment {
  return { rowCount, columnsRoot: id(`columns ${name}`), sharesRoot: id(`shares ${name}`) };
}

/** What a request says otherwise than the good one. */
export interface RequestChange {
  readonly context?: Partial<RequestContext>;
  readonly parameters?: string;
  readonly datasetIds?: readonly string[];
  readonly recipients?: readonly string[];
  readonly k?: number;
}

export class PlanWorld {
  policy: Policy = POLICY;
  fieldRules: FieldRules = NO_FIELD_RULES;
  queryContract = CONTRACT;
  queryStudy = STUDY;
  state: QueryState = QueryState.ACTIVE;
  manifest = VETTED.manifest;
  isStopped = false;
  /** The block of the event that ended the query, by revocation or supersession. */
  revokedAt: number | undefined = undefined;
  /** Of the request's block; undefined where the node has not seen it. */
  requestTime: bigint | undefined = ACTIVE_UNTIL;
  segments = [segment("1", 3n), segment("2", 5n)];
  stored: SegmentStatus[] = [3, 5].map((rowCount, i) => ({
    version: BigInt(i + 1),
    state: "active",
    fileHash: id(`file ${i}`),
    epoch: 1n,
    rowCount,
  }));
  readonly checks = new Map<bigint, ReturnType<PlanModules["inputCheck"]>>(
    [1n, 2n].map((version) => [version, { state: "checked", reason: undefined }]),
  );
  readonly retired = new Map<string, number>();
  consents: ConsentChange[] = [];
  /** What was asked of the chain since the newest modules. */
  asked: string[] = [];
  #descriptorBytes = VETTED.descriptorBytes;

  /** Another descriptor is in the vetted query, whose hash is another then. */
  vet(descriptor: Descriptor): void {
    this.#descriptorBytes = encodeDescriptor(descriptor);
  }

  /** The chain and the store as they are now. */
  modules(): PlanModules {
    this.asked = [];
    const rpc = this.#rpc();
    const [catalogue, studies] = [this.#catalogue(), this.#studies()];
    const segments = { segments: () => this.#answer("segments", this.segments) as Promise<DatasetSegment[]> };
    const log = { changes: () => this.#answer("consent", this.consents) as never };
    return {
      rpc,
      emergencyStop: { isStopped: () => Promise.resolve(this.isStopped) },
      deployment: { block: 1, abi: () => CATALOGUE_ABI } as unknown as PlanModules["deployment"],
      catalogue,
      studies,
      queries: new VettedQueries({ rpc, catalogue, studies }),
      requestedSegments: new RequestedSegments(segments, { ofDataset: () => [] }),
      consent: new ConsentMasks({ log, rpc, studies, firstBlock: 1 }),
      storedSegments: () => this.stored,
      inputCheck: (_dataset, epoch, version) => {
        assert.equal(epoch, 1n);
        return this.checks.get(version);
      },
      retiredIn: (dataset) => this.retired.get(dataset),
    };
  }

  requestOf(change: RequestChange): ConfirmedRequest {
    const { parameters = encodeParameters(GOOD), datasetIds = DATASETS, recipients = [], k = this.policy.k } = change;
    const datasetRoots = DATASETS.map((dataset) => datasetRoot(dataset, 2n, [segment("1", 3n), segment("2", 5n)]));
    const { sql, boundsBytes, manifest } = VETTED;
    const context: RequestContext = {
      studyId: STUDY,
      requestId: REQUEST,
      queryHash: queryHash(trialSchema.hash, this.#descriptorBytes, sql, boundsBytes, manifest, AGREEMENT),
      parametersHash: keccak256(parameters),
      policyHash: policyHash(POLICY),
      datasetRoots,
      committeeEpoch: 1n,
      requestBlock: BigInt(REQUEST_BLOCK),
      consentMaskRoot: ZERO_HASH,
      releaseClass: ReleaseClass.PUBLIC,
      recipientsHash: ZERO_HASH,
      ...change.context,
    };
    const asked = { requestId: REQUEST, querier: ZeroAddress, parameters, datasetIds, deadlineBlock: 100n };
    return {
      contract: CONTRACT,
      self: 1 as PartyIndex,
      committee: { epoch: 1n, threshold: 1, demonstration: true, workers: [ZeroAddress] },
      event: { ...asked, recipients, k, context },
    };
  }

  plan(change: RequestChange = {}): Promise<QueryPlan> {
    return planQuery(this.requestOf(change), this.modules());
  }

  async refused(reason: string, change: RequestChange = {}): Promise<void> {
    await assert.rejects(this.plan(change), { detail: { code: "PLAN_REFUSED", requestId: REQUEST, reason } });
  }

  #answer(call: string, value: unknown): Promise<unknown> {
    this.asked.push(call);
    return Promise.resolve(value);
  }

  #rpc(): JsonRpc {
    const send = (method: string, [argument]: unknown[]): Promise<unknown> => {
      if (method === "eth_getBlockByNumber") return Promise.resolve(this.#block(argument));
      assert.equal(method, "eth_getLogs");
      return Promise.resolve(this.#logs(argument as LogFilter));
    };
    return { send } as unknown as JsonRpc;
  }

  #block(number: unknown): unknown {
    assert.equal(number, `0x${REQUEST_BLOCK.toString(16)}`);
    return this.requestTime === undefined ? null : { timestamp: `0x${this.requestTime.toString(16)}` };
  }

  #logs({ fromBlock, toBlock, topics }: LogFilter): unknown[] {
    const at = this.revokedAt;
    if (at === undefined || at < Number(fromBlock) || at > Number(toBlock)) return [];
    const ended = [topics[0][0]!, topics[1]];
    return [{ address: CONTRACT, topics: ended, data: "0x", blockNumber: at, logIndex: 0 }];
  }

  #catalogue(): PlanModules["catalogue"] {
    const descriptorBytes = this.#descriptorBytes;
    const { queryContract, queryStudy: studyId, state, manifest } = this;
    const { sql, boundsBytes: bounds } = VETTED;
    return {
      address: CONTRACT,
      query: () => this.#answer("query", { queryContract, studyId, state, activeUntil: ACTIVE_UNTIL }),
      descriptor: () => this.#answer("descriptor", descriptorBytes),
      publication: () => this.#answer("publication", { sql, bounds, manifest, agreement: AGREEMENT }),
    } as unknown as PlanModules["catalogue"];
  }

  #studies(): PlanModules["studies"] {
    return {
      policy: () => this.#answer("policy", this.policy),
      fieldRules: () => this.#answer("fieldRules", this.fieldRules),
      schemaText: () => this.#answer("schemaText", trialSchemaText),
    } as unknown as PlanModules["studies"];
  }
}

interface LogFilter {
  readonly fromBlock: string;
  readonly toBlock: string;
  readonly topics: readonly [readonly string[], string];
}
