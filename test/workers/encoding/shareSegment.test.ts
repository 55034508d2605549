import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { encodeTable } from "../../../workers/encoding/encodeTable.ts";
import type { EncodedSegment } from "../../../workers/encoding/encodeTable.ts";
import type { SegmentFacts } from "../../../workers/encoding/shareSegment.ts";
import { shareSegment } from "../../../workers/encoding/shareSegment.ts";
import { bn254Fr } from "../../../workers/field/bn254Fr.ts";
import type { FieldVector } from "../../../workers/field/field.ts";
import { decodeShareFile, shareFileHash } from "../../../workers/messages/shareFile.ts";
import type { ShareFile } from "../../../workers/messages/shareFile.ts";
import type { CommitteeSize, PartyIndex } from "../../../workers/sharing/parties.ts";
import { partiesOf } from "../../../workers/sharing/parties.ts";
import { expandBlinders } from "../../../workers/sharing/prss.ts";
import { reconstruct } from "../../../workers/sharing/shamir.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { randomStudy } from "./randomStudy.ts";
import { seededBytes } from "./seededBytes.ts";

const SIZES: readonly CommitteeSize[] = [
  { n: 3, t: 1 },
  { n: 4, t: 1 },
  { n: 5, t: 2 },
  { n: 7, t: 3 },
];

const segments = fc
  .tuple(randomStudy, fc.nat())
  .map(([{ schema, subjects, values }, seed]) =>
    encodeTable({ rowCount: subjects.length, subjects, values }, schema, seededBytes(seed)),
  );

const FACTS = ((): SegmentFacts => {
  const id = (digit: string): string => `0x${digit.repeat(64)}`;
  return {
    studyId: id("1"),
    datasetId: id("2"),
    version: 1n,
    schemaHash: id("3"),
    committeeEpoch: 5n,
    log2N: 10,
    blinders: 8,
  };
})();

const share = (segment: EncodedSegment, size: CommitteeSize, seed: string): Uint8Array[] =>
  shareSegment(bn254Fr, segment, FACTS, size, seededBytes(seed));

function pick(files: readonly ShareFile[], column: number, parties: readonly PartyIndex[]): FieldVector[] {
  return parties.map((party) => bn254Fr.fromWords(files[party - 1]?.columns[column] as Uint8Array));
}

describe("shareSegment", () => {
  for (const size of SIZES) {
    it(`n = ${size.n}, t = ${size.t}: any t + 1 files give back the columns, and all lie on one polynomial`, () => {
      fc.assert(
        fc.property(
          segments,
          fc.nat(),
          fc.shuffledSubarray(partiesOf(size.n), { minLength: size.t + 1 }),
          (segment, seed, parties) => {
            const files = share(segment, size, String(seed)).map(decodeShareFile);
            assert.equal(files.length, size.n);
            [...segment.columns, ...segment.witnesses].forEach((column, index) => {
              const opened = reconstruct(bn254Fr, size.t, parties, pick(files, index, parties));
              assert.deepEqual(
                bn254Fr.toResidues(opened).map((residue) => bn254Fr.toSigned(residue)),
                [...column],
              );
            });
          },
        ),
        { numRuns: Math.ceil(budget.protocolRuns / SIZES.length) },
      );
    });
  }

  it("tells each worker who it is and what it holds", () => {
    fc.assert(
      fc.property(segments, fc.constantFrom(...SIZES), (segment, size) => {
        share(segment, size, "header").forEach((bytes, index) => {
          const { header } = decodeShareFile(bytes);
          assert.equal(header.party, index + 1);
          assert.deepEqual([header.n, header.t, header.rowCount], [size.n, size.t, segment.rowCount]);
          assert.deepEqual(
            header.columns,
            [...segment.specs, ...segment.witnessSpecs].map(({ id }) => id),
          );
          assert(header.seedSubsets.every((name) => name.split(",").includes(String(index + 1))));
        });
      }),
      { numRuns: budget.protocolRuns },
    );
  });

  it("gives members of a subset one seed, and different subsets different ones", () => {
    fc.assert(
      fc.property(segments, fc.constantFrom(...SIZES), (segment, size) => {
        const seedOf = new Map<string, string>();
        for (const { header, seeds } of share(segment, size, "seeds").map(decodeShareFile)) {
          header.seedSubsets.forEach((name, index) => {
            const seed = Buffer.from(seeds[index] as Uint8Array).toString("hex");
            assert.equal(seedOf.get(name) ?? seed, seed);
            seedOf.set(name, seed);
          });
        }
        assert.equal(new Set(seedOf.values()).size, seedOf.size);
      }),
      { numRuns: budget.protocolRuns },
    );
  });

  it("gives seeds from which the workers expand one degree-t sharing of the blinders", () => {
    fc.assert(
      fc.property(segments, fc.constantFrom(...SIZES), (segment, size) => {
        const parties = partiesOf(size.n);
        const files = share(segment, size, "blinders").map(decodeShareFile);
        const column = segment.specs[0]?.id as string;
        const shares = files.map(({ header, seeds }, index) => {
          const keys = new Map(header.seedSubsets.map((name, k) => [name, seeds[k] as Uint8Array]));
          const replicated = { self: parties[index] as PartyIndex, parties, t: size.t, keys };
          return expandBlinders(bn254Fr, replicated, column, header.blinders);
        });
        const blinders = bn254Fr.toResidues(reconstruct(bn254Fr, size.t, parties, shares));
        assert.equal(new Set(blinders).size, 8);
      }),
      { numRuns: budget.protocolRuns },
    );
  });

  it("shares afresh every time: no file of a second dealing equals one of the first", () => {
    fc.assert(
      fc.property(segments, fc.constantFrom(...SIZES), (segment, size) => {
        const hashes = ["first", "second"].flatMap((seed) => share(segment, size, seed)).map(shareFileHash);
        assert.equal(new Set(hashes).size, 2 * size.n);
      }),
      { numRuns: budget.protocolRuns },
    );
  });

  it("refuses impossible committees and facts", () => {
    const [segment] = fc.sample(segments, { numRuns: 1, seed: 1 });
    assert(segment !== undefined);
    const deal = (change: Partial<SegmentFacts>, size: CommitteeSize): unknown =>
      shareSegment(bn254Fr, segment, { ...FACTS, ...change }, size, seededBytes(1));
    assert.throws(() => deal({}, { n: 4, t: 2 }), /COMMITTEE|committee|2t/i);
    assert.throws(() => deal({ version: 0n }, { n: 4, t: 1 }), { code: "SHARE_FILE_HEADER_INVALID" });
    assert.throws(() => deal({ log2N: 29 }, { n: 4, t: 1 }), { code: "SHARE_FILE_HEADER_INVALID" });
  });
});
