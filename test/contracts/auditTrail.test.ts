import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbiCoder, Contract, ZeroAddress, ZeroHash, dataSlice, id, keccak256 } from "ethers";
import type { TypedContractEvent, TypedEventLog } from "../../types/common.ts";
import type { AuditTrail } from "../../types/audit/AuditTrail.ts";
import { Capacity } from "../../workers/chain/credits.ts";
import { ACT_NAMES } from "../../scripts/auditor/actNames.ts";
import { load, mineUntilNextIs } from "./support/chain.ts";
import {
  CONSORTIUM,
  OUTSIDER,
  QUERIER,
  answer,
  ask,
  deployContracts,
  openRequest,
  VERDICT,
  endedWordsOf,
  wordsOf,
} from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";

const WORDS = [
  ...["bytes27", "uint64", "bytes32", "bytes32", "address", "bytes32", "bytes32", "bytes32", "bytes32"],
  "uint256",
];

type Recorded = TypedEventLog<TypedContractEvent<unknown[], unknown[], Record<string, string>>>;

function replay(events: readonly Recorded[]): string {
  let head = dataSlice(ZeroHash, 0, 27);
  for (const [i, event] of events.entries()) {
    const { act, subject, actor, organisation, oldHash, newHash, reason } = event.args as Record<string, string>;
    const words = [head, i, act, subject, actor, organisation, oldHash, newHash, id(reason ?? ""), event.blockNumber];
    head = dataSlice(keccak256(AbiCoder.defaultAbiCoder().encode(WORDS, words)), 0, 27);
  }
  return head;
}

async function eventsOf(trail: AuditTrail): Promise<Recorded[]> {
  return (await trail.queryFilter(trail.filters.Recorded())) as unknown as Recorded[];
}

describe("AuditTrail", () => {
  async function everything() {
    const world = await openRequest();
    await answer(world);
    await world.query.settle(...endedWordsOf(world, VERDICT));
    await world.credits.connect(world.committee[0]).withdraw(Capacity.WORKER);
    const second = { ...world, asked: await ask(world) };
    await mineUntilNextIs(second.asked.deadlineBlock + 1n);
    await world.query.expire(...wordsOf(second));
    await world.queriers.revoke(QUERIER.address, "gone");
    await world.catalogue.revoke(world.queryHash, "superseded");
    return world;
  }

  describe("record", () => {
    it("chains every act of a whole story: the head is recomputed from the events alone", async () => {
      const { trail } = await load(everything);
      const events = await eventsOf(trail);
      assert.equal(BigInt(events.length), await trail.length());
      assert.equal(replay(events), await trail.head());
      assert.deepEqual(
        events.map(({ args }) => (args as Record<string, unknown>)["sequence"]),
        events.map((_, i) => BigInt(i)),
      );
    });
    it("shows an event left out, two swapped, or a word altered", async () => {
      const { trail } = await load(everything);
      const events = await eventsOf(trail);
      const head = await trail.head();
      assert.notEqual(replay(events.slice(1)), head);
      assert.notEqual(replay(events.toSpliced(5, 1)), head);
      assert.notEqual(replay(events.with(5, events[6] as Recorded).with(6, events[5] as Recorded)), head);
      assert.notEqual(replay(events.slice(0, -1)), head);
    });
    it("uses names of the vocabulary only", async () => {
      const { trail } = await load(everything);
      const known = new Map(ACT_NAMES.map((name) => [id(name), name]));
      const used = new Set(
        (await eventsOf(trail)).map(({ args }) => known.get((args as Record<string, string>)["act"] ?? "")),
      );
      assert.equal(used.has(undefined), false);
      assert.ok(used.size >= 18, [...used].join(" "));
    });
    it("emits one event for each act, and nothing else", async () => {
      const { trail, queriers } = await load(openRequest);
      const receipt = await (await queriers.revoke(QUERIER.address, "gone")).wait();
      const address = await trail.getAddress();
      assert.deepEqual(
        receipt?.logs.map((log) => log.address === address),
        [false, true],
      );
    });
    it("is for recorders", async () => {
      const { trail } = await load(deployContracts);
      for (const caller of [CONSORTIUM, OUTSIDER]) {
        const act = trail.connect(caller).record(ZeroHash, ZeroHash, ZeroAddress, ZeroHash, ZeroHash, ZeroHash, "");
        await reverts(act, trail, "AuditTrailNotRecorder", [caller.address]);
      }
    });
  });

  describe("addRecorder", () => {
    it("is for the catalogue once the deployment is done", async () => {
      const { trail, studies } = await load(deployContracts);
      for (const caller of [CONSORTIUM, OUTSIDER]) {
        const act = trail.connect(caller).addRecorder(await studies.getAddress());
        await reverts(act, trail, "AccessManagedUnauthorized", [caller.address]);
      }
    });
    it("refuses an account without code, and one twice", async () => {
      const { trail, access, studies } = await load(deployContracts);
      await access.grantRole(await access.CATALOGUE_ROLE(), CONSORTIUM.address, 0);
      await reverts(trail.addRecorder(OUTSIDER.address), trail, "DeployedNotContract", [OUTSIDER.address]);
      const address = await studies.getAddress();
      await reverts(trail.addRecorder(address), trail, "AuditTrailAlreadyRecorder", [address]);
    });
    it("was done for every contract that records, each in the trail before any other act", async () => {
      const { trail, deployment } = await load(deployContracts);
      const events = await trail.queryFilter(trail.filters.RecorderAdded());
      assert.equal(events.length, 19);
      const acts = (await eventsOf(trail)).map(({ args }) => (args as Record<string, string>)["act"]);
      assert.equal(acts.lastIndexOf(id("RecorderAdded")), 18);
      for (const { args } of events) assert.equal(await trail.isRecorder(args.recorder), true);
      assert.equal(await trail.isRecorder(deployment.contracts["QuerySmartContract"]?.address ?? ""), false);
    });
    it("says of every contract that has a trail that this is the one", async () => {
      const { trail, deployment } = await load(deployContracts);
      const contracts = Object.values(deployment.contracts).map(
        ({ address, abi }) => new Contract(address, abi, CONSORTIUM),
      );
      const audited = contracts.filter((contract) => contract.interface.hasFunction("auditTrail()"));
      const named = await Promise.all(audited.map((contract) => contract.getFunction("auditTrail()")()));
      // All but the trail itself, the registry of deployments, which has each deployment's own, and the rulebook.
      assert.equal(named.length, contracts.length - 3);
      assert.deepEqual([...new Set(named)], [await trail.getAddress()]);
    });
  });
});
