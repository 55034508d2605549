import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Wallet, id, toBeHex } from "ethers";
import { Outcome, ReleaseClass, type Verdict, ZERO_HASH, statementHash } from "../../../workers/messages/statement.ts";
import { ANSWER, opalineDomain, signTypedData } from "../../../workers/messages/typedData.ts";
import type { IndexedSignature } from "../../../workers/messages/signedVerdict.ts";
import { SignatureCollection } from "../../../workers/node/signatureCollection.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";

const WALLETS = [1, 2, 3, 4, 5].map((key) => new Wallet(toBeHex(key, 32)));
const [chainId, contract] = [31337n, "0x00000000000000000000000000000000000000C1"];
const context = {
  studyId: id("study"),
  requestId: id("request"),
  queryHash: id("query"),
  parametersHash: id("parameters"),
  policyHash: id("policy"),
  datasetRoots: [],
  committeeEpoch: 1n,
  requestBlock: 4n,
  consentMaskRoot: ZERO_HASH,
  releaseClass: ReleaseClass.PUBLIC,
  recipientsHash: ZERO_HASH,
};

function verdictOf(attempt: bigint, output = 7n): Verdict {
  return { attempt, outcome: Outcome.ANSWERED, suppressedBitmap: "0x", outputs: [output], sealedHash: ZERO_HASH };
}

async function signed(verdict: Verdict, index: number): Promise<IndexedSignature> {
  const statement = statementHash({ chainId, contract, context, verdict });
  const signature = await signTypedData(WALLETS[index - 1]!, opalineDomain(chainId, contract), ANSWER, { statement });
  return { index, signature };
}

function collectionOf(quorum: number): SignatureCollection {
  const workers = WALLETS.map(({ address }) => address);
  return new SignatureCollection({ chainId, contract, context, workers, quorum });
}

describe("SignatureCollection", () => {
  it("finds the quorum that is left when one signature was refused, and never takes that one again", async () => {
    const collection = collectionOf(3);
    const verdict = verdictOf(1n);
    for (const index of [1, 2, 3, 4, 5]) collection.add(verdict, await signed(verdict, index));
    const signers = (): number[] | undefined => collection.quorum()?.signatures.map(({ index }) => index);
    assert.deepEqual(signers(), [1, 2, 3]);
    collection.drop(verdict, 1);
    assert.equal(collection.add(verdict, await signed(verdict, 1)), "known");
    assert.deepEqual(signers(), [2, 3, 4]);
    collection.drop(verdict, 4);
    assert.deepEqual(signers(), [2, 3, 5]);
    collection.drop(verdict, 2);
    assert.equal(signers(), undefined);
  });

  it("remembers the newest few attempts of each member", async () => {
    const collection = collectionOf(2);
    const honest = verdictOf(1n);
    collection.add(honest, await signed(honest, 2));
    for (let attempt = 1n; attempt <= 20n; attempt++) {
      const verdict = verdictOf(attempt, 8n);
      assert.equal(collection.add(verdict, await signed(verdict, 1)), "added");
    }
    const old = verdictOf(1n, 8n);
    collection.add(old, await signed(old, 3));
    assert.equal(collection.quorum(), undefined, "what member 1 signed so long ago is forgotten");
    assert.equal(collection.latestOf(1 as PartyIndex)!.verdict.attempt, 20n);
    assert.equal(collection.latestOf(2 as PartyIndex)!.verdict.attempt, 1n, "and nobody else's");
  });

  it("keeps a member's second statement of an attempt out, and has its first as evidence", async () => {
    const collection = collectionOf(2);
    const first = await signed(verdictOf(1n, 7n), 1);
    assert.equal(collection.add(verdictOf(1n, 7n), first), "added");
    assert.equal(collection.add(verdictOf(1n, 8n), await signed(verdictOf(1n, 8n), 1)), "equivocation");
    assert.deepEqual(collection.signedBy(1, 1n), { verdict: verdictOf(1n, 7n), signature: first.signature });
    assert.equal(collection.signedBy(1, 2n), undefined);
    assert.equal(collection.signedBy(2, 1n), undefined);
    collection.drop(verdictOf(1n, 7n), 1);
    assert.equal(collection.signedBy(1, 1n), undefined, "the chain refused its signature");
  });
});
