/** The dealing proof: every honest file fits it, no inconsistent one does, and it tells nothing else. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hexlify } from "ethers";
import { proveDealing, verifyDealing } from "../../../workers/encoding/dealing.ts";
import type { EncodedSegment } from "../../../workers/encoding/encodeTable.ts";
import { shareSegment } from "../../../workers/encoding/shareSegment.ts";
import { bn254Fr as field } from "../../../workers/field/bn254Fr.ts";
import {
  dealingChallenge,
  type DealingFacts,
  type DealingProof,
  decodeDealingProof,
  encodeDealingProof,
} from "../../../workers/messages/dealingProof.ts";
import { sharesRoot } from "../../../workers/messages/datasetRoot.ts";
import { decodeShareFile, encodeShareFile, shareFileHash } from "../../../workers/messages/shareFile.ts";
import type { CommitteeSize } from "../../../workers/sharing/parties.ts";
import { partiesOf } from "../../../workers/sharing/parties.ts";
import { lagrangeWeights } from "../../../workers/sharing/lagrange.ts";
import { honestSegment } from "../schema/poisoning.ts";
import { committees, sizeName } from "../sharing/committees.ts";
import { seededBytes } from "./seededBytes.ts";

const id = (digit: string): string => `0x${digit.repeat(64)}`;
const FACTS = { studyId: id("1"), datasetId: id("2"), version: 1n, schemaHash: id("3"), committeeEpoch: 5n, log2N: 10, blinders: 8 }; // prettier-ignore
const WORD = 32;

interface Dealing {
  readonly files: Uint8Array[];
  readonly facts: DealingFacts;
  readonly proof: DealingProof;
}

function deal(size: CommitteeSize, seed = "deal", segment: EncodedSegment = honestSegment()): Dealing {
  return proven(shareSegment(field, segment, FACTS, size, seededBytes(seed)));
}

/** What a dealer publishes that deals these files: γ depends on all of them. */
function proven(files: Uint8Array[]): Dealing {
  const { datasetId, version } = FACTS;
  const facts = { chainId: 31337n, datasetId, version, sharesRoot: sharesRoot(files.map(shareFileHash)) };
  return { files, facts, proof: proveDealing(field, files, facts) };
}

function verify({ files, facts, proof }: Dealing, party: number): void {
  const { header, seeds, columns } = decodeShareFile(files[party - 1]!);
  verifyDealing(field, { header, seeds, columns: columns.map((words) => field.fromWords(words)) }, proof, facts);
}

