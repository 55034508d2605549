/** Every reason for which a worker does not compute, with real hashes and codecs; the registries are simulated. */
import assert from "node:assert/strict";
import { before, beforeEach, describe, it } from "node:test";
import { SigningKey, Interface, ZeroAddress, ZeroHash, id, keccak256 } from "ethers";
import { QueryState } from "../../../workers/chain/queryCatalogue.ts";
import { type FieldRules, NO_FIELD_RULES, fieldRulesHash } from "../../../workers/messages/fieldRules.ts";
import { parseFieldRules } from "../../../workers/schema/parseFieldRules.ts";
import type { DatasetSegment } from "../../../workers/chain/datasetRegistry.ts";
import type { JsonRpc } from "../../../workers/chain/provider.ts";
import { type Policy, policyHash } from "../../../workers/chain/studyRegistry.ts";
import type { ConsentChange, ConsentRecord } from "../../../workers/messages/consentMask.ts";
import {
  DEFAULT_RULES,
  consentMaskRoot as consentMaskRootOf,
  nextHead,
} from "../../../workers/messages/consentMask.ts";
import { unsupported } from "../../../workers/disclosure/errors.ts";
import { datasetRoot } from "../../../workers/messages/datasetRoot.ts";
import { decodeDescriptor } from "../../../workers/messages/decodeDescriptor.ts";
import { AtomOp, encodeDescriptor, encodeParameters, NO_FACTOR } from "../../../workers/messages/descriptor.ts";
import { recipientsHash } from "../../../workers/messages/sealedAnswer.ts";
import { ReleaseClass, type RequestContext, ZERO_HASH } from "../../../workers/messages/statement.ts";
import { ConsentMasks } from "../../../workers/node/consentMasks.ts";
import type { ConfirmedRequest } from "../../../workers/node/requestModules.ts";
import { type PlanModules, planQuery } from "../../../workers/node/queryPlan.ts";
import { RequestedSegments } from "../../../workers/node/requestedSegments.ts";
import { refuseUntold } from "../../../workers/node/untoldSets.ts";
import { VettedQueries } from "../../../workers/node/vettedQueries.ts";
import { circuitError } from "../../../workers/query/circuitError.ts";
import { type CompiledQuery, compileQuery } from "../../../workers/query/compileQuery.ts";
import { queryHash } from "../../../workers/query/queryHash.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import type { SegmentStatus } from "../../../workers/store/segmentRows.ts";
import { DEMO_SQL, trialSchema, trialSchemaText } from "../query/trialSchema.ts";

