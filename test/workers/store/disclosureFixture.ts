/** Requests of one study, and what the disclosure history is told of them. */
import type { TestContext } from "node:test";
import type { DisclosureStore } from "../../../workers/store/disclosureStore.ts";
import type { AboutToOpen, OpeningStage } from "../../../workers/store/openings.ts";
import type { Store } from "../../../workers/store/openStore.ts";
import { bytes32, storeFolder } from "./storeFixture.ts";

export const STUDY = bytes32("study");
/** Ascending, so that entries come in this order. */
export const [A, B, C] = ["a", "b", "c"].map(bytes32).sort() as [string, string, string];
export const CONTRACT = `0x${"ab".repeat(20)}`;
export const ANSWER = { studyId: STUDY, suppressedBitmap: "0x05", zeroOutputs: [1, 3], block: 40 };

/** Known and pending, with attempt 1 taken. */
export function withRequests(store: Store, ...requestIds: readonly string[]): Store {
  for (const requestId of requestIds) {
    store.requests.insert({ requestId, queryContract: CONTRACT, block: 12, event: "{}" });
    store.requests.takeAttempt(requestId, 1n);
  }
  return store;
}

export function opening(
  requestId: string,
  stage: OpeningStage,
  requestIds: readonly string[] = [],
  attempt = 1n,
): AboutToOpen {
  const history = { requestIds, block: 12 };
  const of = { requestId, studyId: STUDY, attempt, history, overlaps: true, knownWhenPlanned: new Set<string>() };
  return stage === "tests" ? { ...of, stage } : { ...of, stage, hidden: [2] };
}

export function counted(disclosures: DisclosureStore, studyId = STUDY): string[] {
  return disclosures.entries(studyId).map(({ requestId, status }) => `${[A, B, C].indexOf(requestId)} ${status}`);
}

export const opened = (test: TestContext): Store => withRequests(storeFolder(test).open(), A, B, C);
