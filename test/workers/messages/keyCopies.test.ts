/** Copies of mask keys: who can open them, and that nothing else does; checked against a second implementation. */
import assert from "node:assert/strict";
import { createDecipheriv, hkdfSync } from "node:crypto";
import { describe, it } from "node:test";

import { AbiCoder, SigningKey, Wallet, concat, getBytes, hexlify, id, keccak256, toUtf8Bytes } from "ethers";

import {
  type SealedPlace,
  decryptMaskKeys,
  encryptMaskKeys,
  openMaskKeys,
} from "../../../workers/messages/keyCopies.ts";
import { maskKeyHash, recipientsFault, recipientsHash } from "../../../workers/messages/sealedAnswer.ts";
import { fc } from "../../support/fastCheck.ts";
import { seededBytes } from "../field/seededBytes.ts";

const PLACE: SealedPlace = {
  chainId: 31_337n,
  contract: `0x${"c0".repeat(20)}`,
  requestId: id("request"),
  attempt: 3n,
};
const [MINE, THEIRS] = ["mine", "theirs"].map((name) => new Wallet(id(name))) as [Wallet, Wallet];
const keyOf = ({ signingKey }: Wallet): string => signingKey.compressedPublicKey;
const secretOf = ({ privateKey }: Wallet): Uint8Array => getBytes(privateKey);
const KEYS = ["a", "b", "c"].map((name) => getBytes(id(name)));

const encrypt = (keys: readonly Uint8Array[], seed = "copy", to = MINE, place = PLACE): string =>
  encryptMaskKeys(keys, place, keyOf(to), seededBytes(seed));

describe("copies of mask keys", () => {
  it("open to their recipient, for 1 to 20 keys", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { minLength: 1, maxLength: 20 }),
        (keys) => {
          assert.deepEqual(decryptMaskKeys(encrypt(keys), PLACE, secretOf(MINE)), keys);
        },
      ),
      { numRuns: 20 },
    );
  });

  it("are ECIES as documented: another implementation of the curve opens them", () => {
    const copy = getBytes(encrypt(KEYS));
    const [ephemeral, encrypted, tag] = [copy.slice(0, 33), copy.slice(33, -16), copy.slice(-16)];
    const shared = getBytes(MINE.signingKey.computeSharedSecret(hexlify(ephemeral))).slice(1, 33);
    const place = AbiCoder.defaultAbiCoder().encode(
      ["uint256", "address", "bytes32", "uint64"],
      [PLACE.chainId, PLACE.contract, PLACE.requestId, PLACE.attempt],
    );
    const info = getBytes(concat([toUtf8Bytes("Opaline.KeyCopy.v1"), ephemeral, keyOf(MINE), place]));
    const key = new Uint8Array(hkdfSync("sha256", shared, new Uint8Array(0), info, 32));
    const decipher = createDecipheriv("aes-256-gcm", key, new Uint8Array(12)).setAuthTag(tag);
    const plain = Buffer.concat([decipher.update(encrypted), decipher.final()]);
    assert.equal(hexlify(plain), concat(KEYS));
  });

  it("open to nobody else, and at no other place", () => {
    const copy = encrypt(KEYS);
    assert.deepEqual(decryptMaskKeys(copy, PLACE, secretOf(THEIRS)), []);
    for (const change of [
      { chainId: 1n },
      { contract: `0x${"c1".repeat(20)}` },
      { requestId: id("another") },
      { attempt: 4n },
    ])
      assert.deepEqual(decryptMaskKeys(copy, { ...PLACE, ...change }, secretOf(MINE)), []);
  });

  it("do not open once a bit of them has changed, or a byte is missing or too many", () => {
    const copy = getBytes(encrypt(KEYS.slice(0, 1)));
    for (let byte = 0; byte < copy.length; byte++) {
      const changed = Uint8Array.from(copy);
      changed[byte]! ^= 1;
      assert.deepEqual(decryptMaskKeys(hexlify(changed), PLACE, secretOf(MINE)), [], `byte ${byte}`);
    }
    for (const other of ["0x", hexlify(copy.slice(1)), hexlify(copy.slice(0, -1)), concat([copy, "0x00"])])
      assert.deepEqual(decryptMaskKeys(other, PLACE, secretOf(MINE)), []);
  });

  it("never look alike, and do not hold the keys", () => {
    const copies = ["1", "2"].map((seed) => encrypt(KEYS, seed));
    assert.notEqual(copies[0]!.slice(2, 68), copies[1]!.slice(2, 68));
    for (const copy of copies) for (const key of KEYS) assert(!copy.includes(hexlify(key).slice(2)));
  });

  it("of more keys than a worker can hold are not even decrypted", () => {
    const many = Array.from({ length: 21 }, (_, i) => getBytes(id(String(i))));
    assert.deepEqual(decryptMaskKeys(encrypt(many), PLACE, secretOf(MINE)), []);
  });
});

describe("openMaskKeys", () => {
  const hashes = KEYS.map(maskKeyHash);
  const open = (copies: readonly string[]): Uint8Array[] | undefined =>
    openMaskKeys(hashes, copies, PLACE, secretOf(MINE));

  it("finds every key by its hash, in the hashes' order, whichever copies hold it", () => {
    const [a, b, c] = KEYS as [Uint8Array, Uint8Array, Uint8Array];
    assert.deepEqual(open([encrypt([c, a]), encrypt([b, c])]), KEYS);
    assert.deepEqual(open([encrypt([a, b, c])]), KEYS);
    assert.equal(open([encrypt([a, b]), encrypt([b, a])]), undefined);
    assert.equal(open([]), undefined);
  });

  it("passes over what liars publish: other keys, other recipients' copies, anything", () => {
    const lies = [
      "0x",
      "0x1234",
      encrypt([getBytes(id("lie"))]),
      encrypt(KEYS, "copy", THEIRS),
      encrypt(KEYS, "copy", MINE, { ...PLACE, attempt: 1n }),
      `0x${"02".repeat(100)}`,
    ];
    assert.equal(open(lies), undefined);
    assert.deepEqual(open([...lies, encrypt(KEYS)]), KEYS);
  });
});

describe("recipients", () => {
  const sorted = [keyOf(MINE), keyOf(THEIRS)].sort();

  it("are 1 to 16 points, ascending", () => {
    assert.equal(recipientsFault(sorted), undefined);
    assert.equal(recipientsFault([]), "none");
    assert.equal(recipientsFault(sorted.toReversed()), "not ascending");
    assert.equal(recipientsFault([sorted[0]!, sorted[0]!]), "not ascending");
    const many = Array.from({ length: 17 }, (_, i) => new SigningKey(id(`${i}`)).compressedPublicKey).sort();
    assert.equal(recipientsFault(many), "too many");
    assert.equal(recipientsFault(many.slice(1)), undefined);
  });

  it("are refused when nobody has the point: not of the curve, not compressed, not canonical", () => {
    const p = 2n ** 256n - 2n ** 32n - 977n;
    const withoutRoot = `0x02${5n.toString(16).padStart(64, "0")}`; // 5³ + 7 is no square
    for (const key of [
      withoutRoot,
      `0x02${p.toString(16)}`,
      `0x02${(p + 1n).toString(16)}`,
      `0x02${"00".repeat(32)}`,
      MINE.signingKey.publicKey,
      "0x",
      "me",
    ])
      assert.equal(recipientsFault([key]), "no point of the curve", key);
  });

  it("have the hash that a contract computes", () => {
    const encoded = AbiCoder.defaultAbiCoder().encode(["bytes[]"], [sorted]);
    assert.equal(recipientsHash(sorted), keccak256(encoded));
  });
});
