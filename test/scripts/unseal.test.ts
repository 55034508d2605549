/** What a recipient reads of the chain's events, whatever else is published among them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SigningKey, Wallet, concat, getBytes, id } from "ethers";
import { bn254Fr } from "../../workers/field/bn254Fr.ts";
import { encryptMaskKeys } from "../../workers/messages/keyCopies.ts";
import { maskKeyHash, sealedHash } from "../../workers/messages/sealedAnswer.ts";
import { answerMask } from "../../workers/sharing/prss.ts";
import type { RequestEvents } from "../../scripts/querier/requestEvents.ts";
import { checkRecipient, copiesInTurn, readRecipients, recipientKey, unseal } from "../../scripts/querier/unseal.ts";
import { seededBytes } from "../workers/field/seededBytes.ts";

const CONTRACT = `0x${"c0".repeat(20)}`;
const REQUEST = id("request");
const PLACE = { chainId: 31_337n, contract: CONTRACT };
const [READER, OTHER] = ["reader", "other"].map((name) => new Wallet(id(name))) as [Wallet, Wallet];
const RECIPIENTS = [READER, OTHER].map(recipientKey).sort();
const OUTPUTS = [41n, 0n, 7n];
/** Of the subsets {1, 2}, {1, 3} and {2, 3}. */
const KEYS = ["12", "13", "23"].map((name) => getBytes(id(name)));
const HASHES = KEYS.map(maskKeyHash);
const HELD: Readonly<Record<number, readonly number[]>> = { 1: [0, 1], 2: [0, 2], 3: [1, 2] };

type Published = RequestEvents["published"][number];

function copiesOf(keys: readonly Uint8Array[], seed: string, attempt = 1n): string[] {
  const place = { ...PLACE, requestId: REQUEST, attempt };
  return RECIPIENTS.map((recipient) => encryptMaskKeys(keys, place, recipient, seededBytes(`${seed} ${recipient}`)));
}

function publishedBy(index: number, change: Partial<Published> = {}): Published {
  const copies = copiesOf(
    HELD[index]!.map((position) => KEYS[position]!),
    `worker ${index}`,
  );
  return { requestId: REQUEST, index, maskKeyHashes: HASHES, copies, ...change };
}

function eventsWith(published: readonly Published[]): RequestEvents {
  const mask = answerMask(bn254Fr, KEYS, OUTPUTS.length);
  const outputs = bn254Fr.toResidues(bn254Fr.add(bn254Fr.fromIntegers(OUTPUTS), mask));
  const ending = { name: "QueryAnswered", requestId: REQUEST, attempt: 1n, suppressedBitmap: "0x02", outputs } as const;
  return {
    queryContract: CONTRACT,
    requested: { name: "QueryRequested", requestId: REQUEST, recipients: RECIPIENTS } as never,
    ending: { ...ending, sealedHash: sealedHash(HASHES), statement: id("s"), transaction: "0x" },
    published,
    dispute: undefined,
  };
}

const read = (published: readonly Published[], reader = READER): bigint[] | undefined =>
  unseal(eventsWith(published), PLACE, reader);

describe("unseal", () => {
  it("reads with the copies of any two of three workers, for each recipient, and with one not", () => {
    for (const reader of [READER, OTHER])
      for (const workers of [
        [1, 2],
        [3, 1],
        [2, 3],
        [1, 2, 3],
      ])
        assert.deepEqual(
          read(
            workers.map((index) => publishedBy(index)),
            reader,
          ),
          OUTPUTS,
        );
    for (const workers of [[], [1], [3, 3]]) assert.equal(read(workers.map((index) => publishedBy(index))), undefined);
  });

  it("passes over whatever else was published: other hashes, attempts, shapes, and bytes that are nothing", () => {
    const junk = [
      publishedBy(3, { copies: [] }),
      publishedBy(3, { copies: ["0x", "0x"] }),
      publishedBy(3, { copies: RECIPIENTS.map(() => `0x${"02".repeat(689)}`) }),
      publishedBy(3, { copies: copiesOf(KEYS, "other attempt", 2n) }),
      publishedBy(2, { maskKeyHashes: HASHES.toReversed() }),
      publishedBy(2, { maskKeyHashes: [...HASHES, HASHES[0]!] }),
      publishedBy(2, { maskKeyHashes: [] }),
    ];
    assert.equal(read([...junk, publishedBy(1)]), undefined);
    assert.deepEqual(read([...junk, publishedBy(1), publishedBy(2)]), OUTPUTS);
  });

  it("is not kept waiting by one worker's junk, which stands in nobody's way but its own", () => {
    const bytes = seededBytes("junk");
    const own = publishedBy(3);
    const junk = Array.from({ length: 2_000 }, () => ({ ...own, copies: RECIPIENTS.map(() => encryptedTo(bytes)) }));
    const published = [...junk, publishedBy(1), publishedBy(2)];
    assert.deepEqual(read(published), OUTPUTS);
    const tried = copiesInTurn(published, 0);
    assert.equal(tried.length, 6, "four of worker 3's");
    const honest = [1, 2].map((index) => publishedBy(index).copies[0]);
    assert.deepEqual(tried.slice(1, 3), honest, "every worker's first comes before anybody's second");
  });
});

/** Of the length of a copy, with a point that is one. */
function encryptedTo(bytes: (length: number) => Uint8Array): string {
  return concat([recipientKey(OTHER), bytes(80)]);
}

describe("recipients", () => {
  it("are `me` and public keys, ascending, each once", () => {
    const other = recipientKey(OTHER);
    assert.deepEqual(readRecipients([], READER), []);
    assert.deepEqual(readRecipients(["me", other.toUpperCase().replace("0X", "0x"), "me"], READER), RECIPIENTS);
  });

  it("are refused when they are none, or too many", () => {
    for (const wrong of ["you", "0x", OTHER.signingKey.publicKey, `0x02${"00".repeat(31)}05`])
      assert.throws(() => readRecipients(["me", wrong], READER), { code: "OPTION_INVALID" });
    const many = Array.from({ length: 17 }, (_, i) => new SigningKey(id(`${i}`)).compressedPublicKey);
    assert.throws(() => readRecipients(many, READER), { message: /at most 16 recipients/ });
  });

  it("are told from others by their key", () => {
    checkRecipient(eventsWith([]), READER);
    assert.throws(() => checkRecipient(eventsWith([]), new Wallet(id("stranger"))), { code: "ANSWER_NOT_RECIPIENT" });
  });
});
