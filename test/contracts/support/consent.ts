/** A study with data, a published form, and participants who speak for rows of the first owner's dataset. */
import { ZeroHash, id, keccak256, concat, toUtf8Bytes } from "ethers";
import type { HDNodeWallet } from "ethers";
import { type ConsentRecord, consentMaskRoot, nextHead } from "../../../workers/messages/consentMask.ts";
import { CONSENT, type Consent, ENROLMENT, type Enrolment } from "../../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../../workers/messages/typedData.ts";
import { account, chainId, now } from "./chain.ts";
import { OWNERS, PURPOSE, RELAYER, acceptAgreement } from "./consortium.ts";

export const OWNER = OWNERS[0] as HDNodeWallet;
export const PARTICIPANTS = [22, 23, 24].map(account) as [HDNodeWallet, HDNodeWallet, HDNodeWallet];
/** Of the row that participant i speaks for. */
export const slotOf = (i: number): number => 10 * i + 3;
export const FORM_HASH = id("consent form, version 1");
export const handleOf = (i: number): string => keccak256(concat([id(`salt ${i}`), toUtf8Bytes(`S-${i}`)]));

/** Of rows 3, 13 and 23, or as told. */
export const WITHDRAWAL: ConsentRecord = {
  version: 1n,
  slots: [3, 13, 23],
  given: false,
  form: 0,
  purposes: [],
  futureUse: false,
  expiry: 0n,
};
export const GIVING: ConsentRecord = { ...WITHDRAWAL, given: true, form: 1, purposes: [PURPOSE] };

/** ethers wants mutable arrays. */
export function entryOf(record: ConsentRecord) {
  return { ...record, slots: [...record.slots], purposes: [...record.purposes] };
}

export async function publishForm() {
  const world = await acceptAgreement();
  await world.consents.publishForm(world.studyId, FORM_HASH);
  const datasetId = await world.datasets.datasetIdOf(world.studyId, OWNER.address);
  return { ...world, datasetId };
}
export type FormWorld = Awaited<ReturnType<typeof publishForm>>;

export function enrolmentOf(world: FormWorld, i = 0, change: Partial<Enrolment> = {}): Enrolment {
  const participant = PARTICIPANTS[i]!.address;
  const row = { datasetId: world.datasetId, version: 1n, slot: slotOf(i), handle: handleOf(i) };
  return { ...row, participant, nonce: 0n, ...change };
}

export async function enrol(world: FormWorld, enrolment: Enrolment, by: HDNodeWallet = OWNER) {
  const domain = opalineDomain(chainId, await world.consents.getAddress());
  const signature = await by.signTypedData(domain, ENROLMENT, enrolment);
  return world.consents.connect(RELAYER).enrol(enrolment, signature);
}

/** All three participants enrolled. */
export async function enrolParticipants() {
  const world = await publishForm();
  for (const i of [0, 1, 2]) await enrol(world, enrolmentOf(world, i));
  return world;
}

/** Participant i gives consent under form 1, or what is changed of it. */
export async function consentOf(world: FormWorld, i = 0, change: Partial<Consent> = {}): Promise<Consent> {
  return {
    datasetId: world.datasetId,
    version: 1n,
    slot: slotOf(i),
    handle: handleOf(i),
    given: true,
    form: 1,
    formHash: FORM_HASH,
    purposes: [PURPOSE],
    futureUse: false,
    expiry: 0n,
    nonce: await world.consents.nonces(PARTICIPANTS[i]!.address),
    deadline: (await now()) + 3600n,
    ...change,
  };
}
export const NO_SCOPE = { given: false, form: 0, formHash: ZeroHash, purposes: [], futureUse: false, expiry: 0n };

export async function consent(world: FormWorld, given: Consent, by: HDNodeWallet = PARTICIPANTS[0]) {
  const domain = opalineDomain(chainId, await world.consents.getAddress());
  const signature = await by.signTypedData(domain, CONSENT, given);
  return world.consents.connect(RELAYER).consent({ ...given, purposes: [...given.purposes] }, signature);
}

/** Participant i takes its consent back. */
export async function withdraw(world: FormWorld, i = 0) {
  return consent(world, await consentOf(world, i, NO_SCOPE), PARTICIPANTS[i]);
}

export function record(world: FormWorld, entry: ConsentRecord, by: HDNodeWallet = OWNER) {
  return world.consents.connect(by).record(world.datasetId, entryOf(entry));
}

/** Folded from the dataset's events alone. */
export async function headOfEvents(world: FormWorld): Promise<string> {
  const events = await world.consents.queryFilter(world.consents.filters.ConsentRecorded(world.datasetId));
  return events.reduce((head, { args }) => {
    const { version, slots, given, form, purposes, futureUse, expiry } = args.record;
    const plain = { version, slots: slots.map(Number), given, form: Number(form), purposes, futureUse, expiry };
    return nextHead(head, args.own, plain);
  }, ZeroHash);
}

/** As TypeScript computes it from what the contract shows, at this second. */
export async function rootAt(world: FormWorld & { datasetIds: string[] }, time: bigint): Promise<string> {
  const { explicitOnly, leastForm } = await world.consents.rules(world.studyId);
  const heads = await Promise.all(
    world.datasetIds.map(async (datasetId) => ({ datasetId, head: await world.consents.head(datasetId) })),
  );
  return consentMaskRoot(world.studyId, { explicitOnly, leastForm: Number(leastForm) }, heads, time);
}
