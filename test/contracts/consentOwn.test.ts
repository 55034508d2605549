/** What a participant gives and takes back by its own signature. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroHash, encodeBytes32String, id } from "ethers";
import { nextHead } from "../../workers/messages/consentMask.ts";
import { CONSENT, type Consent } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { chainId, load, networkHelpers, now } from "./support/chain.ts";
import {
  FORM_HASH,
  GIVING,
  NO_SCOPE,
  OWNER,
  PARTICIPANTS,
  WITHDRAWAL,
  consent,
  consentOf,
  enrolParticipants,
  handleOf,
  headOfEvents,
  record,
  slotOf,
  withdraw,
} from "./support/consent.ts";
import { OUTSIDER, PURPOSE, RELAYER } from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";
import { shouldCheckSignature, shouldKeepDeadline } from "./support/signedAct.behavior.ts";

const [PARTICIPANT] = PARTICIPANTS;
const OWN_SLOT = { slots: [slotOf(0)] };

describe("ConsentRegistry.consent", () => {
  async function refused(change: Partial<Consent>, error: string, args: readonly unknown[]): Promise<void> {
    const world = await load(enrolParticipants);
    await reverts(consent(world, await consentOf(world, 0, change)), world.consents, error, args);
  }

  it("is relayed by anyone, told in full, and recorded as the participant's own act", async () => {
    const world = await load(enrolParticipants);
    const { consents, datasetId, trail } = world;
    const expiry = (await now()) + 1_000n;
    await consent(world, await consentOf(world, 0, { futureUse: true, expiry }));
    const [event] = await consents.queryFilter(consents.filters.ConsentRecorded(datasetId));
    const entry = { ...GIVING, ...OWN_SLOT, futureUse: true, expiry };
    const head = nextHead(ZeroHash, true, entry);
    assert.deepEqual([event!.args.own, event!.args.head], [true, head]);
    const { version, slots, given, form, purposes, futureUse } = event!.args.record;
    assert.deepEqual(
      [version, [...slots], given, form, [...purposes], futureUse, event!.args.record.expiry],
      [1n, [BigInt(slotOf(0))], true, 1n, [PURPOSE], true, expiry],
    );
    assert.equal(await consents.head(datasetId), head);
    const { args } = (await trail.queryFilter(trail.filters.Recorded())).at(-1)!;
    assert.deepEqual(
      [args.act, args.subject, args.actor, args.organisation, args.oldHash, args.newHash],
      [id("ConsentGiven"), datasetId, PARTICIPANT.address, ZeroHash, ZeroHash, head],
    );
  });
  it("is taken back the same way, and given again", async () => {
    const world = await load(enrolParticipants);
    const { consents, datasetId, trail } = world;
    await withdraw(world);
    const head = nextHead(ZeroHash, true, { ...WITHDRAWAL, ...OWN_SLOT });
    assert.equal(await consents.head(datasetId), head);
    const { args } = (await trail.queryFilter(trail.filters.Recorded())).at(-1)!;
    const act = [args.act, args.actor, args.oldHash, args.newHash];
    assert.deepEqual(act, [id("ConsentWithdrawn"), PARTICIPANT.address, ZeroHash, head]);
    await consent(world, await consentOf(world));
    assert.equal(await consents.head(datasetId), nextHead(head, true, { ...GIVING, ...OWN_SLOT }));
    assert.equal(await headOfEvents(world), await consents.head(datasetId));
    assert.equal((await consents.participant(datasetId, 1n, slotOf(0))).spoke, true);
    assert.equal((await consents.participant(datasetId, 1n, slotOf(1))).spoke, false);
  });
  it("is for a row that the signer was enrolled for, under its handle", async () => {
    const world = await load(enrolParticipants);
    await refused({ slot: 4 }, "ConsentRegistryNotEnrolled", [world.datasetId, 1, 4]);
    await refused({ version: 2n }, "ConsentRegistryNotEnrolled", [world.datasetId, 2, slotOf(0)]);
    await refused({ datasetId: id("none") }, "ConsentRegistryNotEnrolled", [id("none"), 1, slotOf(0)]);
    await refused({ handle: handleOf(1) }, "ConsentRegistryWrongHandle", [handleOf(1), handleOf(0)]);
    const others = { slot: slotOf(1), handle: handleOf(1) };
    const parties = [PARTICIPANT.address, PARTICIPANTS[1].address];
    const nonce = 0n;
    await refused({ ...others, nonce }, "ConsentRegistryInvalidConsent", parties);
  });
  it("is under a published form, by number and hash, that the rules still take", async () => {
    const { studyId } = await load(enrolParticipants);
    await refused({ form: 0 }, "ConsentRegistryUnknownForm", [studyId, 0]);
    await refused({ form: 2 }, "ConsentRegistryUnknownForm", [studyId, 2]);
    await refused({ formHash: id("other") }, "ConsentRegistryWrongForm", [id("other"), FORM_HASH]);
    const world = await load(enrolParticipants);
    await world.consents.publishForm(studyId, id("two"));
    await world.consents.setRules(studyId, false, 2);
    const old = consent(world, await consentOf(world));
    await reverts(old, world.consents, "ConsentRegistryFormTooOld", [1, 2]);
    await consent(world, await consentOf(world, 0, { form: 2, formHash: id("two") }));
  });
  it("names at most 16 purposes and an expiry that is not past; none is for ever", async () => {
    const many = Array.from({ length: 17 }, (_, i) => encodeBytes32String(`DUO:${i}`));
    await refused({ purposes: many }, "ConsentRegistryTooManyPurposes", [17, 16]);
    await refused({ expiry: 1n }, "ConsentRegistryInvalidExpiry", [1]);
    const world = await load(enrolParticipants);
    await consent(world, await consentOf(world, 0, { purposes: many.slice(1) }));
    const expiry = (await now()) + 100n;
    const given = await consentOf(world, 0, { expiry });
    await networkHelpers.time.setNextBlockTimestamp(expiry);
    await consent(world, given);
    const late = await consentOf(world, 0, { expiry });
    await reverts(consent(world, late), world.consents, "ConsentRegistryInvalidExpiry", [expiry]);
  });
  it("takes back everything at once: a withdrawal has no form and no scope", async () => {
    for (const scope of [{ form: 1 }, { purposes: [PURPOSE] }, { futureUse: true }, { expiry: 2n ** 64n - 1n }]) {
      await refused({ ...NO_SCOPE, ...scope }, "ConsentRegistryWithdrawalWithScope", []);
    }
    await refused({ ...NO_SCOPE, formHash: FORM_HASH }, "ConsentRegistryWrongForm", [FORM_HASH, ZeroHash]);
  });
  it("is taken back under any rules, also by a form that is too old to give", async () => {
    const world = await load(enrolParticipants);
    await world.consents.publishForm(world.studyId, id("two"));
    await world.consents.setRules(world.studyId, true, 2);
    await withdraw(world);
  });
  it("counts once: of two signed with one nonce the first", async () => {
    const world = await load(enrolParticipants);
    const { consents } = world;
    const given = await consentOf(world);
    await withdraw(world);
    const spent = [PARTICIPANT.address, 1n];
    await reverts(consent(world, given), consents, "InvalidAccountNonce", spent);
    const ahead = await consentOf(world, 0, { nonce: 2n });
    await reverts(consent(world, ahead), consents, "InvalidAccountNonce", spent);
  });
  it("and its withdrawal are never stopped: not by the switch, nor when the owner's credential ends", async () => {
    const world = await load(enrolParticipants);
    await world.emergencyStop.stop("a worker's key was stolen");
    await consent(world, await consentOf(world));
    await withdraw(world);
    await record(world, { ...WITHDRAWAL, slots: [50] });
    await record(world, { ...GIVING, slots: [50] });
    await world.owners.revoke(OWNER.address, "");
    await consent(world, await consentOf(world));
    await withdraw(world);
    await record(world, { ...WITHDRAWAL, slots: [51] });
  });
  it("of somebody else says nothing for the row", async () => {
    const world = await load(enrolParticipants);
    for (const by of [OUTSIDER, OWNER, PARTICIPANTS[1]]) {
      const act = consent(world, await consentOf(world), by);
      await reverts(act, world.consents, "ConsentRegistryInvalidConsent", [by.address, PARTICIPANT.address]);
    }
  });

  for (const [name, change] of [
    ["Consent (given)", {}],
    ["Consent (withdrawn)", NO_SCOPE],
  ] as const) {
    const signed = async (deadline?: bigint) => {
      const world = await load(enrolParticipants);
      const given = await consentOf(world, 0, { ...change, ...(deadline === undefined ? {} : { deadline }) });
      const message = { ...given, purposes: [...given.purposes] };
      return {
        contract: world.consents,
        domain: opalineDomain(chainId, await world.consents.getAddress()),
        types: CONSENT,
        message,
        signer: PARTICIPANT,
        submit: (signature: string) => world.consents.connect(RELAYER).consent(message, signature),
        invalid: (recovered: string) => ["ConsentRegistryInvalidConsent", [recovered, PARTICIPANT.address]] as const,
        expired: "ConsentRegistryConsentExpired",
      };
    };
    shouldCheckSignature(name, signed);
    shouldKeepDeadline(name, signed);
  }
});
