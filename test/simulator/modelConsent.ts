/** The model of `contracts/consent/`: forms and what owners record. Enrolments and participants' own signatures are not in it. */
import { ZeroHash } from "ethers";
import { type ConsentRecord, DEFAULT_RULES, consentMaskRoot, nextHead } from "../../workers/messages/consentMask.ts";
import { isActive, keyOf, restricted } from "./modelMembers.ts";
import { type CallScene, type Handlers, type ModelState, revert } from "./modelState.ts";
import { studyOf } from "./modelStudies.ts";

const MAX_SLOTS = 256n;

function headOf(state: ModelState, datasetId: string): string {
  return state.consentHeads.get(datasetId) ?? ZeroHash;
}

/** What a request binds. */
export function maskRoot({ state, timestamp }: CallScene, studyId: string, datasetIds: readonly string[]): string {
  const heads = datasetIds.map((datasetId) => ({ datasetId, head: headOf(state, datasetId) }));
  return consentMaskRoot(studyId, DEFAULT_RULES, heads, timestamp);
}

function checkSlots(slots: readonly bigint[], rowCount: bigint): void {
  const length = BigInt(slots.length);
  if (length === 0n || length > MAX_SLOTS) revert("ConsentRegistrySlotCount", length, MAX_SLOTS);
  const unordered = slots.findIndex((slot, i) => i > 0 && slot <= slots[i - 1]!);
  if (unordered > 0) revert("ConsentRegistrySlotsNotAscending", unordered);
  const last = slots.at(-1)!;
  if (last >= rowCount) revert("ConsentRegistrySlotOutOfRange", last, rowCount);
}

function checkScope(state: ModelState, studyId: string, record: ConsentRecord, timestamp: bigint): void {
  const { given, form, purposes, futureUse, expiry } = record;
  if (!given) {
    const hasScope = form !== 0 || purposes.length > 0 || futureUse || expiry !== 0n;
    if (hasScope) revert("ConsentRegistryWithdrawalWithScope");
    return;
  }
  if (purposes.length > 16) revert("ConsentRegistryTooManyPurposes", purposes.length, 16);
  if (expiry !== 0n && expiry < timestamp) revert("ConsentRegistryInvalidExpiry", expiry);
  const forms = state.consentForms.get(studyId) ?? [];
  if (form === 0 || form > forms.length) revert("ConsentRegistryUnknownForm", studyId, form);
}

export const consentHandlers: Handlers = {
  publishForm(scene, { studyId, formHash }) {
    restricted(scene);
    const { state, emit } = scene;
    studyOf(state, studyId);
    if (formHash === ZeroHash) revert("ConsentRegistryEmptyForm");
    const forms = state.consentForms.get(studyId) ?? [];
    if (forms.at(-1) === formHash) revert("ConsentRegistrySameForm", formHash);
    state.consentForms.set(studyId, [...forms, formHash]);
    emit("ConsentFormPublished", [studyId, forms.length + 1, formHash]);
    return [forms.length + 1];
  },
  record(scene, { datasetId, entry }) {
    const { state, sender, timestamp, emit } = scene;
    const record: ConsentRecord = { ...entry, form: Number(entry.form), slots: entry.slots.map(Number) };
    const dataset = state.datasets.get(datasetId);
    const segment = dataset?.segments[Number(record.version) - 1];
    if (dataset === undefined || segment === undefined) {
      return revert("ConsentRegistryUnknownVersion", datasetId, record.version);
    }
    if (keyOf(state, "DataOwnerRegistry", dataset.owner) !== sender) revert("ConsentRegistryNotOwner", sender);
    if (record.given && !isActive(state, "DataOwnerRegistry", dataset.owner, timestamp)) {
      revert("ConsentRegistryInactiveOwner", dataset.owner);
    }
    checkSlots(entry.slots, segment.rowCount);
    checkScope(state, dataset.studyId, record, timestamp);
    const head = nextHead(headOf(state, datasetId), false, record);
    state.consentHeads.set(datasetId, head);
    emit("ConsentRecorded", [datasetId, false, record, head]);
    return [];
  },
  maskRoot: (scene, { studyId, datasetIds }) => [maskRoot(scene, studyId, datasetIds)],
  head: ({ state }, { datasetId }) => [headOf(state, datasetId)],
};
