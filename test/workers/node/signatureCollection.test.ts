import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Wallet, id, toBeHex } from "ethers";
import { Outcome, ReleaseClass, type Verdict, ZERO_HASH, statementHash } from "../../../workers/messages/statement.ts";
import { ANSWER } from "../../../workers/messages/signedStructs.ts";
import { opalineDomain, signTypedData } from "../../../workers/messages/typedData.ts";
import type { IndexedSignature } from "../../../workers/messages/signedVerdict.ts";
import { MOST_ATTEMPTS } from "../../../workers/node/firstSignatures.ts";
import { SignatureCollection } from "../../../workers/node/signatureCollection.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";

const WALLETS = [1, 2, 3, 4, 5].map((key) => new Wallet(toBeHex(key, 32)));
const KEYS = WALLETS.map(({ address }) => address);
const NEW_KEY = new Wallet(toBeHex(6, 32));
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

async function signed(verdict: Verdict, index: number, by = WALLETS[index - 1]!): Promise<IndexedSignature> {
  const statement = statementHash({ chainId, contract, context, verdict });
  const signature = await signTypedData(by, opalineDomain(chainId, contract), ANSWER, { statement });
  return { index, signature };
}

function collectionOf(quorum: number): SignatureCollection {
  return new SignatureCollection({ chainId, contract, context, keys: KEYS, quorum });
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

  it("holds no more than a few statements of a member that signs attempts far ahead, and others' as before", async () => {
    const collection = collectionOf(3);
    const far = Array.from({ length: MOST_ATTEMPTS }, (_, i) => BigInt(2 ** 32 - 1 - i));
    for (const attempt of far) {
      const verdict = verdictOf(attempt);
      assert.equal(collection.add(verdict, await signed(verdict, 5)), "added");
    }
    for (const output of [1n, 2n, 3n]) {
      const verdict = verdictOf(1n, output);
      assert.equal(collection.add(verdict, await signed(verdict, 5)), "known", "older than all it has signed since");
    }
    const verdict = verdictOf(1n);
    for (const index of [1, 2]) assert.equal(collection.add(verdict, await signed(verdict, index)), "added");
    assert.equal(collection.quorum(), undefined, "the far signer does not count");
    assert.equal(collection.add(verdict, await signed(verdict, 3)), "added");
    assert.deepEqual(
      collection.quorum()?.signatures.map(({ index }) => index),
      [1, 2, 3],
    );
    assert.equal(collection.latestOf(5 as PartyIndex)?.verdict.attempt, far[0]);
  });

  it("counts no signature of a key that was replaced, until the new key has signed", async () => {
    const collection = collectionOf(3);
    const verdict = verdictOf(1n);
    const old = await signed(verdict, 1);
    for (const index of [1, 2, 3]) collection.add(verdict, await signed(verdict, index));
    const signers = (): number[] | undefined => collection.quorum()?.signatures.map(({ index }) => index);
    assert.deepEqual(signers(), [1, 2, 3]);
    const keys = KEYS.with(0, NEW_KEY.address);
    collection.setKeys(keys);
    assert.equal(signers(), undefined);
    assert.equal(collection.latestOf(1 as PartyIndex), undefined);
    assert.equal(collection.add(verdict, old), "strange");
    assert.equal(collection.signerOf(verdict, old), KEYS[0]);
    assert.equal(collection.add(verdict, await signed(verdict, 1, NEW_KEY)), "added");
    assert.equal(collection.add(verdict, await signed(verdict, 1, NEW_KEY)), "known");
    assert.deepEqual(signers(), [1, 2, 3]);
    collection.setKeys(keys.map((key) => key.toLowerCase()));
    assert.deepEqual(signers(), [1, 2, 3], "the same keys in other letters");
  });

  it("takes a member's new key where the chain refused the old one", async () => {
    const collection = collectionOf(1);
    const verdict = verdictOf(1n);
    collection.add(verdict, await signed(verdict, 1));
    collection.drop(verdict, 1);
    collection.setKeys(KEYS.with(0, NEW_KEY.address));
    assert.equal(collection.add(verdict, await signed(verdict, 1, NEW_KEY)), "added");
    assert.ok(collection.quorum());
  });

  it("tells a signature that is none, or of no member, from one by somebody else", async () => {
    const collection = collectionOf(1);
    const verdict = verdictOf(1n);
    const { signature } = await signed(verdict, 2);
    assert.equal(collection.add(verdict, { index: 1, signature }), "strange");
    assert.equal(collection.add(verdict, { index: 6, signature }), "invalid");
    assert.equal(collection.add(verdict, { index: 1, signature: `${signature}00` }), "invalid");
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
});