const AGREEMENT = "I shall not try to identify anyone.";
const CONTRACT = "0x00000000000000000000000000000000000000C1";
const STUDY = id("study");
const RECIPIENTS = ["one", "two"].map((name) => new SigningKey(id(name)).compressedPublicKey).sort();
const POLICY: Policy = {
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
const REQUEST = id("request");
/** Ascending, as the contract demands. */
const DATASETS = [id("dataset 1"), id("dataset 2")].sort();
const CATALOGUE_ABI = new Interface([
  "event QueryRevoked(bytes32 indexed queryHash, string reason)",
  "event QuerySuperseded(bytes32 indexed queryHash, bytes32 indexed successor)",
]);
const REQUEST_BLOCK = 50;
const ACTIVE_UNTIL = 1_900_000_000n;
const GOOD = [40n, 59n, 0n];

function segment(name: string, rowCount: bigint): DatasetSegment {
  return { rowCount, columnsRoot: id(`columns ${name}`), sharesRoot: id(`shares ${name}`) };
}

/** What the chain and the store say; tests change single facts. */
interface World {
  policy: Policy;
  fieldRules: FieldRules;
  queryContract: string;
  queryStudy: string;
  state: QueryState;
  manifest: string;
  isStopped: boolean;
  /** The block of the event that ended the query, by revocation or supersession. */
  revokedAt: number | undefined;
  /** Of the request's block; undefined where the node has not seen it. */
  requestTime: bigint | undefined;
  segments: DatasetSegment[];
  stored: SegmentStatus[];
  checks: Map<bigint, ReturnType<PlanModules["inputCheck"]>>;
  readonly retired: Map<string, number>;
  consents: ConsentChange[];
}

describe("planQuery", () => {
  let compiled: CompiledQuery;
  let hash: string;
  let world: World;
  /** What was asked of the chain. */
  let asked: string[];

  before(async () => {
    compiled = await compileQuery(DEMO_SQL, trialSchema);
    const { descriptorBytes, sql, boundsBytes, manifest } = compiled;
    hash = queryHash(trialSchema.hash, descriptorBytes, sql, boundsBytes, manifest, AGREEMENT);
  });

  beforeEach(() => {
    const stored = [3, 5].map((rowCount, i) => ({
      version: BigInt(i + 1),
      state: "active" as const,
      fileHash: id(`file ${i}`),
      epoch: 1n,
      rowCount,
    }));
    world = {
      policy: POLICY,
      fieldRules: NO_FIELD_RULES,
      queryContract: CONTRACT,
      queryStudy: STUDY,
      state: QueryState.ACTIVE,
      manifest: compiled.manifest,
      isStopped: false,
      revokedAt: undefined,
      requestTime: ACTIVE_UNTIL,
      segments: [segment("1", 3n), segment("2", 5n)],
      stored,
      checks: new Map([1n, 2n].map((version) => [version, { state: "checked", reason: undefined }])),
      retired: new Map(),
      consents: [],
    };
  });

  function modules(): PlanModules {
    const { descriptorBytes, sql, boundsBytes } = compiled;
    const send = (method: string, [filter]: unknown[]): Promise<unknown> => {
      if (method === "eth_getBlockByNumber") {
        assert.deepEqual(filter, `0x${REQUEST_BLOCK.toString(16)}`);
        return Promise.resolve(
          world.requestTime === undefined ? null : { timestamp: `0x${world.requestTime.toString(16)}` },
        );
      }
      assert.equal(method, "eth_getLogs");
      const { fromBlock, toBlock, topics } = filter as {
        fromBlock: string;
        toBlock: string;
        topics: [string[], string];
      };
      const at = world.revokedAt;
      if (at === undefined || at < Number(fromBlock) || at > Number(toBlock)) return Promise.resolve([]);
      const ended = [topics[0][0]!, topics[1]];
      return Promise.resolve([{ address: CONTRACT, topics: ended, data: "0x", blockNumber: at, logIndex: 0 }]);
    };
    const deployment = { block: 1, abi: () => CATALOGUE_ABI };
    const query = {
      queryContract: world.queryContract,
      studyId: world.queryStudy,
      state: world.state,
      activeUntil: ACTIVE_UNTIL,
    };
    asked = [];
    const answer = (call: string, value: unknown): Promise<unknown> => {
      asked.push(call);
      return Promise.resolve(value);
    };
    const rpc = { send } as unknown as JsonRpc;
    const catalogue = {
      address: CONTRACT,
      query: () => answer("query", query),
      descriptor: () => answer("descriptor", descriptorBytes),
      publication: () =>
        answer("publication", { sql, bounds: boundsBytes, manifest: world.manifest, agreement: AGREEMENT }),
    } as unknown as PlanModules["catalogue"];
    const studies = {
      policy: () => answer("policy", world.policy),
      fieldRules: () => answer("fieldRules", world.fieldRules),
      schemaText: () => answer("schemaText", trialSchemaText),
    } as unknown as PlanModules["studies"];
    const segments = { segments: () => answer("segments", world.segments) as Promise<DatasetSegment[]> };
    return {
      rpc,
      emergencyStop: { isStopped: () => Promise.resolve(world.isStopped) },
      deployment: deployment as unknown as PlanModules["deployment"],
      catalogue,
      studies,
      queries: new VettedQueries({ rpc, catalogue, studies }),
      requestedSegments: new RequestedSegments(segments, { ofDataset: () => [] }),
      consent: new ConsentMasks({
        log: { changes: () => answer("consent", world.consents) as never },
        rpc,
        studies,
        firstBlock: 1,
      }),
      storedSegments: () => world.stored,
      inputCheck: (_dataset: string, epoch: bigint, version: bigint) => {
        assert.equal(epoch, 1n);
        return world.checks.get(version);
      },
      retiredIn: (dataset: string) => world.retired.get(dataset),
    };
  }

  interface Change {
    readonly context?: Partial<RequestContext>;
    readonly parameters?: string;
    readonly datasetIds?: readonly string[];
    readonly recipients?: readonly string[];
    readonly k?: number;
  }

  function requestOf({
    context,
    parameters = encodeParameters(GOOD),
    datasetIds = DATASETS,
    recipients = [],
    k = world.policy.k,
  }: Change): ConfirmedRequest {
    const datasetRoots = DATASETS.map((dataset) => datasetRoot(dataset, 2n, [segment("1", 3n), segment("2", 5n)]));
    return {
      contract: CONTRACT,
      self: 1 as PartyIndex,
      committee: { epoch: 1n, threshold: 1, demonstration: true, workers: [ZeroAddress] },
      event: {
        requestId: REQUEST,
        querier: ZeroAddress,
        parameters,
        datasetIds,
        deadlineBlock: 100n,
        recipients,
        k,
        context: {
          studyId: STUDY,
          requestId: REQUEST,
          queryHash: hash,
          parametersHash: keccak256(parameters),
          policyHash: policyHash(POLICY),
          datasetRoots,
          committeeEpoch: 1n,
          requestBlock: BigInt(REQUEST_BLOCK),
          consentMaskRoot: ZERO_HASH,
          releaseClass: ReleaseClass.PUBLIC,
          recipientsHash: ZERO_HASH,
          ...context,
        },
      },
    };
  }

  const refused = (reason: string, change: Change = {}): Promise<void> =>
    assert.rejects(planQuery(requestOf(change), modules()), {
      detail: { code: "PLAN_REFUSED", requestId: REQUEST, reason },
    });
  const missing = (reason: string, version: string): Promise<void> =>
    assert.rejects(planQuery(requestOf({}), modules()), {
      detail: { code: "PLAN_MISSING_SHARES", datasetId: DATASETS[0], version, reason },
    });

  it("computes nothing while the consortium has stopped all", async () => {
    world.isStopped = true;
    await assert.rejects(planQuery(requestOf({}), modules()), { detail: { code: "PLAN_STOPPED", requestId: REQUEST } });
    assert.deepEqual(asked, []);
    world.isStopped = false;
    await planQuery(requestOf({}), modules());
  });
  it("gives the circuit and every dataset in its version", async () => {
    const plan = await planQuery(requestOf({}), modules());
    assert.ok(!plan.empty);
    assert.deepEqual(
      plan.datasets,
      DATASETS.map((datasetId) => ({ datasetId, epoch: 1n, version: 2n })),
    );
    assert.ok(plan.circuit.columns.length > 0);
    assert.deepEqual([plan.parameters, plan.schema.hash], [GOOD, trialSchema.hash]);
    assert.deepEqual(plan.descriptor, decodeDescriptor(compiled.descriptorBytes));
    const rows = [3n, 5n].map((rowCount, i) => ({ version: BigInt(i + 1), rowCount }));
    assert.deepEqual(
      plan.segments,
      DATASETS.flatMap((datasetId) => rows.map((row) => ({ datasetId, ...row }))),
    );
  });

  it("gives the study's k, and never less than 5", async () => {
    for (const [policyK, expected] of [
      [11, 11],
      [5, 5],
      [1, 5],
    ] as const) {
      world.policy = { ...POLICY, k: policyK };
      const plan = await planQuery(requestOf({ context: { policyHash: policyHash(world.policy) } }), modules());
      assert.ok(!plan.empty);
      assert.equal(plan.k, expected);
    }
  });

  it("asks again only for what may have changed", async () => {
    const same = modules();
    await planQuery(requestOf({}), same);
    assert.deepEqual(
      asked.sort(),
      ["consent", "descriptor", "policy", "publication", "query", "schemaText", "segments", "segments"].sort(),
    );
    asked.length = 0;
    await planQuery(requestOf({ parameters: encodeParameters([40n, 59n, 1n]) }), same);
    assert.deepEqual(asked, ["policy", "query"]);
  });

  it("notices a query that was revoked since it was last planned", async () => {
    const same = modules();
    await planQuery(requestOf({}), same);
    same.catalogue.query = () =>
      Promise.resolve({
        queryContract: CONTRACT,
        studyId: STUDY,
        state: QueryState.REVOKED,
        activeUntil: ACTIVE_UNTIL,
      } as never);
    world.revokedAt = REQUEST_BLOCK - 1;
    await assert.rejects(planQuery(requestOf({}), same), { code: "PLAN_REFUSED", message: /had been revoked/ });
  });

  it("takes the version that the request fixed, not what was appended since", async () => {
    world.segments.push(segment("3", 9n));
    const plan = await planQuery(requestOf({}), modules());
    assert.ok(!plan.empty && plan.datasets.every(({ version }) => version === 2n));
  });

  it("leaves out the rows whose consent was withdrawn before the request", async () => {
    const withdrawal: ConsentRecord = {
      version: 2n,
      slots: [0, 3],
      given: false,
      form: 0,
      purposes: [],
      futureUse: false,
      expiry: 0n,
    };
    const datasetId = DATASETS[1]!;
    world.consents = [{ kind: "record", block: REQUEST_BLOCK - 1, datasetId, own: true, record: withdrawal }];
    const heads = DATASETS.map((each, i) => ({
      datasetId: each,
      head: i === 0 ? ZERO_HASH : nextHead(ZERO_HASH, true, withdrawal),
    }));
    const consentMaskRoot = consentMaskRootOf(STUDY, DEFAULT_RULES, heads, ACTIVE_UNTIL);
    const plan = await planQuery(requestOf({ context: { consentMaskRoot } }), modules());
    assert.ok(!plan.empty);
    assert.deepEqual(
      plan.segments.map(({ excluded }) => excluded && [...excluded]),
      [undefined, undefined, undefined, [0, 3]],
    );
    await refused("the consent mask is not the chain's");
  });

  it("computes nothing for parameters that describe no set", async () => {
    assert.deepEqual(await planQuery(requestOf({ parameters: encodeParameters([60n, 39n, 0n]) }), modules()), {
      empty: true,
    });
  });

  it("says so also once a dataset is retired, rejected or gone: no worker may have said something else before", async () => {
    const empty = requestOf({ parameters: encodeParameters([60n, 39n, 0n]) });
    world.checks.set(1n, { state: "rejected", reason: "malformed-columns" });
    assert.deepEqual(await planQuery(empty, modules()), { empty: true });
    world.retired.set(DATASETS[0]!, 8);
    world.stored = [];
    assert.deepEqual(await planQuery(empty, modules()), { empty: true });
  });

  it("refuses a vetted query whose sets cannot be told, whatever shares are here", async () => {
    const [vetted, vettedHash] = [compiled, hash];
    const { descriptor, sql, boundsBytes, manifest } = compiled;
    const value = descriptor.atoms.findIndex(({ op }) => op === AtomOp.VALUE);
    const factors = [...descriptor.factors, { terms: [{ coefficient: 2n, signal: value }] }];
    const outputs = [...descriptor.steps[0]!.outputs, { left: factors.length - 1, right: NO_FACTOR }];
    const made = { ...descriptor, factors, steps: [{ ...descriptor.steps[0]!, outputs }] };
    const descriptorBytes = encodeDescriptor(made);
    compiled = { ...vetted, descriptor: made, descriptorBytes };
    hash = queryHash(trialSchema.hash, descriptorBytes, sql, boundsBytes, manifest, AGREEMENT);
    try {
      world.stored = [];
      const untold = {
        detail: { code: "PLAN_UNTOLD_SETS", requestId: REQUEST },
        message: /combined with something else/,
      };
      await assert.rejects(planQuery(requestOf({}), modules()), untold);
    } finally {
      [compiled, hash] = [vetted, vettedHash];
    }
  });

  it("counts as untold what is too large to be told, and nothing else", () => {
    const refused = { detail: { code: "PLAN_UNTOLD_SETS", requestId: REQUEST } };
    const tooLarge = circuitError({ code: "CIRCUIT_TOO_LARGE", openedValues: 2_000, limit: 1_024 }, "too large");
    const noColumn = circuitError({ code: "CIRCUIT_NO_COLUMN", field: 9 }, "no column");
    const decide = (error: Error) => () =>
      refuseUntold(REQUEST, () => {
        throw error;
      });
    assert.throws(decide(tooLarge), refused);
    assert.throws(decide(unsupported("a problem")), refused);
    assert.throws(decide(noColumn), noColumn);
  });

  it("serves a SEALED request with usable recipients, and refuses any other", async () => {
    const sealedTo = (recipients: readonly string[], hashOf = recipients): Change => ({
      recipients,
      context: { releaseClass: ReleaseClass.SEALED, recipientsHash: recipientsHash(hashOf) },
    });
    assert.equal((await planQuery(requestOf(sealedTo(RECIPIENTS)), modules())).empty, false);
    await refused("the recipients are not the context's", sealedTo(RECIPIENTS, RECIPIENTS.slice(1)));
    for (const [fault, recipients] of [
      ["none", []],
      ["not ascending", RECIPIENTS.toReversed()],
      ["no point of the curve", [`0x02${"00".repeat(31)}05`]],
    ] as const)
      await refused(`the recipients of the sealed answer are not usable: ${fault}`, sealedTo(recipients));
  });

  it("refuses a context that is not the request's, or asks for what is not served", async () => {
    await refused("the context is another request's", { context: { requestId: id("another") } });
    await refused("a PUBLIC answer has no recipients", { recipients: RECIPIENTS });
    await refused("a PUBLIC answer has no recipients", { context: { recipientsHash: recipientsHash(RECIPIENTS) } });
    await refused("the consent mask is not the chain's", { context: { consentMaskRoot: id("mask") } });
    await refused("one root per dataset is needed", { context: { datasetRoots: [ZeroHash] } });
    await refused("the datasets are not ascending", { datasetIds: [...DATASETS].reverse() });
    await refused("the datasets are not ascending", { datasetIds: [DATASETS[0]!, DATASETS[0]!] });
    await refused("the parameters are not the context's", { context: { parametersHash: id("others") } });
  });

  describe("of a SEALED request", () => {
    const SEALED_POLICY = { ...POLICY, sealedK: 4, historyCap: 9 };
    /** As the contract raises the policy, or so it is said. */
    const sealedWith = (k: number, raised: Partial<Policy>): Change => ({
      k,
      recipients: RECIPIENTS,
      context: {
        releaseClass: ReleaseClass.SEALED,
        recipientsHash: recipientsHash(RECIPIENTS),
        policyHash: policyHash({ ...SEALED_POLICY, ...raised }),
      },
    });
    const limitsOf = async (change: Change) => {
      const plan = await planQuery(requestOf(change), modules());
      assert.ok(!plan.empty);
      const { k, jointK, studyK, historyCap } = plan;
      return { k, jointK, studyK, historyCap };
    };
    beforeEach(() => (world.policy = SEALED_POLICY));

    it("gives the k of its class, and beside it that of PUBLIC answers", async () => {
      const limits = { studyK: 11, historyCap: 9 };
      assert.deepEqual(await limitsOf(sealedWith(4, {})), { k: 4, jointK: 11, ...limits });
      const publicHash = { context: { policyHash: policyHash(SEALED_POLICY) } };
      assert.deepEqual(await limitsOf(publicHash), { k: 11, jointK: undefined, ...limits });
    });
    it("gives the owners' k where it is stricter, for the class alone or for both", async () => {
      assert.equal((await limitsOf(sealedWith(7, { sealedK: 7 }))).k, 7);
      const { k, jointK } = await limitsOf(sealedWith(20, { sealedK: 20, k: 20 }));
      assert.deepEqual([k, jointK], [20, 20]);
    });
    it("refuses a lower k than the policy's, and one that the hash does not bind", async () => {
      for (const change of [
        sealedWith(3, { sealedK: 3 }),
        sealedWith(7, {}),
        sealedWith(20, { sealedK: 20 }),
        sealedWith(4, { k: 4 }),
      ])
        await refused("the policy is not the study's", change);
      await refused("the policy is not the study's", {
        k: 4,
        context: { policyHash: policyHash({ ...SEALED_POLICY, k: 4 }) },
      });
    });
    it("never computes for fewer than three, whatever the policy says", async () => {
      world.policy = { ...SEALED_POLICY, sealedK: 1, k: 2 };
      const { k, jointK } = await limitsOf(sealedWith(1, { sealedK: 1, k: 2 }));
      assert.deepEqual([k, jointK], [3, 5]);
    });
  });

  describe("of what the policy permits", () => {
    const permitting = (fields: readonly Record<string, unknown>[]): Change => {
      world.fieldRules = parseFieldRules(JSON.stringify({ fields }), trialSchema);
      world.policy = { ...POLICY, fieldRulesHash: fieldRulesHash(world.fieldRules) };
      return { context: { policyHash: policyHash(world.policy) } };
    };
    const used = [
      { name: "arm", use: ["split"] },
      { name: "biomarker", use: ["split"] },
      { name: "response", use: ["sum"] },
    ];

    it("computes what the catalogue had to take", async () => {
      const change = permitting([...used, { name: "age", use: ["split", "sum"] }]);
      assert.equal((await planQuery(requestOf(change), modules())).empty, false);
      assert.ok(asked.includes("fieldRules"));
      const unruled = { ...POLICY, closedSite: 7 };
      world.policy = unruled;
      const open = { context: { policyHash: policyHash(unruled) } };
      assert.equal((await planQuery(requestOf(open), modules())).empty, false);
    });
    it("refuses what it should not have taken", async () => {
      const fine = permitting([...used, { name: "age", use: ["split", "sum"], cutPoints: [50] }]);
      await refused("the policy does not let a query cut so finely age", fine);
      await refused(
        "the policy does not let a query use so age",
        permitting([...used, { name: "age", use: ["split"] }]),
      );
      world.policy = { ...POLICY, closedSite: 1 };
      const closed = { context: { policyHash: policyHash(world.policy) } };
      await refused("the policy does not let a query use, as the site, arm", closed);
    });
    it("names a field that the schema does not have by its number", async () => {
      const [vetted, vettedHash] = [compiled, hash];
      const { descriptor, sql, boundsBytes, manifest } = compiled;
      const atoms = [...descriptor.atoms, { op: AtomOp.VALUE, field: 99, lo: 0n, hi: 0n, bind: 0 }];
      const descriptorBytes = encodeDescriptor({ ...descriptor, atoms });
      compiled = { ...vetted, descriptorBytes };
      hash = queryHash(trialSchema.hash, descriptorBytes, sql, boundsBytes, manifest, AGREEMENT);
      try {
        const change = permitting([...used, { name: "age", use: ["split", "sum"] }]);
        await assert.rejects(planQuery(requestOf(change), modules()), {
          message: /the policy does not let a query use so field 99|terms/,
        });
      } finally {
        [compiled, hash] = [vetted, vettedHash];
      }
    });
  });

  it("refuses another policy than the study's", async () => {
    world.policy = { ...POLICY, k: 10 };
    for (const k of [world.policy.k - 1, 1_001]) {
      const context = { policyHash: policyHash({ ...world.policy, k }) };
      await refused("the policy is not the study's", { k, context });
    }
    await refused("the policy is not the study's");
  });

  it("refuses a query that the catalogue has for another contract or study, or not as vetted", async () => {
    world.queryContract = ZeroAddress;
    await refused("the catalogue names another contract");
    world.queryContract = CONTRACT;
    world.queryStudy = id("another study");
    await refused("the query is another study's");
    world.queryStudy = STUDY;
    for (const state of [QueryState.NONE, QueryState.PUBLISHED]) {
      world.state = state;
      await refused("the query is not vetted");
    }
  });

  it("refuses a query revoked or superseded before the request, and serves one that was after it", async () => {
    for (const state of [QueryState.REVOKED, QueryState.SUPERSEDED]) {
      world.state = state;
      world.revokedAt = REQUEST_BLOCK - 1;
      await refused("the query had been revoked or superseded");
      for (const block of [REQUEST_BLOCK, REQUEST_BLOCK + 1]) {
        world.revokedAt = block;
        assert.equal((await planQuery(requestOf({}), modules())).empty, false);
      }
    }
  });

  it("looks for both ends of this very query", async () => {
    world.state = QueryState.SUPERSEDED;
    const given = modules();
    let topics: unknown;
    const rpc = {
      send: async (method: string, params: unknown[]): Promise<unknown> => {
        if (method === "eth_getLogs") ({ topics } = params[0] as { topics: unknown });
        return given.rpc.send(method, params);
      },
    } as unknown as JsonRpc;
    await planQuery(requestOf({}), { ...given, rpc });
    const ends = [id("QueryRevoked(bytes32,string)"), id("QuerySuperseded(bytes32,bytes32)")];
    assert.deepEqual(topics, [ends, requestOf({}).event.context.queryHash]);
  });

  it("refuses a query whose vettings had lapsed at the request, in whichever state, and serves it at the last second", async () => {
    world.requestTime = ACTIVE_UNTIL + 1n;
    for (const state of [QueryState.ACTIVE, QueryState.REVOKED, QueryState.SUPERSEDED]) {
      world.state = state;
      await refused("the query's vettings had lapsed");
    }
    world.state = QueryState.ACTIVE;
    world.requestTime = ACTIVE_UNTIL;
    assert.equal((await planQuery(requestOf({}), modules())).empty, false);
  });

  it("is tried again where the node has not seen the request's block", async () => {
    world.requestTime = undefined;
    await assert.rejects(planQuery(requestOf({}), modules()), { code: "CHAIN_UNREACHABLE" });
  });

  it("refuses parts that do not hash to what was vetted", async () => {
    world.manifest += " ";
    await refused("the query's parts do not hash to what was vetted");
  });

  it("refuses parameters out of the vetted bounds, too few, or malformed", async () => {
    const parameters = (values: bigint[]): Change => ({ parameters: encodeParameters(values) });
    const reason = (code: string): string => `the parameters are not the vetted ones (${code})`;
    await refused(reason("PARAMETER_OUT_OF_BOUNDS"), parameters([-1n, 59n, 0n]));
    await refused(reason("PARAMETER_OUT_OF_BOUNDS"), parameters([40n, 59n, 2n]));
    await refused(reason("PARAMETER_COUNT"), parameters([40n, 59n]));
    await assert.rejects(planQuery(requestOf({ parameters: "0x1234" }), modules()), {
      code: "PLAN_REFUSED",
      message: /the parameters are not the vetted ones \(DESCRIPTOR_/,
    });
  });

  it("refuses a root that is none of the dataset's versions'", async () => {
    world.segments = [segment("1", 3n), segment("altered", 5n)];
    await refused(`the root of dataset ${DATASETS[0]} is none of its versions'`);
  });

  it("names the version whose shares are not here, or are others", async () => {
    const [first, second] = world.stored as [SegmentStatus, SegmentStatus];
    world.stored = [first];
    await missing("its activation has not been seen here", "2");
    world.stored = [first, { ...second, state: "pending" }];
    await missing("its activation has not been seen here", "2");
    world.stored = [{ ...first, state: "missing" }, second];
    await missing("no shares are stored here", "1");
    world.stored = [first, { ...second, rowCount: 4 }];
    await missing("the stored shares have another number of rows", "2");
    world.stored = [{ ...first, epoch: 2n }, second];
    await missing("the stored shares are another epoch's", "1");
  });

  it("takes the shares of the request's committee where another's are here, too", async () => {
    const others = world.stored.map((each): SegmentStatus => ({ ...each, epoch: 2n, state: "missing", rowCount: 9 }));
    for (const stored of [
      [...world.stored, ...others],
      [...others, ...world.stored],
    ]) {
      world.stored = stored;
      const plan = await planQuery(requestOf({}), modules());
      assert.ok(!plan.empty && plan.datasets.every(({ epoch, version }) => epoch === 1n && version === 2n));
    }
  });

  it("waits for versions that are being checked, and never reads one that was rejected", async () => {
    for (const check of [undefined, { state: "unchecked", reason: undefined } as const]) {
      world.checks.set(2n, check);
      const detail = { code: "PLAN_BEING_CHECKED", datasetId: DATASETS[0], version: "2" };
      await assert.rejects(planQuery(requestOf({}), modules()), { detail });
    }
    world.checks.set(1n, { state: "rejected", reason: "malformed-columns" });
    const detail = {
      code: "PLAN_DATASET_REJECTED",
      datasetId: DATASETS[0],
      version: "1",
      reason: "malformed-columns",
    };
    await assert.rejects(planQuery(requestOf({}), modules()), { detail, message: /malformed-columns/ });
  });

  it("computes nothing over a dataset that was retired, whether its shares are gone already or not", async () => {
    world.retired.set(id("another"), 7);
    await planQuery(requestOf({}), modules());
    world.retired.set(DATASETS[0]!, 8);
    const detail = { code: "PLAN_DATASET_RETIRED", datasetId: DATASETS[0], block: 8 };
    await assert.rejects(planQuery(requestOf({}), modules()), { detail });
    world.stored = [];
    world.checks.clear();
    await assert.rejects(planQuery(requestOf({}), modules()), { detail });
  });
});
