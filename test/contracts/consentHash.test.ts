/** The hashes of contracts/types/Consent.sol against those of workers/messages/consentMask.ts. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroHash } from "ethers";
import type { ConsentHashHarness } from "../../types/mocks/ConsentHashHarness.ts";
import { type ConsentRecord, consentMaskRoot, nextHead } from "../../workers/messages/consentMask.ts";
import { budget } from "../budget.ts";
import { fc } from "../support/fastCheck.ts";
import { deployMock } from "./support/chain.ts";
import { entryOf } from "./support/consent.ts";

const bytes32 = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`);
const head = fc.oneof(fc.constant(ZeroHash), bytes32);
const uint32 = fc.nat({ max: 2 ** 32 - 1 });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

const record: fc.Arbitrary<ConsentRecord> = fc.record({
  version: uint64,
  slots: fc.array(uint32, { maxLength: 12 }),
  given: fc.boolean(),
  form: uint32,
  purposes: fc.array(bytes32, { maxLength: 4 }),
  futureUse: fc.boolean(),
  expiry: uint64,
});
const rules = fc.record({ explicitOnly: fc.boolean(), leastForm: fc.oneof(fc.constant(0), uint32) });
const heads = fc.array(fc.record({ datasetId: bytes32, head }), { maxLength: 4 });

describe("ConsentHash", () => {
  it("is in TypeScript what it is in Solidity", async () => {
    const harness = await deployMock<ConsentHashHarness>("ConsentHashHarness");
    const drawn = fc.tuple(head, fc.boolean(), record, bytes32, rules, heads, uint64);
    const property = fc.asyncProperty(drawn, async ([before, own, entry, studyId, ruled, given, time]) => {
      assert.equal(nextHead(before, own, entry), await harness.nextHead(before, own, entryOf(entry)));
      const [ids, words] = [given.map(({ datasetId }) => datasetId), given.map((each) => each.head)];
      const root = await harness.maskRoot(studyId, ruled, ids, words, time);
      assert.equal(consentMaskRoot(studyId, ruled, given, time), root);
    });
    await fc.assert(property, { numRuns: budget.propertyRuns });
  });
});
