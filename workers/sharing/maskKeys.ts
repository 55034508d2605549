/**
 * The keys of the mask that a sealed answer opens under: one for each subset S of t + 1 participants, derived from the
 * attempt's key K_S and so known to the members of S only. Whoever is given all of them can take the mask away; with any
 * one missing, the answer is uniform.
 *
 *   mask key M_S = HKDF-SHA256(K_S; "Opaline.SealedMask.v1|S")     RFC 5869, 32 bytes
 *   mask         = Σ_S PRF(M_S), element by element (`answerMask` in `prss.ts`)
 *
 * Protects: a mask key tells nothing about K_S or anything else drawn from it, so handing it out opens this answer and no
 * other value of the attempt. K_S is bound to chain, contract, request, attempt and participants (`protocols/agreeKeys.ts`),
 * and so is M_S.
 */
import { hkdfSync } from "node:crypto";

import { subsets } from "./parties.ts";
import type { PartyIndex } from "./parties.ts";
import { REPLICATED_KEY_BYTES, subsetName } from "./prss.ts";
import type { ReplicatedKeys } from "./prss.ts";

/** This party's mask keys, by subset as its replicated keys. */
export function deriveMaskKeys({ keys, ...holder }: ReplicatedKeys): ReplicatedKeys {
  const derive = (name: string, key: Uint8Array): Uint8Array =>
    new Uint8Array(hkdfSync("sha256", key, new Uint8Array(0), `Opaline.SealedMask.v1|${name}`, REPLICATED_KEY_BYTES));
  return { ...holder, keys: new Map([...keys].map(([name, key]) => [name, derive(name, key)])) };
}

/** Names of all subsets that have a key, in the order in which their hashes are listed: lexicographic. */
export function maskKeyNames(parties: readonly PartyIndex[], t: number): string[] {
  return subsets(parties, parties.length - t).map(subsetName);
}
