/** What a request is computed as, and every reason of its own for which a worker does not compute it. */
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { ZeroHash, id } from "ethers";
import {
  type ConsentRecord,
  DEFAULT_RULES,
  consentMaskRoot as consentMaskRootOf,
  nextHead,
} from "../../../workers/messages/consentMask.ts";
import { decodeDescriptor } from "../../../workers/messages/decodeDescriptor.ts";
import { AtomOp, NO_FACTOR, encodeParameters } from "../../../workers/messages/descriptor.ts";
import { recipientsHash } from "../../../workers/messages/sealedAnswer.ts";
import { ZERO_HASH } from "../../../workers/messages/statement.ts";
import { planQuery } from "../../../workers/node/queryPlan.ts";
import { trialSchema } from "../query/trialSchema.ts";
import {
  ACTIVE_UNTIL,
  DATASETS,
  GOOD,
  PlanWorld,
  RECIPIENTS,
  REQUEST,
  REQUEST_BLOCK,
  type RequestChange,
  STUDY,
  VETTED,
} from "./planWorld.ts";

describe("planQuery", () => {
  let world: PlanWorld;
  beforeEach(() => (world = new PlanWorld()));

  it("computes nothing while the consortium has stopped all", async () => {
    world.isStopped = true;
    await assert.rejects(world.plan(), { detail: { code: "PLAN_STOPPED", requestId: REQUEST } });
    assert.deepEqual(world.asked, []);
    world.isStopped = false;
    await world.plan();
  });

  it("gives the circuit and every dataset in its version", async () => {
    const plan = await world.plan();
    assert.ok(!plan.empty);
    assert.deepEqual(
      plan.datasets,
      DATASETS.map((datasetId) => ({ datasetId, epoch: 1n, version: 2n })),
    );
    assert.ok(plan.circuit.columns.length > 0);
    assert.deepEqual([plan.parameters, plan.schema.hash], [GOOD, trialSchema.hash]);
    assert.deepEqual(plan.descriptor, decodeDescriptor(VETTED.descriptorBytes));
    const rows = [3n, 5n].map((rowCount, i) => ({ version: BigInt(i + 1), rowCount }));
    assert.deepEqual(
      plan.segments,
      DATASETS.flatMap((datasetId) => rows.map((row) => ({ datasetId, ...row }))),
    );
  });

  it("asks again only for what may have changed", async () => {
    const same = world.modules();
    await planQuery(world.requestOf({}), same);
    assert.deepEqual(
      world.asked.sort(),
      ["consent", "descriptor", "policy", "publication", "query", "schemaText", "segments", "segments"].sort(),
    );
    world.asked.length = 0;
    await planQuery(world.requestOf({ parameters: encodeParameters([40n, 59n, 1n]) }), same);
    assert.deepEqual(world.asked, ["policy", "query"]);
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
    const plan = await world.plan({ context: { consentMaskRoot } });
    assert.ok(!plan.empty);
    assert.deepEqual(
      plan.segments.map(({ excluded }) => excluded && [...excluded]),
      [undefined, undefined, undefined, [0, 3]],
    );
    await world.refused("the consent mask is not the chain's");
  });

  it("computes nothing for parameters that describe no set", async () => {
    assert.deepEqual(await world.plan({ parameters: encodeParameters([60n, 39n, 0n]) }), {
      empty: true,
    });
  });

  it("says so also once a dataset is retired, rejected or gone: no worker may have said something else before", async () => {
    const empty = world.requestOf({ parameters: encodeParameters([60n, 39n, 0n]) });
    world.checks.set(1n, { state: "rejected", reason: "malformed-columns" });
    assert.deepEqual(await planQuery(empty, world.modules()), { empty: true });
    world.retired.set(DATASETS[0]!, 8);
    world.stored = [];
    assert.deepEqual(await planQuery(empty, world.modules()), { empty: true });
  });

  it("refuses a vetted query whose sets cannot be told, whatever shares are here", async () => {
    const { descriptor } = VETTED;
    const value = descriptor.atoms.findIndex(({ op }) => op === AtomOp.VALUE);
    const factors = [...descriptor.factors, { terms: [{ coefficient: 2n, signal: value }] }];
    const outputs = [...descriptor.steps[0]!.outputs, { left: factors.length - 1, right: NO_FACTOR }];
    world.vet({ ...descriptor, factors, steps: [{ ...descriptor.steps[0]!, outputs }] });
    world.stored = [];
    await assert.rejects(world.plan(), {
      detail: { code: "PLAN_UNTOLD_SETS", requestId: REQUEST },
      message: /combined with something else/,
    });
  });

  it("refuses a context that is not the request's, or asks for what is not served", async () => {
    await world.refused("the context is another request's", { context: { requestId: id("another") } });
    await world.refused("a PUBLIC answer has no recipients", { recipients: RECIPIENTS });
    await world.refused("a PUBLIC answer has no recipients", {
      context: { recipientsHash: recipientsHash(RECIPIENTS) },
    });
    await world.refused("the consent mask is not the chain's", { context: { consentMaskRoot: id("mask") } });
    await world.refused("one root per dataset is needed", { context: { datasetRoots: [ZeroHash] } });
    await world.refused("the datasets are not ascending", { datasetIds: [...DATASETS].reverse() });
    await world.refused("the datasets are not ascending", { datasetIds: [DATASETS[0]!, DATASETS[0]!] });
    await world.refused("the parameters are not the context's", { context: { parametersHash: id("others") } });
  });

  it("refuses parameters out of the vetted bounds, too few, or malformed", async () => {
    const parameters = (values: bigint[]): RequestChange => ({ parameters: encodeParameters(values) });
    const reason = (code: string): string => `the parameters are not the vetted ones (${code})`;
    await world.refused(reason("PARAMETER_OUT_OF_BOUNDS"), parameters([-1n, 59n, 0n]));
    await world.refused(reason("PARAMETER_OUT_OF_BOUNDS"), parameters([40n, 59n, 2n]));
    await world.refused(reason("PARAMETER_COUNT"), parameters([40n, 59n]));
    await assert.rejects(world.plan({ parameters: "0x1234" }), {
      code: "PLAN_REFUSED",
      message: /the parameters are not the vetted ones \(DESCRIPTOR_/,
    });
  });
});
