/**
 * The dealing proof: what an owner publishes with a version so that every worker can check by itself that the shares of
 * all honest workers lie on polynomials of degree t (`sharing/combineDealing.ts`). Public: it stands in the activation's
 * event, and its keccak256 is the dataset's `ingestProofHash`, so all workers check against the same one.
 *
 *   F(1) … F(t + 1) | keccak256 of every replicated seed, subsets in lexicographic order; 32 bytes each
 *
 * The challenge is keccak256 of what `sharesRoot` binds, all n share files: the dealer has fixed shares and seeds before
 * it knows it, and trying 2^80 dealings would find it a lie with probability below 2^−130.
 */
import { AbiCoder, concat, getBytes, hexlify, id, keccak256, toBeHex } from "ethers";
import { CodedError } from "../errors.ts";
import { BN254_FR_MODULUS } from "../field/bn254.ts";
import type { CommitteeSize } from "../sharing/parties.ts";
import { partiesOf, subsets } from "../sharing/parties.ts";
import { subsetName } from "../sharing/prss.ts";

export interface DealingProof {
  /** F(1) … F(t + 1), canonical. */
  readonly values: readonly bigint[];
  /** By `subsetName`, all (n − t)-subsets of 1..n: `seedHash` of the subset's seed. */
  readonly seedHashes: ReadonlyMap<string, string>;
}

/** What a dealing is bound to. */
export interface DealingFacts {
  readonly chainId: bigint;
  readonly datasetId: string;
  readonly version: bigint;
  readonly sharesRoot: string;
}

export type DealingProofErrorDetail =
  | { readonly code: "DEALING_PROOF_WRONG_LENGTH"; readonly bytes: number; readonly expected: number }
  | { readonly code: "DEALING_PROOF_NOT_CANONICAL"; readonly value: number };

const WORD_BYTES = 32;
const CHALLENGE_DOMAIN = id("Opaline.DealingChallenge.v1");
const SEED_DOMAIN = id("Opaline.DealingSeed.v1");

const abi = AbiCoder.defaultAbiCoder();

/** γ. Of 256 hashed bits modulo r: no value is likelier than 6/2^256, 1.2 times 1/r. */
export function dealingChallenge({ chainId, datasetId, version, sharesRoot }: DealingFacts): bigint {
  const types = ["bytes32", "uint256", "bytes32", "uint64", "bytes32"];
  return (
    BigInt(keccak256(abi.encode(types, [CHALLENGE_DOMAIN, chainId, datasetId, version, sharesRoot]))) % BN254_FR_MODULUS
  );
}

/** Of 32 uniform bytes, so that it tells those who lack the seed nothing. */
export function seedHash({ chainId, datasetId, version }: DealingFacts, subset: string, seed: Uint8Array): string {
  const types = ["bytes32", "uint256", "bytes32", "uint64", "string", "bytes32"];
  return keccak256(abi.encode(types, [SEED_DOMAIN, chainId, datasetId, version, subset, seed]));
}

/** Names of all (n − t)-subsets of 1..n, lexicographic. */
export function allSeedSubsets({ n, t }: CommitteeSize): string[] {
  return subsets(partiesOf(n), n - t).map(subsetName);
}

/** 0x-hex, as `activate` takes it. */
export function encodeDealingProof({ values, seedHashes }: DealingProof): string {
  return concat([...values.map((value) => toBeHex(value, WORD_BYTES)), ...seedHashes.values()]);
}

/** @throws CodedError DEALING_PROOF_* */
export function decodeDealingProof(proof: string, size: CommitteeSize): DealingProof {
  const bytes = getBytes(proof);
  const names = allSeedSubsets(size);
  const expected = (size.t + 1 + names.length) * WORD_BYTES;
  if (bytes.length !== expected) {
    const detail = { code: "DEALING_PROOF_WRONG_LENGTH", bytes: bytes.length, expected } as const;
    throw new CodedError<DealingProofErrorDetail>(
      detail,
      `the dealing proof has ${bytes.length} bytes, not ${expected}`,
    );
  }
  const word = (index: number): string => hexlify(bytes.subarray(index * WORD_BYTES, (index + 1) * WORD_BYTES));
  const values = Array.from({ length: size.t + 1 }, (_, index) => BigInt(word(index)));
  const tooLarge = values.findIndex((value) => value >= BN254_FR_MODULUS);
  if (tooLarge >= 0) {
    const detail = { code: "DEALING_PROOF_NOT_CANONICAL", value: tooLarge } as const;
    throw new CodedError<DealingProofErrorDetail>(detail, `value ${tooLarge} of the dealing proof is no residue`);
  }
  return { values, seedHashes: new Map(names.map((name, index) => [name, word(size.t + 1 + index)])) };
}
