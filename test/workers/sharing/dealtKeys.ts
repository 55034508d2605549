/** Replicated keys dealt by a test: what `agreeKeys` gives the parties of an attempt, or a dealer its blinder seeds. */
import { subsets } from "../../../workers/sharing/parties.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { subsetName, subsetsHeldBy } from "../../../workers/sharing/prss.ts";
import type { ReplicatedKeys } from "../../../workers/sharing/prss.ts";
import { seededBytes } from "../field/seededBytes.ts";

/**
 * One key set per party, consistent with each other.
 *
 * @param freshFor seeds of single subsets' keys by name, to change one key and keep the others
 */
export function dealKeys(
  parties: readonly PartyIndex[],
  t: number,
  seed: string,
  freshFor: Readonly<Record<string, string>> = {},
): ReplicatedKeys[] {
  const keyOf = (name: string): Uint8Array => seededBytes(`${freshFor[name] ?? seed} ${name}`)(32);
  const all = new Map(
    subsets(parties, parties.length - t).map((subset) => [subsetName(subset), keyOf(subsetName(subset))]),
  );
  return parties.map((self) => {
    const held = subsetsHeldBy(self, parties, t).map((subset) => {
      const name = subsetName(subset);
      return [name, all.get(name) as Uint8Array] as const;
    });
    return { self, parties, t, keys: new Map(held) };
  });
}
