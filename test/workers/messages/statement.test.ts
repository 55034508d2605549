import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbiCoder, Wallet, concat, id, keccak256, solidityPackedKeccak256, toBeHex } from "ethers";
import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import { decodeParticipants, encodeParticipants } from "../../../workers/messages/proposal.ts";
import { decodeSignedVerdict, encodeSignedVerdict } from "../../../workers/messages/signedVerdict.ts";
import {
  Outcome,
  ReleaseClass,
  type RequestContext,
  type Verdict,
  ZERO_HASH,
  resultHash,
  statementHash,
} from "../../../workers/messages/statement.ts";
import { ANSWER } from "../../../workers/messages/signedStructs.ts";
import { hashTypedData, opalineDomain, signTypedData, signerOf } from "../../../workers/messages/typedData.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";

const CONTRACT = "0x00000000000000000000000000000000000000C1";
const WALLET = new Wallet(toBeHex(1, 32));

const CONTEXT: RequestContext = {
  studyId: id("study"),
  requestId: id("request"),
  queryHash: id("query"),
  parametersHash: id("parameters"),
  policyHash: id("policy"),
  datasetRoots: [id("root 1"), id("root 2")],
  committeeEpoch: 3n,
  requestBlock: 4n,
  consentMaskRoot: ZERO_HASH,
  releaseClass: ReleaseClass.PUBLIC,
  recipientsHash: ZERO_HASH,
};
const VERDICT: Verdict = {
  attempt: 2n,
  outcome: Outcome.ANSWERED,
  suppressedBitmap: "0x",
  outputs: [5n, BN254_FR_MODULUS - 1n],
  sealedHash: ZERO_HASH,
};
const INPUT = { chainId: 31337n, contract: CONTRACT, context: CONTEXT, verdict: VERDICT };

