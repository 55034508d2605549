/**
 * Random acts on the contracts that workers depend on, right and wrong alike, for the comparison of the model chain with a
 * real one: each contract function with each of its refusals that an act can provoke. How often each is drawn; what each is,
 * is in `*Acts.ts`.
 */
import type { ActScene } from "./actScene.ts";
import { answer, dispute, publishKeys } from "./answerActs.ts";
import { comment, revokeQuery, supersede, vet } from "./catalogueActs.ts";
import { appoint, drawChange } from "./committeeActs.ts";
import { publishForm, recordConsent, setRules } from "./consentActs.ts";
import { activate, setTerms, vetoOrLift } from "./datasetActs.ts";
import { endStop, stopOrResume } from "./emergencyStopActs.ts";
import type { Act } from "./genesis.ts";
import { revokeMember, rotateKey } from "./memberActs.ts";
import { expire, request } from "./requestActs.ts";
import { confirmErasure, retire } from "./retirementActs.ts";

const ACTS = [
  [5, activate],
  [3, request],
  [9, (scene: ActScene) => answer(scene)],
  [1.5, dispute],
  [3, publishKeys],
  [3, expire],
  [1.5, rotateKey],
  [4, vet],
  [1, comment],
  [0.6, supersede],
  [0.3, revokeMember],
  [0.3, revokeQuery],
  [1, appoint],
  [0.5, drawChange],
  [1, publishForm],
  [0.6, setRules],
  [2, recordConsent],
  [0.5, setTerms],
  [0.7, vetoOrLift],
  [0.1, retire],
  [0.8, confirmErasure],
  [0.3, stopOrResume],
  [4, endStop],
] as const;

export function drawAct(scene: ActScene): Promise<Act> {
  return scene.choices.weighted<(scene: ActScene) => Promise<Act>>(ACTS)(scene);
}

const OF_CHANGES = [
  [6, drawChange],
  [1, activate],
  [2, confirmErasure],
  [0.4, request],
  [0.2, (scene: ActScene) => answer(scene)],
  [0.1, rotateKey],
  [0.05, revokeMember],
  [0.03, retire],
] as const;

/** Of changes of the committee, and what goes on meanwhile. */
export function drawActOfChange(scene: ActScene): Promise<Act> {
  return scene.choices.weighted<(scene: ActScene) => Promise<Act>>(OF_CHANGES)(scene);
}