function refused(dealing: Dealing, party: number): string | undefined {
  try {
    verify(dealing, party);
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

/** The file with one word of one column, or one seed, changed. */
function altered(
  file: Uint8Array,
  { column, row, seed }: { column?: number; row?: number; seed?: number },
): Uint8Array {
  const { header, seeds, columns } = decodeShareFile(file);
  const newSeeds = seeds.map((each, index) => (index === seed ? each.map((byte) => byte ^ 1) : each));
  const newColumns = columns.map((words, index) => {
    if (index !== column) return words;
    const copy = Uint8Array.from(words);
    copy[row! * WORD + WORD - 1]! ^= 1;
    return copy;
  });
  return encodeShareFile(header, newSeeds, newColumns);
}

describe("the dealing proof", () => {
  for (const size of committees) {
    const parties = partiesOf(size.n);

    it(`fits every worker's file, ${sizeName(size)}`, () => {
      const dealing = deal(size);
      const proof = decodeDealingProof(encodeDealingProof(dealing.proof), size);
      assert.deepEqual(proof, dealing.proof);
      for (const party of parties) assert.equal(refused({ ...dealing, proof }, party), undefined);
    });

    it(`names a worker whose share is off the polynomials, by one word anywhere, ${sizeName(size)}`, () => {
      const { files } = deal(size);
      for (const [column, row] of [
        [0, 0],
        [7, 3],
        [25, 6],
      ] as const) {
        // prettier-ignore
        for (const victim of [1, size.n]) {
          const changed = files.map((file, index) => (index + 1 === victim ? altered(file, { column, row }) : file));
          // The dealer makes the proof of the files as they are: it then fits the first t + 1 of them.
          const codes = parties.map((party) => refused(proven(changed), party));
          const isBasis = victim <= size.t + 1;
          const expected = parties.map((party) =>
            (isBasis ? party > size.t + 1 : party === victim) ? "DEALING_SHARES_MISMATCH" : undefined,
          );
          assert.deepEqual(codes, expected);
        }
      }
    });

    it(`fits at most t + 1 of the workers that were dealt random shares, ${sizeName(size)}`, () => {
      const { files } = deal(size);
      const random = files.map((file, index) => {
        const { header, seeds, columns } = decodeShareFile(file);
        const bytes = seededBytes(`random ${index}`);
        return encodeShareFile(header, seeds, columns.map((words) => field.toWords(field.random(words.length / WORD, bytes)))); // prettier-ignore
      });
      const fitting = parties.filter((party) => refused(proven(random), party) === undefined);
      assert.deepEqual(fitting, parties.slice(0, size.t + 1));
    });

    it(`names the subset whose seed differs at one of its members, ${sizeName(size)}`, () => {
      const { files } = deal(size);
      const victim = size.n;
      const changed = files.map((file, index) => (index + 1 === victim ? altered(file, { seed: 0 }) : file));
      const dealing = proven(changed);
      const subset = decodeShareFile(files[victim - 1]!).header.seedSubsets[0]!;
      const members = subset.split(",").map(Number);
      const codes = parties.map((party) => refused(dealing, party));
      // One hash is published: it is the victim's or the others', and one side notices. With F of another mask, more do.
      assert(members.some((party) => codes[party - 1] === "DEALING_SEED_MISMATCH"));
    });
  }

  it("is of these files only: another root, version, dataset or chain is refused", () => {
    const dealing = deal({ n: 4, t: 1 });
    const others = [{ chainId: 1n }, { datasetId: id("9") }, { version: 2n }, { sharesRoot: id("9") }];
    for (const change of others) {
      const facts = { ...dealing.facts, ...change };
      assert.notEqual(dealingChallenge(facts), dealingChallenge(dealing.facts));
      assert.notEqual(refused({ ...dealing, facts }, 1), undefined);
    }
  });

  it("is not another dealing's, though of the same rows", () => {
    const [first, second] = [deal({ n: 4, t: 1 }, "one"), deal({ n: 4, t: 1 }, "two")];
    assert.equal(refused({ ...first, proof: second.proof }, 1), "DEALING_SEED_MISMATCH");
    const mixed = { values: second.proof.values, seedHashes: first.proof.seedHashes };
    assert.equal(refused({ ...first, proof: mixed }, 1), "DEALING_SHARES_MISMATCH");
  });

  it("with any value or hash changed is refused by some worker", () => {
    const size = { n: 5, t: 2 };
    const dealing = deal(size);
    dealing.proof.values.forEach((_, changed) => {
      const values = dealing.proof.values.map((value, index) => (index === changed ? field.reduce(value + 1n) : value));
      const codes = partiesOf(size.n).map((party) =>
        refused({ ...dealing, proof: { ...dealing.proof, values } }, party),
      );
      assert(codes.filter((code) => code === "DEALING_SHARES_MISMATCH").length >= size.n - size.t);
    });
    for (const name of dealing.proof.seedHashes.keys()) {
      const seedHashes = new Map(dealing.proof.seedHashes).set(name, id("0"));
      for (const party of partiesOf(size.n)) {
        const code = refused({ ...dealing, proof: { ...dealing.proof, seedHashes } }, party);
        assert.equal(code, name.split(",").includes(String(party)) ? "DEALING_SEED_MISMATCH" : undefined);
      }
    }
  });

  it("shows another number for the same rows every time, and none that t workers could compute", () => {
    const size = { n: 3, t: 1 };
    const secrets = new Set(
      ["a", "b", "c"].map((seed) => {
        const { proof } = deal(size, seed);
        const weights = lagrangeWeights(field, partiesOf(2), 0n);
        return field.reduce(weights.reduce((sum, weight, index) => sum + weight * proof.values[index]!, 0n));
      }),
    );
    assert.equal(secrets.size, 3);
  });
});

describe("decodeDealingProof", () => {
  const size = { n: 4, t: 1 };
  const proof = encodeDealingProof(deal(size).proof);

  it("refuses other lengths and values that are no residues", () => {
    for (const wrong of ["0x", proof.slice(0, -2), `${proof}00`, `${proof}${"00".repeat(32)}`]) {
      assert.throws(() => decodeDealingProof(wrong, size), { code: "DEALING_PROOF_WRONG_LENGTH" });
    }
    const modulus = field.modulus.toString(16).padStart(64, "0");
    const wrong = `0x${proof.slice(2, 66)}${modulus}${proof.slice(130)}`;
    assert.throws(() => decodeDealingProof(wrong, size), {
      detail: { code: "DEALING_PROOF_NOT_CANONICAL", value: 1 },
    });
    assert.equal(hexlify(proof).length, 2 + 64 * (2 + 4));
  });
});