describe("statementHash", () => {
  it("is the hash of the words in the design's order, laid out by hand", () => {
    const word = (value: bigint | number): string => toBeHex(value, 32);
    const result = keccak256(
      AbiCoder.defaultAbiCoder().encode(["bytes", "uint256[]", "bytes32"], ["0x", VERDICT.outputs, ZERO_HASH]),
    );
    const words = [
      ...[id("Opaline.Statement.v1"), word(31337), word(BigInt(CONTRACT)), CONTEXT.studyId, CONTEXT.requestId, word(2)],
      ...[CONTEXT.queryHash, CONTEXT.parametersHash, CONTEXT.policyHash, word(17 * 32), word(3), word(4), ZERO_HASH],
      ...[word(0), ZERO_HASH, word(1), result],
      ...[word(2), ...CONTEXT.datasetRoots],
    ];
    assert.equal(statementHash(INPUT), keccak256(concat(words)));
  });

  it("changes with every field", () => {
    const other = id("other");
    const contexts = Object.keys(CONTEXT).map((key) => {
      const value = CONTEXT[key as keyof RequestContext];
      const changed =
        typeof value === "bigint" ? value + 1n : typeof value === "number" ? 1 : Array.isArray(value) ? [other] : other;
      return { ...INPUT, context: { ...CONTEXT, [key]: changed } };
    });
    const verdicts: Partial<Verdict>[] = [
      { attempt: 3n },
      { outcome: Outcome.REFUSED_DISCLOSURE },
      { suppressedBitmap: "0x01" },
      { outputs: [5n] },
      { sealedHash: other },
    ];
    const all = [
      INPUT,
      { ...INPUT, chainId: 1n },
      { ...INPUT, contract: "0x00000000000000000000000000000000000000c2" },
      ...contexts,
      ...verdicts.map((change) => ({ ...INPUT, verdict: { ...VERDICT, ...change } })),
    ].map(statementHash);
    assert.equal(new Set(all).size, all.length);
  });

  it("binds a signature to the chain and the contract", async () => {
    const statement = statementHash(INPUT);
    const domain = opalineDomain(31337n, CONTRACT);
    const signature = await signTypedData(WALLET, domain, ANSWER, { statement });
    assert.equal(signerOf(domain, ANSWER, { statement }, signature), WALLET.address);
    assert.notEqual(signerOf(opalineDomain(1n, CONTRACT), ANSWER, { statement }, signature), WALLET.address);
    assert.notEqual(signerOf(domain, ANSWER, { statement: id("other") }, signature), WALLET.address);
    const structHash = solidityPackedKeccak256(["bytes32", "bytes32"], [id("Answer(bytes32 statement)"), statement]);
    const separator = keccak256(
      AbiCoder.defaultAbiCoder().encode(
        ["bytes32", "bytes32", "bytes32", "uint256", "address"],
        [
          id("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
          id("Opaline"),
          id("1"),
          31337,
          CONTRACT,
        ],
      ),
    );
    assert.equal(hashTypedData(domain, ANSWER, { statement }), keccak256(concat(["0x1901", separator, structHash])));
  });

  it("accepts one form of a signature only", async () => {
    const statement = statementHash(INPUT);
    const domain = opalineDomain(31337n, CONTRACT);
    const signature = await signTypedData(WALLET, domain, ANSWER, { statement });
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const s = BigInt(`0x${signature.slice(66, 130)}`);
    const highS = `${signature.slice(0, 66)}${toBeHex(order - s, 32).slice(2)}${signature.endsWith("1b") ? "1c" : "1b"}`;
    for (const bad of [highS, `${signature}00`, signature.slice(0, 130), "0x", `${signature.slice(0, 130)}00`]) {
      assert.equal(signerOf(domain, ANSWER, { statement }, bad), undefined);
    }
  });
});

describe("resultHash", () => {
  it("ignores the attempt and nothing else", () => {
    assert.equal(resultHash({ ...VERDICT, attempt: 9n } as Verdict), resultHash(VERDICT));
    assert.notEqual(resultHash({ ...VERDICT, outputs: [6n] }), resultHash(VERDICT));
    assert.notEqual(resultHash({ ...VERDICT, suppressedBitmap: "0x01" }), resultHash(VERDICT));
    assert.notEqual(resultHash({ ...VERDICT, outcome: Outcome.REFUSED_DISCLOSURE }), resultHash(VERDICT));
  });
});

describe("resultHash of a sealed answer", () => {
  const sealed = { ...VERDICT, sealedHash: id("keys") };

  it("is of what the masks hide nothing of: outcome, bitmap and number of outputs", () => {
    const again = { ...sealed, attempt: 9n, outputs: [1n, 2n], sealedHash: id("other keys") };
    assert.equal(resultHash(again), resultHash(sealed));
    for (const change of [
      { outputs: [5n] },
      { suppressedBitmap: "0x01" },
      { outcome: Outcome.FAILED_UNAVAILABLE },
      { sealedHash: ZERO_HASH },
    ])
      assert.notEqual(resultHash({ ...sealed, ...change }), resultHash(sealed), JSON.stringify(Object.keys(change)));
  });
});

describe("messages between workers", () => {
  const signature = `0x${"11".repeat(65)}`;

  it("decode to what was encoded, and nothing else decodes", () => {
    const signed = {
      verdict: VERDICT,
      signatures: [
        { index: 1, signature },
        { index: 3, signature },
      ],
    };
    const bytes = encodeSignedVerdict(signed);
    assert.deepEqual(decodeSignedVerdict(bytes), signed);
    const tampered = [
      { verdict: { ...VERDICT, outputs: [BN254_FR_MODULUS] }, signatures: signed.signatures },
      { verdict: { ...VERDICT, outputs: [] }, signatures: signed.signatures },
      { verdict: { ...VERDICT, outcome: Outcome.REFUSED_EMPTY_SET }, signatures: signed.signatures },
      { verdict: { ...VERDICT, attempt: 0n }, signatures: signed.signatures },
      { verdict: VERDICT, signatures: [] },
      { verdict: VERDICT, signatures: [signed.signatures[1]!, signed.signatures[0]!] },
      { verdict: VERDICT, signatures: [{ index: 0, signature }] },
      { verdict: VERDICT, signatures: [{ index: 8, signature }] },
      { verdict: VERDICT, signatures: [{ index: 1, signature: "0x11" }] },
    ];
    for (const each of tampered) {
      assert.throws(() => decodeSignedVerdict(encodeSignedVerdict(each)), { code: "SIGNED_VERDICT_INVALID" });
    }
    assert.throws(() => decodeSignedVerdict(new Uint8Array([...bytes, 0])), { code: "SIGNED_VERDICT_INVALID" });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (random) => {
        assert.throws(() => decodeSignedVerdict(random), { code: "SIGNED_VERDICT_INVALID" });
      }),
      { numRuns: budget.propertyRuns },
    );
  });

  it("name participants as ascending indices", () => {
    const parties = [1, 3, 4] as PartyIndex[];
    assert.deepEqual(decodeParticipants(encodeParticipants(parties)), parties);
    assert.deepEqual(decodeParticipants(encodeParticipants([])), [], "only says where its sender is");
    for (const bad of [[0], [0, 1], [1, 1], [3, 1], [1, 8]]) {
      assert.throws(() => decodeParticipants(Uint8Array.from(bad)), { code: "PROPOSAL_INVALID" });
    }
  });
});
