/** What has an answer on chain already: the same parameters over the same datasets, in public. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { newestAnswered } from "../../scripts/querier/answeredBefore.ts";
import type { Requested } from "../../scripts/querier/requestEvents.ts";
import type { QueryContractEvent } from "../../workers/chain/queryEvents.ts";
import { ReleaseClass, ZERO_HASH } from "../../workers/messages/statement.ts";

const QUESTION = { parameters: "0xab", datasetIds: ["0x01", "0x02"] };

function asked(
  requestId: string,
  change: Partial<Requested> = {},
  releaseClass: ReleaseClass = ReleaseClass.PUBLIC,
): Requested {
  return {
    ...{ name: "QueryRequested", requestId, querier: "0x1", ...QUESTION, deadlineBlock: 9n, recipients: [], k: 11 },
    context: {
      ...{ studyId: ZERO_HASH, requestId, queryHash: ZERO_HASH, parametersHash: ZERO_HASH, policyHash: ZERO_HASH },
      ...{ datasetRoots: [], committeeEpoch: 1n, requestBlock: 1n, consentMaskRoot: ZERO_HASH, releaseClass },
      recipientsHash: ZERO_HASH,
    },
    ...change,
  } as Requested;
}

function answered(requestId: string): QueryContractEvent {
  const answer = { attempt: 1n, suppressedBitmap: "0x", outputs: [], sealedHash: ZERO_HASH, statement: ZERO_HASH };
  return { name: "QueryAnswered", requestId, ...answer };
}

describe("newestAnswered", () => {
  it("is the last request of the same, whatever the order and case of its datasets", () => {
    const events = [asked("0xa"), answered("0xa"), asked("0xb", { datasetIds: ["0x02", "0x01"] }), answered("0xb")];
    assert.equal(newestAnswered(events, QUESTION)?.requestId, "0xb");
    assert.equal(newestAnswered(events, { ...QUESTION, parameters: "0xAB" })?.requestId, "0xb");
  });

  it("is none that is open, refused, sealed, or about anything else", () => {
    const refused = { attempt: 1n, outcome: 2, statement: ZERO_HASH };
    for (const events of [
      [],
      [asked("0xa")],
      [asked("0xa"), { name: "QueryRefused", requestId: "0xa", ...refused }],
      [asked("0xa", {}, ReleaseClass.SEALED), answered("0xa")],
      [asked("0xa", { parameters: "0xac" }), answered("0xa")],
      [asked("0xa", { datasetIds: ["0x01"] }), answered("0xa")],
      [asked("0xa"), answered("0xb")],
    ] as QueryContractEvent[][]) {
      assert.equal(newestAnswered(events, QUESTION), undefined);
    }
  });
});
