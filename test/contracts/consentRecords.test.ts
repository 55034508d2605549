/** Consents on paper, which the owner records, and what a request binds of all of them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroHash, encodeBytes32String, id } from "ethers";
import { type ConsentRecord, nextHead } from "../../workers/messages/consentMask.ts";
import { requestCommitment } from "../../workers/messages/statement.ts";
import { ethers, load, networkHelpers, now } from "./support/chain.ts";
import {
  GIVING,
  OWNER,
  WITHDRAWAL,
  consent,
  consentOf,
  enrolParticipants,
  entryOf,
  headOfEvents,
  publishForm,
  record,
  rootAt,
  slotOf,
  withdraw,
} from "./support/consent.ts";
import { OUTSIDER, OWNERS, PARAMETERS, PRICE, PURPOSE, activate, ask, contextOf } from "./support/consortium.ts";
import { NEW_KEY, rotate } from "./support/keyRotation.ts";
import { reverts } from "./support/reverts.ts";

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe("ConsentRegistry.record", () => {
  async function refused(entry: ConsentRecord, error: string, args: readonly unknown[]): Promise<void> {
    const world = await load(enrolParticipants);
    await reverts(record(world, entry), world.consents, error, args);
  }

  it("tells many rows at once, and is recorded under the owner's name", async () => {
    const world = await load(publishForm);
    const { consents, datasetId, trail } = world;
    await record(world, GIVING);
    await record(world, WITHDRAWAL);
    const first = nextHead(ZeroHash, false, GIVING);
    const second = nextHead(first, false, WITHDRAWAL);
    const events = await consents.queryFilter(consents.filters.ConsentRecorded(datasetId));
    assert.deepEqual(
      events.map(({ args }) => [args.own, args.record.given, args.record.slots.map(Number), args.head]),
      [
        [false, true, GIVING.slots, first],
        [false, false, WITHDRAWAL.slots, second],
      ],
    );
    assert.equal(await consents.head(datasetId), second);
    assert.equal(await headOfEvents(world), second);
    const recorded = (await trail.queryFilter(trail.filters.Recorded())).slice(-2);
    const by = [datasetId, OWNER.address, id("Hospital 1")];
    assert.deepEqual(
      recorded.map(({ args }) => [
        ...[args.act, args.subject, args.actor, args.organisation],
        ...[args.oldHash, args.newHash],
      ]),
      [
        [id("ConsentGiven"), ...by, ZeroHash, first],
        [id("ConsentWithdrawn"), ...by, first, second],
      ],
    );
  });
  it("takes 1 to 256 rows of the version, ascending", async () => {
    await refused({ ...WITHDRAWAL, slots: [] }, "ConsentRegistrySlotCount", [0, 256]);
    await refused({ ...WITHDRAWAL, slots: range(0, 257) }, "ConsentRegistrySlotCount", [257, 256]);
    await refused({ ...WITHDRAWAL, slots: [1, 2, 2] }, "ConsentRegistrySlotsNotAscending", [2]);
    await refused({ ...WITHDRAWAL, slots: [2, 1, 3] }, "ConsentRegistrySlotsNotAscending", [1]);
    await refused({ ...WITHDRAWAL, slots: [1, 100] }, "ConsentRegistrySlotOutOfRange", [100, 100]);
    const { datasetId } = await load(enrolParticipants);
    await refused({ ...WITHDRAWAL, version: 0n }, "ConsentRegistryUnknownVersion", [datasetId, 0]);
    await refused({ ...WITHDRAWAL, version: 2n }, "ConsentRegistryUnknownVersion", [datasetId, 2]);
    const world = await load(enrolParticipants);
    await record(world, { ...WITHDRAWAL, slots: range(0, 100) });
    await activate(world, OWNER, 2n);
    await record(world, { ...WITHDRAWAL, version: 2n, slots: [99] });
    await activate(world, OWNER, 3n, 300n);
    await record(world, { ...WITHDRAWAL, version: 3n, slots: range(44, 300) });
  });
  it("keeps to published forms, 16 purposes and expiries to come; a withdrawal has none of them", async () => {
    const { studyId } = await load(enrolParticipants);
    const slots = [50];
    await refused({ ...GIVING, slots, form: 0 }, "ConsentRegistryUnknownForm", [studyId, 0]);
    await refused({ ...GIVING, slots, form: 2 }, "ConsentRegistryUnknownForm", [studyId, 2]);
    const many = Array.from({ length: 17 }, (_, i) => encodeBytes32String(`DUO:${i}`));
    await refused({ ...GIVING, slots, purposes: many }, "ConsentRegistryTooManyPurposes", [17, 16]);
    await refused({ ...GIVING, slots, expiry: 1n }, "ConsentRegistryInvalidExpiry", [1]);
    for (const scope of [{ form: 1 }, { purposes: [PURPOSE] }, { futureUse: true }, { expiry: 2n ** 64n - 1n }]) {
      await refused({ ...WITHDRAWAL, slots, ...scope }, "ConsentRegistryWithdrawalWithScope", []);
    }
    const world = await load(enrolParticipants);
    await world.consents.publishForm(studyId, id("two"));
    await world.consents.setRules(studyId, false, 2);
    await reverts(record(world, { ...GIVING, slots }), world.consents, "ConsentRegistryFormTooOld", [1, 2]);
    await record(world, { ...GIVING, slots, form: 2 });
  });
  it("is for the current key of that dataset's owner", async () => {
    const world = await load(publishForm);
    for (const by of [OUTSIDER, OWNERS[1]!]) {
      await reverts(record(world, WITHDRAWAL, by), world.consents, "ConsentRegistryNotOwner", [by.address]);
    }
    await rotate(world.owners, OWNER, NEW_KEY);
    await reverts(record(world, WITHDRAWAL), world.consents, "ConsentRegistryNotOwner", [OWNER.address]);
    await record(world, WITHDRAWAL, NEW_KEY);
    const { actor } = (await world.trail.queryFilter(world.trail.filters.Recorded())).at(-1)!.args;
    assert.equal(actor, OWNER.address);
  });
  it("of an owner whose credential has ended takes back, and gives nothing", async () => {
    const world = await load(publishForm);
    await world.owners.revoke(OWNER.address, "left the consortium");
    await record(world, WITHDRAWAL);
    await reverts(record(world, GIVING), world.consents, "ConsentRegistryInactiveOwner", [OWNER.address]);
  });

  describe("after a participant's own word", () => {
    it("gives nothing for its row, whatever that word was, and names the row", async () => {
      const world = await load(enrolParticipants);
      await withdraw(world, 1);
      await reverts(record(world, GIVING), world.consents, "ConsentRegistryParticipantSpoke", [slotOf(1)]);
      await record(world, { ...GIVING, slots: [slotOf(0), slotOf(2)] });
      const limited = await consentOf(world, 0, { purposes: [] });
      await consent(world, limited);
      const wider = { ...GIVING, futureUse: true };
      await reverts(record(world, wider), world.consents, "ConsentRegistryParticipantSpoke", [slotOf(0)]);
    });
    it("gives nothing either once the owner itself took back, or the key was replaced", async () => {
      const world = await load(enrolParticipants);
      await withdraw(world);
      const own = { slots: [slotOf(0)] };
      await record(world, { ...WITHDRAWAL, ...own });
      const again = record(world, { ...GIVING, ...own });
      await reverts(again, world.consents, "ConsentRegistryParticipantSpoke", [slotOf(0)]);
    });
    it("still takes back, on the participant's word on paper", async () => {
      const world = await load(enrolParticipants);
      await consent(world, await consentOf(world));
      await record(world, { ...WITHDRAWAL, slots: [slotOf(0)] });
    });
    it("counts for the row of that version only", async () => {
      const world = await load(enrolParticipants);
      await activate(world, OWNER, 2n);
      await withdraw(world);
      await record(world, { ...GIVING, version: 2n });
    });
  });

  it("costs per row what its event costs, and no more for a dataset with many records than with ten", async () => {
    const world = await load(publishForm);
    const spend = async (): Promise<bigint> => (await (await record(world, WITHDRAWAL)).wait())!.gasUsed;
    for (let i = 0; i < 9; i++) await spend();
    const tenth = await spend();
    for (let i = 0; i < 40; i++) await spend();
    const fiftieth = await spend();
    assert.ok(fiftieth <= tenth + 100n, `${tenth} became ${fiftieth}`);
    const rows = range(0, 100);
    const withdrawn = (await (await record(world, { ...WITHDRAWAL, slots: rows })).wait())!.gasUsed;
    const given = (await (await record(world, { ...GIVING, slots: rows })).wait())!.gasUsed;
    console.log(`gas: record of 3 rows ${fiftieth}, of 100 rows ${withdrawn} (withdrawn), ${given} (given)`);
    assert.ok(withdrawn <= fiftieth + 97n * 1_230n, `${withdrawn}`);
    assert.ok(given <= withdrawn + 100n * 3_050n, `${given}`);
  });
});

describe("ConsentRegistry.maskRoot", () => {
  it("is 0 in a request until something restricts, and then what TypeScript computes", async () => {
    const world = await load(enrolParticipants);
    assert.equal((await ask(world)).context.consentMaskRoot, ZeroHash);
    await withdraw(world);
    const { context } = await ask(world);
    assert.notEqual(context.consentMaskRoot, ZeroHash);
    assert.equal(context.consentMaskRoot, await rootAt(world, await now()));
  });
  it("is asked for once the dataset registry was told that something may restrict", async () => {
    const world = await load(publishForm);
    const isRestricted = async () => (await world.datasets.standingOf(world.studyId)).consentsRestricted;
    assert.equal(await isRestricted(), false);
    await record(world, WITHDRAWAL);
    assert.equal(await isRestricted(), true);
    await world.consents.setRules(world.studyId, true, 0);
    assert.equal(await isRestricted(), true);
    assert.equal((await world.datasets.standingOf(id("other"))).consentsRestricted, false);
  });
  it("is not 0 under rules alone", async () => {
    for (const rules of [
      [true, 0],
      [false, 1],
    ] as const) {
      const world = await load(publishForm);
      await world.consents.setRules(world.studyId, ...rules);
      const { context } = await ask(world);
      assert.notEqual(context.consentMaskRoot, ZeroHash);
      assert.equal(context.consentMaskRoot, await rootAt(world, await now()));
    }
  });
  it("is of the datasets that are asked: 0 where only others have records", async () => {
    const world = await load(publishForm);
    await record(world, WITHDRAWAL);
    const others = { ...world, datasetIds: world.datasetIds.filter((each) => each !== world.datasetId) };
    assert.equal((await ask(others)).context.consentMaskRoot, ZeroHash);
    const only = { ...world, datasetIds: [world.datasetId] };
    assert.equal((await ask(only)).context.consentMaskRoot, await rootAt(only, await now()));
    assert.notEqual(await rootAt(only, await now()), ZeroHash);
  });
  it("says nothing of another study, which has its own rules", async () => {
    const world = await load(publishForm);
    await record(world, WITHDRAWAL);
    assert.equal(await world.consents.maskRoot(id("other"), [...world.datasetIds]), ZeroHash);
  });
  it("binds the second: consents expire", async () => {
    const world = await load(publishForm);
    await record(world, WITHDRAWAL);
    const [one, two] = [(await ask(world)).context, (await ask(world)).context];
    assert.notEqual(one.consentMaskRoot, two.consentMaskRoot);
  });
  it("is in force for every request of a later block, also while requests are open", async () => {
    const world = await load(enrolParticipants);
    const before = (await ask(world)).context;
    await withdraw(world);
    const after = (await ask(world)).context;
    assert.deepEqual([before.consentMaskRoot, after.consentMaskRoot !== ZeroHash], [ZeroHash, true]);
  });
  it("is in the context that workers sign: with another root the answer is not taken", async () => {
    const world = await load(enrolParticipants);
    await withdraw(world);
    const asked = await ask(world);
    const context = { ...contextOf(asked.context), consentMaskRoot: ZeroHash };
    const verdict = { attempt: 1n, outcome: 3, suppressedBitmap: "0x", outputs: [], sealedHash: ZeroHash };
    const stored = await world.query.requestOf(asked.context.requestId);
    const given = requestCommitment(context, asked.querier, ZeroHash);
    const act = world.query.answer(context, asked.querier, verdict, []);
    await reverts(act, world.query, "QuerySmartContractCommitmentMismatch", [given, stored.commitment]);
  });
  it("of a request covers the acts before it in its own block, and none after it", async () => {
    for (const isFirst of [true, false]) {
      const world = await load(publishForm);
      await ethers.provider.send("evm_setAutomine", [false]);
      const fees = (tip: bigint) => ({ maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: tip, gasLimit: 1_000_000n });
      await world.consents.connect(OWNER).record(world.datasetId, entryOf(WITHDRAWAL), fees(isFirst ? 9n : 1n));
      const price = { value: PRICE, ...fees(5n) };
      await world.query.request(0, PARAMETERS, world.datasetIds, 0, [], price);
      await networkHelpers.mine(1);
      await ethers.provider.send("evm_setAutomine", [true]);
      const [event] = await world.query.queryFilter(world.query.filters.QueryRequested());
      const [act] = await world.consents.queryFilter(world.consents.filters.ConsentRecorded());
      assert.equal(event!.blockNumber, act!.blockNumber);
      assert.equal(act!.index < event!.index, isFirst);
      const expected = isFirst ? await rootAt(world, await now()) : ZeroHash;
      assert.equal(event!.args.context.consentMaskRoot, expected);
    }
  });
});
