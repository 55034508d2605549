/** Child of the kill test: opens one answer after another, and reports each stage only once it is recorded. */
import { randomBytes } from "node:crypto";
import { openStore } from "../../../workers/store/openStore.ts";
import { bytes32, WRAPPING_KEY } from "./storeFixture.ts";

const [path, keyDir, from] = process.argv.slice(2) as [string, string, string];
const store = openStore(path, { keyDir, wrappingKey: WRAPPING_KEY, randomBytes });
const studyId = bytes32("study");

for (let request = Number(from) + 1; ; request += 1) {
  const requestId = bytes32(`opening ${request}`);
  store.requests.insert({ requestId, queryContract: `0x${"ab".repeat(20)}`, block: 1, event: "{}" });
  // A writer before this one may have died between taking an attempt and recording it.
  const attempt = store.requests.get(requestId)!.lastAttempt + 1n;
  store.requests.takeAttempt(requestId, attempt);
  const requestIds = store.disclosures.entries(studyId).map((entry) => entry.requestId);
  const history = store.disclosures.plannedHistory(requestId) ?? { requestIds, block: 1 };
  for (const opening of [{ stage: "tests" }, { stage: "outputs", hidden: [] }] as const) {
    const { stage } = opening;
    const of = { requestId, studyId, attempt, history, overlaps: true, knownWhenPlanned: new Set<string>() };
    store.disclosures.recordAboutToOpen({ ...of, ...opening });
    await new Promise((resolve) => process.send!({ request, attempt: Number(attempt), stage }, resolve));
  }
}
