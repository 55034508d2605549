import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbiCoder, id, keccak256 } from "ethers";
import type { StatementHarness } from "../../types/mocks/StatementHarness.ts";
import { type RequestContext, type Verdict, contextHash, statementHash } from "../../workers/messages/statement.ts";
import { budget } from "../budget.ts";
import { fc } from "../support/fastCheck.ts";
import { chainId, deployMock } from "./support/chain.ts";
import { contextOf, verdictOf } from "./support/consortium.ts";

const coder = AbiCoder.defaultAbiCoder();
const bytes32 = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`);
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const uint256 = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n });
const bytes = fc.uint8Array({ maxLength: 100 }).map((content) => `0x${Buffer.from(content).toString("hex")}`);

const context: fc.Arbitrary<RequestContext> = fc.record({
  studyId: bytes32,
  requestId: bytes32,
  queryHash: bytes32,
  parametersHash: bytes32,
  policyHash: bytes32,
  datasetRoots: fc.array(bytes32, { maxLength: 12 }),
  committeeEpoch: uint64,
  requestBlock: uint64,
  consentMaskRoot: bytes32,
  releaseClass: fc.constantFrom(0, 1),
  recipientsHash: bytes32,
});
const verdict: fc.Arbitrary<Verdict> = fc.record({
  attempt: uint64,
  outcome: fc.constantFrom(0, 1, 2, 3, 4),
  suppressedBitmap: bytes,
  outputs: fc.array(uint256, { maxLength: 20 }),
  sealedHash: bytes32,
});

/** The words of contracts/types/Statement.sol, written out once more, so that no code is compared with itself. */
function statementOfSource(contract: string, c: RequestContext, v: Verdict): string {
  const result = coder.encode(["bytes", "uint256[]", "bytes32"], [v.suppressedBitmap, v.outputs, v.sealedHash]);
  const words: readonly (readonly [type: string, value: unknown])[] = [
    ["bytes32", id("Opaline.Statement.v1")],
    ["uint256", chainId],
    ["address", contract],
    ["bytes32", c.studyId],
    ["bytes32", c.requestId],
    ["uint64", v.attempt],
    ["bytes32", c.queryHash],
    ["bytes32", c.parametersHash],
    ["bytes32", c.policyHash],
    ["bytes32[]", c.datasetRoots],
    ["uint64", c.committeeEpoch],
    ["uint64", c.requestBlock],
    ["bytes32", c.consentMaskRoot],
    ["uint8", c.releaseClass],
    ["bytes32", c.recipientsHash],
    ["uint8", v.outcome],
    ["bytes32", keccak256(result)],
  ];
  return keccak256(
    coder.encode(
      words.map(([type]) => type),
      words.map(([, value]) => value),
    ),
  );
}

describe("Statement", () => {
  it("hashes alike in Solidity, in the workers and from its source's words", async () => {
    const harness = await deployMock<StatementHarness>("StatementHarness");
    const contract = await harness.getAddress();
    await fc.assert(
      fc.asyncProperty(context, verdict, async (c, v) => {
        const expected = statementOfSource(contract, c, v);
        assert.equal(await harness.statementOf(contextOf(c), verdictOf(v)), expected);
        assert.equal(statementHash({ chainId, contract, context: c, verdict: v }), expected);
        assert.equal(await harness.contextHashOf(contextOf(c)), contextHash(c));
      }),
      { numRuns: budget.statementRuns },
    );
  });
});
