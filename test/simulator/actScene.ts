/** What random acts are drawn from: a founded chain as it is now, the study's queries, and chance. */
import type { FoundedChain } from "./foundedChain.ts";
import { type Account, SPARE_KEYS, WORKERS, studyIdOf } from "./genesis.ts";
import type { Choices } from "./seededChoices.ts";
import type { PublishedQuery } from "./simulatedStudy.ts";

export interface ActScene extends FoundedChain {
  readonly queries: readonly PublishedQuery[];
  readonly choices: Choices;
}

/** Ascending, as a request has to name them. */
export function datasetIdsOf({ chain }: ActScene): string[] {
  return [...chain.newest.state.datasets.keys()].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
}

/** By Shamir point, of a committee of the study. */
export function workersAt({ chain, addresses }: ActScene, epoch: bigint): Account[] {
  const committee = chain.newest.state.committees.get(studyIdOf(addresses))?.[Number(epoch) - 1];
  return (committee?.workers ?? []).map((worker) => WORKERS.find(({ address }) => address === worker)!);
}

export function currentEpoch({ chain, addresses }: ActScene): bigint {
  return chain.newest.state.currentEpochs.get(studyIdOf(addresses))!;
}

/** Who signs for a member now, mostly; sometimes its first key, which may be its key no more. */
export function keyOf({ chain, choices }: ActScene, registry: string, member: Account): Account {
  const key = chain.newest.state.registries[registry]!.members.get(member.address.toLowerCase())?.key;
  const holder = [member, ...SPARE_KEYS].find(({ address }) => address === key) ?? member;
  return choices.weighted([
    [15, holder],
    [1, member],
  ]);
}
