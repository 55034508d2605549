/**
 * Commitments to a segment's columns, and the Merkle root that goes on chain. Scheme 0: salted keccak256, binding and
 * hiding for a random oracle; it proves nothing about the columns' form. Salts stay with the owner.
 */
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { concat, getBytes, keccak256, toUtf8Bytes } from "ethers";
import { bn254Fr } from "../field/bn254Fr.ts";
import type { RandomBytes } from "../field/field.ts";
import type { EncodedSegment } from "./encodeTable.ts";

/** [columnId, kind, commitment]; order and types are those of the chain's leaf. */
export type ColumnLeaf = readonly [columnId: string, kind: number, commitment: string];

export interface ColumnCommitments {
  readonly columnsRoot: string;
  /** The columns in schema order, then the handles. Public. */
  readonly leaves: readonly ColumnLeaf[];
  /** 32 bytes per column, in schema order. Secret: with a salt, a guess at the column can be tested. */
  readonly salts: readonly Uint8Array[];
  readonly handles: Handles;
}

/** Lets a subject be pointed at later (consent, withdrawal) without the chain knowing who it is. */
export interface Handles {
  /** 32 bytes per slot. Secret. */
  readonly salts: readonly Uint8Array[];
  /** keccak256(salt || utf8(subject id)) per slot. */
  readonly hashes: readonly string[];
}

/** 32 bytes each. Secret. */
export interface KeptSalts {
  /** In schema order. */
  readonly columns: readonly Uint8Array[];
  /** By slot. */
  readonly handles: readonly Uint8Array[];
}

/** Below 2^256 / 2^128: no two commitments share a salt by chance, and none can be searched. */
const SALT_BYTES = 32;
const LEAF_TYPES = ["bytes32", "uint8", "bytes32"];

export const HANDLES_ID = keccak256(toUtf8Bytes("Opaline.HANDLES"));
/** Not a `ColumnKind`, and never to become one. */
export const HANDLES_KIND = 255;

/** With fresh salts: nobody can tell that two tables, or two columns, are equal. */
export function commitColumns(segment: EncodedSegment, randomBytes: RandomBytes): ColumnCommitments {
  const columns = segment.columns.map(() => randomBytes(SALT_BYTES));
  const handles = segment.subjectsBySlot.map(() => randomBytes(SALT_BYTES));
  return commitWithSalts(segment, { columns, handles });
}

/** For columns that were committed before (`encodeAgain.ts`). @param kept one salt per column, one per slot */
export function commitWithSalts(segment: EncodedSegment, kept: KeptSalts): ColumnCommitments {
  const salts = kept.columns;
  const leaves = segment.specs.map(({ id, kind }, index): ColumnLeaf => {
    const column = segment.columns[index] as BigInt64Array;
    return [id, kind, columnCommitment(salts[index] as Uint8Array, column)];
  });
  const handles = makeHandles(segment.subjectsBySlot, kept.handles);
  leaves.push([HANDLES_ID, HANDLES_KIND, keccak256(concat(handles.hashes))]);
  return { columnsRoot: columnTree(leaves).root, leaves, salts, handles };
}

/** keccak256(salt || the column's canonical 32-byte words, padding excluded). */
export function columnCommitment(salt: Uint8Array, column: BigInt64Array): string {
  return keccak256(Buffer.concat([salt, bn254Fr.toWords(bn254Fr.fromIntegers(column))]));
}

/** keccak256(salt || utf8(subject id)). */
export function handleOf(salt: Uint8Array, subject: string): string {
  return keccak256(concat([salt, toUtf8Bytes(subject)]));
}

function makeHandles(subjectsBySlot: readonly string[], salts: readonly Uint8Array[]): Handles {
  return { salts, hashes: subjectsBySlot.map((subject, slot) => handleOf(salts[slot] as Uint8Array, subject)) };
}

function columnTree(leaves: readonly ColumnLeaf[]): StandardMerkleTree<unknown[]> {
  return StandardMerkleTree.of(
    leaves.map((leaf): unknown[] => [...leaf]),
    LEAF_TYPES,
  );
}

/** The sibling hashes that lead from leaf `index` to the root, as OpenZeppelin's MerkleProof takes them. */
export function proveLeaf(leaves: readonly ColumnLeaf[], index: number): string[] {
  return columnTree(leaves).getProof(index);
}

export function verifyLeaf(columnsRoot: string, leaf: ColumnLeaf, proof: readonly string[]): boolean {
  return StandardMerkleTree.verify(getBytes(columnsRoot), LEAF_TYPES, [...leaf], [...proof]);
}
