/**
 * A change of the committee, as the consortium and the owners drive it. The workers' part is the product's: they take files,
 * check, confirm and erase by themselves.
 */
import { committeeHash } from "../../workers/messages/committeeHash.ts";
import { COMMITTEE_APPROVAL } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import type { DataOwner, Flaw } from "./dataOwner.ts";
import { CONSORTIUM, OWNERS, SPARE_KEYS, WORKERS, act, studyIdOf } from "./genesis.ts";
import { CHAIN_ID } from "./modelDeployment.ts";
import type { Committee } from "./modelState.ts";
import type { Simulation } from "./simulation.ts";

const FAR_FUTURE = 10_000_000_000n;
const ANYBODY = SPARE_KEYS.at(-1)!;
const STEP_MS = 2_500;
/** For a proposal over good data, with everybody well: every version checked by all, one after the other, and confirmed. */
const PATIENCE_STEPS = 60;

/** The committee that is proposed on the chain now. */
export function proposalOf({ chain, founded }: Simulation): Committee | undefined {
  const { proposedEpochs, committees } = chain.newest.state;
  const studyId = studyIdOf(founded.addresses);
  const epoch = proposedEpochs.get(studyId);
  return epoch === undefined ? undefined : committees.get(studyId)![Number(epoch) - 1];
}

/** Workers by Shamir point. */
export function membersOf({ chain, founded }: Simulation, epoch: bigint): number[] {
  const committee = chain.newest.state.committees.get(studyIdOf(founded.addresses))?.[Number(epoch) - 1];
  return (committee?.workers ?? []).map((worker) => WORKERS.findIndex(({ address }) => address === worker) + 1);
}

export function currentEpoch({ chain, founded }: Simulation): bigint {
  return chain.newest.state.currentEpochs.get(studyIdOf(founded.addresses))!;
}

function govern({ chain, founded }: Simulation, method: string, args: readonly unknown[]): void {
  const { addresses } = founded;
  const to = addresses["CommitteeRegistry"]!;
  chain.send(act(CONSORTIUM, to, "CommitteeRegistry", method, [studyIdOf(addresses), ...args]));
}

export function propose(simulation: Simulation, members: readonly number[]): void {
  const workers = members.map((index) => WORKERS[index - 1]!.address);
  govern(simulation, "propose", [workers, simulation.options.t]);
}

export function withdraw(simulation: Simulation): void {
  govern(simulation, "withdrawProposal", ["simulated"]);
}

export function releaseDeposits({ chain, founded: { addresses } }: Simulation, epoch: bigint): void {
  const args = [studyIdOf(addresses), epoch];
  chain.send(act(ANYBODY, addresses["CommitteeRegistry"]!, "CommitteeRegistry", "releaseDeposits", args));
}

/** Refused while something is missing. */
export function complete({ chain, founded: { addresses } }: Simulation): void {
  chain.send(act(ANYBODY, addresses["CommitteeChanges"]!, "CommitteeChanges", "complete", [studyIdOf(addresses)]));
}

export interface Conduct {
  /** One version that was shared anew already is so once more. */
  readonly again: boolean;
  /** Of each version that is shared anew. */
  flawOf(): Flaw | undefined;
}

/** Whatever each owner can do now; and the end, once all have confirmed. @returns what was done */
export function goOn(simulation: Simulation, proposal: Committee, conduct: Conduct): string[] {
  const steps = [...simulation.owners.keys()].flatMap((owner) => goOnAs(simulation, proposal, owner, conduct));
  if (steps.length > 0 || !isConfirmed(simulation)) return steps;
  complete(simulation);
  return ["it is completed"];
}

/** Whatever one owner can do now. */
export function goOnAs(simulation: Simulation, proposal: Committee, index: number, conduct: Conduct): string[] {
  const owner = simulation.owners[index]!;
  if (owner.version === 0 || simulation.retired.has(owner.datasetId)) return [];
  if (!isApproved(simulation, proposal, owner)) {
    void approve(simulation, proposal, index);
    return [`owner ${index} approves`];
  }
  const todo = owner.isResharing ? [] : toReshare(simulation, proposal, owner, conduct.again);
  if (todo.length === 0) return [];
  void owner.reshare(proposal.epoch, todo, conduct.flawOf);
  return [`owner ${index} shares ${todo.join(", ")} anew`];
}

function isApproved({ chain, founded }: Simulation, { epoch }: Committee, { address }: DataOwner): boolean {
  return chain.newest.state.approvals.has(`${studyIdOf(founded.addresses)} ${epoch} ${address}`);
}

/** What is missing, or else what no worker may take. */
function toReshare({ chain }: Simulation, { epoch }: Committee, owner: DataOwner, again: boolean): number[] {
  const done = chain.newest.state.resharings.get(`${owner.datasetId} ${epoch}`) ?? [];
  const missing = Array.from({ length: owner.version }, (_, i) => i + 1).slice(done.length);
  if (missing.length > 0) return missing;
  const bad = done.flatMap(({ sharesRoot }, i) => (owner.flawOf(sharesRoot) === undefined ? [] : [i + 1]));
  return bad.length === 0 && again ? [1] : bad;
}

/** The signature that an owner gives, relayed by anybody. */
async function approve(simulation: Simulation, proposal: Committee, owner: number): Promise<void> {
  const { chain, founded } = simulation;
  const { addresses } = founded;
  const { address, wallet } = OWNERS[owner]!;
  const to = addresses["CommitteeChanges"]!;
  const given = {
    studyId: studyIdOf(addresses),
    oldEpoch: currentEpoch(simulation),
    newEpoch: proposal.epoch,
    committeeHash: committeeHash({ ...proposal, threshold: Number(proposal.threshold) }),
    ...{ owner: address, name: "Dr. Example", meaning: "These workers may.", signedAt: 1n },
    nonce: chain.newest.state.approvalNonces.get(address) ?? 0n,
    deadline: FAR_FUTURE,
  };
  const signature = await wallet.signTypedData(opalineDomain(CHAIN_ID, to), COMMITTEE_APPROVAL, given);
  chain.send(act(ANYBODY, to, "CommitteeChanges", "approve", [given, signature]));
}

/** Whether the chain would take its completion in the next block. */
export function isConfirmed({ chain, founded: { addresses } }: Simulation): boolean {
  const call = act(ANYBODY, addresses["CommitteeChanges"]!, "CommitteeChanges", "complete", [studyIdOf(addresses)]);
  return chain.try(call).ok;
}

/**
 * With everybody well: a proposal is carried through, unless one of its workers has been revoked, which ends it. An owner that
 * dealt badly deals well.
 */
export async function endChange(simulation: Simulation): Promise<"none" | "completed" | "withdrawn" | "stuck"> {
  const proposal = proposalOf(simulation);
  if (proposal === undefined) return "none";
  const { epoch } = proposal;
  const isGood = membersOf(simulation, epoch).every((index) => !simulation.revoked.has(index));
  for (let step = 0; step < PATIENCE_STEPS; step++) {
    if (proposalOf(simulation)?.epoch !== epoch) return currentEpoch(simulation) === epoch ? "completed" : "withdrawn";
    if (isGood) goOn(simulation, proposal, { again: false, flawOf: () => undefined });
    else withdraw(simulation);
    await simulation.pass(STEP_MS);
  }
  return "stuck";
}
