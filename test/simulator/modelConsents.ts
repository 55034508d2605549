/** The model of `contracts/consent/`: forms, rules, and what owners record. Nobody is enrolled, so that no one speaks alone. */
import { ZeroHash } from "ethers";
import { type ConsentRecord, consentMaskRoot, nextHead } from "../../workers/messages/consentMask.ts";
import { isActive, keyOf, restricted } from "./modelMembers.ts";
import { type CallArguments, type CallScene, type Handlers, type ModelState, revert } from "./modelState.ts";
import { studyOf } from "./modelStudies.ts";

const MOST_SLOTS = 256;
const MOST_PURPOSES = 16;
const NO_RULES = { explicitOnly: false, leastForm: 0n };

/** What a request of this second binds. */
export function maskRootOf(state: ModelState, studyId: string, datasetIds: readonly string[], time: bigint): string {
  const { explicitOnly, leastForm } = state.consentRules.get(studyId) ?? NO_RULES;
  const heads = datasetIds.map((datasetId) => ({ datasetId, head: state.consentHeads.get(datasetId) ?? ZeroHash }));
  return consentMaskRoot(studyId, { explicitOnly, leastForm: Number(leastForm) }, heads, time);
}

function checkSlots(slots: readonly bigint[], rowCount: bigint): void {
  if (slots.length === 0 || slots.length > MOST_SLOTS) revert("ConsentRegistrySlotCount", slots.length, MOST_SLOTS);
  const stray = slots.findIndex((slot, i) => i > 0 && slot <= slots[i - 1]!);
  if (stray > 0) revert("ConsentRegistrySlotsNotAscending", stray);
  const last = slots.at(-1)!;
  if (last >= rowCount) revert("ConsentRegistrySlotOutOfRange", last, rowCount);
}

function checkScope({ state, timestamp }: CallScene, studyId: string, entry: CallArguments): void {
  const { given, form, purposes, futureUse, expiry } = entry;
  if (given !== true) {
    const hasScope = form !== 0n || purposes.length > 0 || futureUse === true || expiry !== 0n;
    if (hasScope) revert("ConsentRegistryWithdrawalWithScope");
    return;
  }
  if (purposes.length > MOST_PURPOSES) revert("ConsentRegistryTooManyPurposes", purposes.length, MOST_PURPOSES);
  if (expiry !== 0n && expiry < timestamp) revert("ConsentRegistryInvalidExpiry", expiry);
  const count = state.consentForms.get(studyId)?.length ?? 0;
  if (form === 0n || form > BigInt(count)) revert("ConsentRegistryUnknownForm", studyId, form);
  const { leastForm } = state.consentRules.get(studyId) ?? NO_RULES;
  if (form < leastForm) revert("ConsentRegistryFormTooOld", form, leastForm);
}

function recordOf(entry: CallArguments): ConsentRecord {
  const plain = entry as unknown as ConsentRecord & { readonly slots: readonly bigint[]; readonly form: bigint };
  return { ...plain, slots: plain.slots.map(Number), form: Number(plain.form) };
}

export const consentHandlers: Handlers = {
  publishForm(scene, { studyId, formHash }) {
    restricted(scene);
    const { state, emit } = scene;
    studyOf(state, studyId);
    if (formHash === ZeroHash) revert("ConsentRegistryEmptyForm");
    const earlier = state.consentForms.get(studyId) ?? [];
    if (earlier.at(-1) === formHash) revert("ConsentRegistrySameForm", formHash);
    state.consentForms.set(studyId, [...earlier, formHash]);
    const form = BigInt(earlier.length + 1);
    emit("ConsentFormPublished", [studyId, form, formHash]);
    return [form];
  },
  setRules(scene, { studyId, explicitOnly, leastForm }) {
    restricted(scene);
    const { state, emit } = scene;
    studyOf(state, studyId);
    const old = state.consentRules.get(studyId) ?? NO_RULES;
    const looser = (old.explicitOnly && explicitOnly !== true) || leastForm < old.leastForm;
    const same = old.explicitOnly === explicitOnly && old.leastForm === leastForm;
    if (looser || same) revert("ConsentRegistryRulesNotStricter", explicitOnly, leastForm);
    const count = state.consentForms.get(studyId)?.length ?? 0;
    if (leastForm > BigInt(count)) revert("ConsentRegistryUnknownForm", studyId, leastForm);
    state.consentRules.set(studyId, { explicitOnly, leastForm });
    emit("ConsentRulesSet", [studyId, explicitOnly, leastForm]);
    return [];
  },
  record(scene, { datasetId, entry }) {
    const { state, sender, timestamp, emit } = scene;
    const dataset = state.datasets.get(datasetId);
    const segment = dataset?.segments[Number(entry.version) - 1];
    if (dataset === undefined || segment === undefined) {
      return revert("ConsentRegistryUnknownVersion", datasetId, entry.version);
    }
    const { owner, studyId } = dataset;
    if (keyOf(state, "DataOwnerRegistry", owner) !== sender) revert("ConsentRegistryNotOwner", sender);
    if (entry.given === true && !isActive(state, "DataOwnerRegistry", owner, timestamp)) {
      revert("ConsentRegistryInactiveOwner", owner);
    }
    checkSlots(entry.slots, segment.rowCount);
    checkScope(scene, studyId, entry);
    const head = nextHead(state.consentHeads.get(datasetId) ?? ZeroHash, false, recordOf(entry));
    state.consentHeads.set(datasetId, head);
    emit("ConsentRecorded", [datasetId, false, entry, head]);
    return [];
  },
  head: ({ state }, { datasetId }) => [state.consentHeads.get(datasetId) ?? ZeroHash],
  rules: ({ state }, { studyId }) => [state.consentRules.get(studyId) ?? NO_RULES],
  formCount: ({ state }, { studyId }) => [state.consentForms.get(studyId)?.length ?? 0],
};
