/** Which key speaks for which row: attested by the owner, relayed by anyone. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TypedDataEncoder, ZeroAddress, ZeroHash, id } from "ethers";
import { ENROLMENT, type Enrolment } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { chainId, load } from "./support/chain.ts";
import {
  OWNER,
  PARTICIPANTS,
  consent,
  consentOf,
  enrol,
  enrolParticipants,
  enrolmentOf,
  handleOf,
  publishForm,
  slotOf,
} from "./support/consent.ts";
import { OUTSIDER, OWNERS, RELAYER, activate } from "./support/consortium.ts";
import { NEW_KEY, rotate } from "./support/keyRotation.ts";
import { reverts } from "./support/reverts.ts";
import { shouldCheckSignature } from "./support/signedAct.behavior.ts";

describe("ConsentRegistry.enrol", () => {
  it("stores key and handle for the row, told and recorded under the owner's name", async () => {
    const world = await load(publishForm);
    const { consents, datasetId, trail } = world;
    const enrolment = enrolmentOf(world);
    await enrol(world, enrolment);
    const found = await consents.participant(datasetId, 1n, slotOf(0));
    assert.deepEqual([...found], [PARTICIPANTS[0].address, 1n, false, handleOf(0)]);
    const [event] = await consents.queryFilter(consents.filters.ParticipantEnrolled());
    const expected = [datasetId, 1n, BigInt(slotOf(0)), handleOf(0), PARTICIPANTS[0].address, ZeroAddress];
    assert.deepEqual([...event!.args], expected);
    const { args } = (await trail.queryFilter(trail.filters.Recorded())).at(-1)!;
    const hash = TypedDataEncoder.hashStruct("Enrolment", ENROLMENT, enrolment);
    assert.deepEqual(
      [args.act, args.subject, args.actor, args.organisation, args.oldHash, args.newHash],
      [id("ParticipantEnrolled"), datasetId, OWNER.address, id("Hospital 1"), ZeroHash, hash],
    );
  });
  it("knows nothing of rows that nobody is enrolled for", async () => {
    const { consents, datasetId } = await load(enrolParticipants);
    const found = await consents.participant(datasetId, 1n, slotOf(0) + 1);
    assert.deepEqual([...found], [ZeroAddress, 0n, false, ZeroHash]);
  });
  it("of another slot, or of the same slot in another version, is another row's", async () => {
    const world = await load(enrolParticipants);
    await activate(world, OWNER, 2n);
    await enrol(world, enrolmentOf(world, 0, { version: 2n, participant: OUTSIDER.address }));
    const first = await world.consents.participant(world.datasetId, 1n, slotOf(0));
    const second = await world.consents.participant(world.datasetId, 2n, slotOf(0));
    assert.deepEqual([first.key, second.key], [PARTICIPANTS[0].address, OUTSIDER.address]);
  });

  it("with the next nonce replaces a lost key, and says so", async () => {
    const world = await load(enrolParticipants);
    const { consents, datasetId } = world;
    await enrol(world, enrolmentOf(world, 0, { participant: OUTSIDER.address, nonce: 1n }));
    const found = await consents.participant(datasetId, 1n, slotOf(0));
    assert.deepEqual([found.key, found.generation], [OUTSIDER.address, 2n]);
    const event = (await consents.queryFilter(consents.filters.ParticipantEnrolled())).at(-1)!;
    assert.deepEqual([event.args.participant, event.args.replaced], [OUTSIDER.address, PARTICIPANTS[0].address]);
    const given = await consentOf(world, 0, { nonce: 0n });
    await reverts(consent(world, given), consents, "ConsentRegistryInvalidConsent", [
      PARTICIPANTS[0].address,
      OUTSIDER.address,
    ]);
    await consent(world, given, OUTSIDER);
  });
  it("is used once, and in its turn", async () => {
    const world = await load(publishForm);
    const { consents } = world;
    const late = enrol(world, enrolmentOf(world, 0, { nonce: 1n }));
    await reverts(late, consents, "ConsentRegistryWrongEnrolment", [1n, 0n]);
    await enrol(world, enrolmentOf(world));
    const again = enrol(world, enrolmentOf(world));
    await reverts(again, consents, "ConsentRegistryWrongEnrolment", [0n, 1n]);
  });
  it("never changes the row's handle", async () => {
    const world = await load(enrolParticipants);
    const changed = enrol(world, enrolmentOf(world, 0, { handle: handleOf(1), nonce: 1n }));
    await reverts(changed, world.consents, "ConsentRegistryWrongHandle", [handleOf(1), handleOf(0)]);
  });
  it("needs a row that is there", async () => {
    const world = await load(publishForm);
    const { consents, datasetId } = world;
    const refused = async (change: Partial<Enrolment>, error: string, args: readonly unknown[]): Promise<void> =>
      reverts(enrol(world, enrolmentOf(world, 0, change)), consents, error, args);
    await refused({ slot: 100 }, "ConsentRegistrySlotOutOfRange", [100, 100]);
    await refused({ version: 0n }, "ConsentRegistryUnknownVersion", [datasetId, 0]);
    await refused({ version: 2n }, "ConsentRegistryUnknownVersion", [datasetId, 2]);
    await refused({ datasetId: id("none") }, "ConsentRegistryUnknownVersion", [id("none"), 1]);
    await enrol(world, enrolmentOf(world, 0, { slot: 99 }));
  });
  it("needs a key and a handle", async () => {
    const world = await load(publishForm);
    const nobody = enrol(world, enrolmentOf(world, 0, { participant: ZeroAddress }));
    await reverts(nobody, world.consents, "ConsentRegistryMissingField", ["participant"]);
    const nameless = enrol(world, enrolmentOf(world, 0, { handle: ZeroHash }));
    await reverts(nameless, world.consents, "ConsentRegistryMissingField", ["handle"]);
  });
  it("is for the owner of that dataset, while its credential is valid", async () => {
    const world = await load(publishForm);
    const { consents, owners } = world;
    const other = OWNERS[1]!;
    const stranger = enrol(world, enrolmentOf(world), other);
    await reverts(stranger, consents, "ConsentRegistryInvalidEnrolment", [other.address, OWNER.address]);
    await owners.revoke(OWNER.address, "");
    const revoked = enrol(world, enrolmentOf(world));
    await reverts(revoked, consents, "ConsentRegistryInactiveOwner", [OWNER.address]);
  });
  it("is signed by the owner's current key, and by no former one", async () => {
    const world = await load(publishForm);
    await rotate(world.owners, OWNER, NEW_KEY);
    const old = enrol(world, enrolmentOf(world));
    await reverts(old, world.consents, "ConsentRegistryInvalidEnrolment", [OWNER.address, NEW_KEY.address]);
    await enrol(world, enrolmentOf(world), NEW_KEY);
  });

  shouldCheckSignature("Enrolment", async () => {
    const world = await load(publishForm);
    const enrolment = enrolmentOf(world);
    return {
      contract: world.consents,
      domain: opalineDomain(chainId, await world.consents.getAddress()),
      types: ENROLMENT,
      message: { ...enrolment },
      signer: OWNER,
      submit: (signature: string) => world.consents.connect(RELAYER).enrol(enrolment, signature),
      invalid: (recovered: string) => ["ConsentRegistryInvalidEnrolment", [recovered, OWNER.address]] as const,
    };
  });
});
