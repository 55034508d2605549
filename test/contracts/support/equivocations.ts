/** Two statements that a worker signed on one request, announced and brought before the committee registry. */
import type { HDNodeWallet } from "ethers";
import { equivocationCommitment, evidenceStruct } from "../../../workers/chain/workerDeposits.ts";
import type { Equivocation } from "../../../workers/messages/equivocation.ts";
import { type Verdict, statementHash } from "../../../workers/messages/statement.ts";
import { ANSWER } from "../../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../../workers/messages/typedData.ts";
import { chainId } from "./chain.ts";
import { RELAYER, VERDICT, WORKERS, openRequest } from "./consortium.ts";

const WORKER = WORKERS[0] as HDNodeWallet;
export const OTHER: Verdict = { ...VERDICT, outputs: VERDICT.outputs.map((output) => output + 1n) };

/** An open request whose worker 1 has 5,000 wei at stake. */
export async function atStake() {
  const world = await openRequest();
  await world.committees.connect(WORKER).deposit({ value: 5_000n });
  return { ...world, queryContract: await world.query.getAddress() };
}
export type Stake = Awaited<ReturnType<typeof atStake>>;

export async function signed(
  { queryContract, asked }: Stake,
  verdict: Verdict,
  by: HDNodeWallet = WORKER,
  context = asked.context,
) {
  const statement = statementHash({ chainId, contract: queryContract, context, verdict });
  return { verdict, signature: await by.signTypedData(opalineDomain(chainId, queryContract), ANSWER, { statement }) };
}

export async function evidenceOf(world: Stake, change: Partial<Equivocation> = {}): Promise<Equivocation> {
  const [first, second] = [await signed(world, VERDICT), await signed(world, OTHER)];
  const { queryContract, asked } = world;
  return { chainId, queryContract, index: 1, context: asked.context, first, second, ...change };
}

export function announce({ committees }: Stake, evidence: Equivocation, by: HDNodeWallet = RELAYER) {
  return committees.connect(by).announceEquivocation(equivocationCommitment(by.address, evidence));
}

export function report({ committees }: Stake, evidence: Equivocation, by: HDNodeWallet = RELAYER) {
  return committees.connect(by).reportEquivocation(evidenceStruct(evidence));
}

export async function prove(world: Stake, evidence: Equivocation, by: HDNodeWallet = RELAYER) {
  await announce(world, evidence, by);
  return report(world, evidence, by);
}
