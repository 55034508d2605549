/** A model chain on which a network has been founded. Founding takes dozens of signatures: done once per committee. */
import { CONSORTIUM, type Act, acceptances, foundingActs, hashOf } from "./genesis.ts";
import { ModelChain } from "./modelChain.ts";
import { ModelContracts } from "./modelContracts.ts";
import { modelAddresses } from "./modelDeployment.ts";
import { publishedQueries } from "./simulatedStudy.ts";

export interface CommitteeSize {
  readonly n: number;
  readonly t: number;
}

export interface FoundedChain {
  readonly chain: ModelChain;
  readonly addresses: Readonly<Record<string, string>>;
  /** By query, in the study's order. */
  readonly contracts: readonly string[];
}

const founded = new Map<string, Promise<FoundedChain>>();

/** A chain of its own, at block 1. */
export async function foundChain({ n, t }: CommitteeSize, deadlineBlocks: bigint): Promise<FoundedChain> {
  const name = `${n} ${t} ${deadlineBlocks}`;
  const known = founded.get(name) ?? found({ n, t }, deadlineBlocks);
  founded.set(name, known);
  const { chain, ...rest } = await known;
  return { chain: chain.copy(), ...rest };
}

async function found({ n, t }: CommitteeSize, deadlineBlocks: bigint): Promise<FoundedChain> {
  const addresses = modelAddresses(CONSORTIUM.address);
  const queries = await publishedQueries();
  const chain = new ModelChain(new ModelContracts(addresses));
  const submit = (acts: readonly Act[]): void => {
    for (const each of acts) chain.send(each);
  };
  submit(await foundingActs({ n, t, deadlineBlocks, addresses, queries }));
  chain.mine();
  const contracts = queries.map((query) => chain.newest.state.catalogue.get(hashOf(query))!.queryContract);
  submit(await acceptances(queries, contracts));
  chain.mine();
  for (const { mined } of chain.blocks) {
    for (const { outcome } of mined) if (!outcome.ok) throw new Error(`founding was refused: ${outcome.error}`);
  }
  return { chain, addresses, contracts };
}
