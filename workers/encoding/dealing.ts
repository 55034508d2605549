/**
 * The dealing proof of a share file set, made by the owner and checked by each worker against its own file: adversary is
 * an owner that deals shares of no polynomial, together with up to t workers. What it shows, and why it tells nothing
 * else: `sharing/combineDealing.ts`. A worker whose check fails does not use the version; other honest workers may.
 */
import { CodedError } from "../errors.ts";
import type { Field, FieldVector } from "../field/field.ts";
import type { DealingFacts, DealingProof } from "../messages/dealingProof.ts";
import { allSeedSubsets, dealingChallenge, seedHash } from "../messages/dealingProof.ts";
import { decodeShareFile } from "../messages/shareFile.ts";
import type { ShareFileHeader } from "../messages/shareFile.ts";
import { combineDealing } from "../sharing/combineDealing.ts";
import { lagrangeWeights } from "../sharing/lagrange.ts";
import { partiesOf, partyIndex } from "../sharing/parties.ts";
import type { ReplicatedKeys } from "../sharing/prss.ts";

/** One worker's part of a dealing. */
export interface DealtFile {
  readonly header: Pick<ShareFileHeader, "n" | "t" | "party" | "seedSubsets">;
  /** One per seed subset. */
  readonly seeds: readonly Uint8Array[];
  /** Every column of the file, one after the other; the check releases them. */
  readonly columns: Iterable<FieldVector>;
}

export type DealingErrorDetail =
  /** This worker's seed of the subset is not the published one. */
  | { readonly code: "DEALING_SEED_MISMATCH"; readonly subset: string }
  /** This worker's shares are not on the published polynomial. */
  | { readonly code: "DEALING_SHARES_MISMATCH"; readonly party: number };

/**
 * The proof for all files of one dealing. O(words of t + 1 files).
 *
 * @param files encoded, by Shamir point; sharesRoot is of exactly these
 * @throws CodedError SHARE_FILE_*
 */
export function proveDealing(field: Field, files: readonly Uint8Array[], facts: DealingFacts): DealingProof {
  const challenge = dealingChallenge(facts);
  const decoded = files.map(decodeShareFile);
  const { n, t } = decoded[0]!.header;
  const values = decoded.slice(0, t + 1).map(({ header, seeds, columns }) => {
    const vectors = wordsToVectors(field, columns);
    return combineDealing(field, replicatedSeeds({ header, seeds, columns: vectors }), vectors, challenge);
  });
  const seedOf = new Map(
    decoded.flatMap(({ header, seeds }) => header.seedSubsets.map((name, i) => [name, seeds[i]!])),
  );
  const hashes = allSeedSubsets({ n, t }).map((name) => [name, seedHash(facts, name, seedOf.get(name)!)] as const);
  return { values, seedHashes: new Map(hashes) };
}

/**
 * Whether this worker's file belongs to the dealing that the proof speaks of. O(words of the file).
 *
 * @throws CodedError DEALING_SEED_MISMATCH | DEALING_SHARES_MISMATCH
 */
export function verifyDealing(field: Field, file: DealtFile, proof: DealingProof, facts: DealingFacts): void {
  const { header, seeds, columns } = file;
  header.seedSubsets.forEach((subset, index) => {
    if (seedHash(facts, subset, seeds[index]!) === proof.seedHashes.get(subset)) return;
    const detail = { code: "DEALING_SEED_MISMATCH", subset } as const;
    throw new CodedError<DealingErrorDetail>(
      detail,
      `the seed of workers ${subset} is not the one the owner published`,
    );
  });
  const own = combineDealing(field, replicatedSeeds(file), columns, dealingChallenge(facts));
  const weights = lagrangeWeights(field, partiesOf(header.t + 1), BigInt(header.party));
  const due = field.reduce(weights.reduce((sum, weight, index) => sum + weight * proof.values[index]!, 0n));
  if (own === due) return;
  const detail = { code: "DEALING_SHARES_MISMATCH", party: header.party } as const;
  throw new CodedError<DealingErrorDetail>(
    detail,
    `the shares of worker ${header.party} are not on the owner's polynomials`,
  );
}

function replicatedSeeds({ header: { n, t, party, seedSubsets }, seeds }: DealtFile): ReplicatedKeys {
  const keys = new Map(seedSubsets.map((name, index) => [name, seeds[index]!]));
  return { self: partyIndex(party, n), parties: partiesOf(n), t, keys };
}

function* wordsToVectors(field: Field, columns: readonly Uint8Array[]): Generator<FieldVector> {
  for (const words of columns) yield field.fromWords(words);
}
