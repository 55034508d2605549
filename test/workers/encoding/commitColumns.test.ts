import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { concat, keccak256, toBeHex, toUtf8Bytes } from "ethers";
import {
  columnCommitment,
  commitColumns,
  handleOf,
  HANDLES_ID,
  HANDLES_KIND,
  proveLeaf,
  verifyLeaf,
} from "../../../workers/encoding/commitColumns.ts";
import type { ColumnLeaf } from "../../../workers/encoding/commitColumns.ts";
import { encodeTable } from "../../../workers/encoding/encodeTable.ts";
import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { randomStudy } from "./randomStudy.ts";
import { seededBytes } from "./seededBytes.ts";

const numRuns = budget.protocolRuns;
const segments = fc.tuple(randomStudy, fc.nat()).map(([{ schema, subjects, values }, seed]) => ({
  segment: encodeTable({ rowCount: subjects.length, subjects, values }, schema, seededBytes(seed)),
  seed,
}));

describe("columnCommitment", () => {
  it("is keccak256 of the salt and the canonical words, written out", () => {
    const salt = new Uint8Array(32).fill(7);
    const words = [toBeHex(5n, 32), toBeHex(0n, 32), toBeHex(BN254_FR_MODULUS - 26n, 32)];
    assert.equal(columnCommitment(salt, BigInt64Array.of(5n, 0n, -26n)), keccak256(concat([salt, ...words])));
  });
});

describe("commitColumns", () => {
  it("proves every leaf under the root, and no other", () => {
    fc.assert(
      fc.property(segments, ({ segment, seed }) => {
        const { columnsRoot, leaves } = commitColumns(segment, seededBytes(seed));
        leaves.forEach((leaf, index) => {
          const proof = proveLeaf(leaves, index);
          assert(verifyLeaf(columnsRoot, leaf, proof));
          const [id, kind, commitment] = leaf;
          const twins: ColumnLeaf[] = [
            [keccak256(id), kind, commitment],
            [id, (kind + 1) % 256, commitment],
            [id, kind, keccak256(commitment)],
          ];
          for (const twin of twins) assert(!verifyLeaf(columnsRoot, twin, proof));
        });
      }),
      { numRuns },
    );
  });

  it("opens with the owner's salts: columns and handles alike", () => {
    fc.assert(
      fc.property(segments, ({ segment, seed }) => {
        const { leaves, salts, handles } = commitColumns(segment, seededBytes(seed));
        assert.equal(leaves.length, segment.specs.length + 1);
        segment.specs.forEach(({ id, kind }, index) => {
          const commitment = columnCommitment(salts[index] as Uint8Array, segment.columns[index] as BigInt64Array);
          assert.deepEqual(leaves[index], [id, kind, commitment]);
        });
        segment.subjectsBySlot.forEach((subject, slot) => {
          assert.equal(handles.hashes[slot], handleOf(handles.salts[slot] as Uint8Array, subject));
        });
        assert.deepEqual(leaves.at(-1), [HANDLES_ID, HANDLES_KIND, keccak256(concat(handles.hashes))]);
      }),
      { numRuns },
    );
    assert.equal(HANDLES_ID, keccak256(toUtf8Bytes("Opaline.HANDLES")));
  });

  it("makes equal tables and equal columns unlinkable", () => {
    fc.assert(
      fc.property(segments, ({ segment }) => {
        const one = commitColumns(segment, seededBytes("one"));
        const two = commitColumns(segment, seededBytes("two"));
        const commitments = [...one.leaves, ...two.leaves].map(([, , commitment]) => commitment);
        assert.equal(new Set(commitments).size, commitments.length);
        const hashes = [...one.handles.hashes, ...two.handles.hashes];
        assert.equal(new Set(hashes).size, hashes.length);
        assert.notEqual(one.columnsRoot, two.columnsRoot);
      }),
      { numRuns },
    );
  });
});
