/** What must hold of changes of the committee when everything is healed: who confirmed what, and whose shares are gone. */
import type { Segment } from "./modelState.ts";
import type { MinedLog } from "./modelChain.ts";
import { currentEpoch, membersOf, proposalOf } from "./committeeChange.ts";
import type { DataOwner } from "./dataOwner.ts";
import { datasetRoot, sharesRoot } from "../../workers/messages/datasetRoot.ts";
import { isOver } from "./modelCommittees.ts";
import { studyIdOf } from "./genesis.ts";
import { abiOf } from "./modelDeployment.ts";
import type { Simulation } from "./simulation.ts";

/** Tells the plain model what each root binds that a dataset ever had on the chain. */
export function tellRoots({ chain, owners, plain }: Simulation): void {
  const known = new Map<string, Segment[]>();
  for (const { name, args } of chain.blocks.flatMap(({ logs }) => logs).flatMap(eventsOf("DatasetRegistry"))) {
    const owner = owners.find(({ datasetId }) => datasetId === args["datasetId"]);
    if (owner === undefined || (name !== "DatasetActivated" && name !== "SharesReplaced")) continue;
    const before = known.get(owner.datasetId) ?? [];
    const segments =
      name === "DatasetActivated" ? [...before, plainSegment(args["segment"])] : withShares(before, args);
    known.set(owner.datasetId, segments);
    const root = datasetRoot(owner.datasetId, BigInt(segments.length), segments);
    if (!plain.knows(root)) plain.contributed(root, owner.partOf(segments));
  }
}

type EventArguments = Readonly<Record<string, unknown>>;

function eventsOf(contract: string): (log: MinedLog) => { name: string; args: EventArguments }[] {
  return ({ topics, data }) => {
    const parsed = abiOf(contract).parseLog({ topics: [...topics], data });
    return parsed === null ? [] : [{ name: parsed.name, args: parsed.args as unknown as EventArguments }];
  };
}

function plainSegment(raw: unknown): Segment {
  const { rowCount, columnsRoot, sharesRoot: root } = raw as Segment;
  return { rowCount, columnsRoot, sharesRoot: root };
}

function withShares(segments: readonly Segment[], args: EventArguments): Segment[] {
  const roots = [...(args["sharesRoots"] as Iterable<string>)];
  return segments.map((segment, i) => ({ ...segment, sharesRoot: roots[i]! }));
}

/** @returns how many changes there were, by what came of them */
export function verifyChanges(simulation: Simulation): Record<string, number> {
  checkConfirmations(simulation);
  checkHoldings(simulation);
  const { committees } = simulation.chain.newest.state;
  const proposals = (committees.get(studyIdOf(simulation.founded.addresses))?.length ?? 1) - 1;
  const events = simulation.chain.blocks.flatMap(({ logs }) => logs).flatMap(eventsOf("CommitteeRegistry"));
  const withdrawn = events.filter(({ name }) => name === "CommitteeProposalWithdrawn").length;
  const open = proposalOf(simulation) === undefined ? 0 : 1;
  return { "proposals withdrawn": withdrawn, "committees followed": proposals - withdrawn - open };
}

/** Nobody honest confirms shares that are not as they should be. */
function checkConfirmations({ chain, owners, observer, adversary, ...simulation }: Simulation): void {
  /** By "dataset epoch version", as the chain had them when a confirmation came. */
  const shares = new Map<string, { readonly owner: DataOwner; readonly epoch: bigint; readonly root: string }>();
  const retired = new Set<string>();
  const all = chain.blocks.flatMap(({ logs }) => logs);
  for (const log of all) {
    for (const { name, args } of eventsOf("DatasetRegistry")(log)) {
      if (name === "DatasetRetired") retired.add(String(args["datasetId"]));
    }
    for (const { name, args } of eventsOf("CommitteeChanges")(log)) {
      if (name === "DatasetReshared") {
        const owner = owners.find(({ datasetId }) => datasetId === args["datasetId"])!;
        const [epoch, root] = [args["newEpoch"] as bigint, sharesRoot([...(args["fileHashes"] as Iterable<string>)])];
        shares.set(`${owner.datasetId} ${epoch} ${String(args["version"])}`, { owner, epoch, root });
      }
      if (name !== "CommitteeChangeConfirmed") continue;
      const point = Number(args["index"]);
      const worker = membersOf({ chain, ...simulation } as Simulation, args["newEpoch"] as bigint)[point - 1]!;
      if (adversary.isCorrupted(worker)) continue;
      for (const { owner, epoch, root } of shares.values()) {
        if (epoch !== args["newEpoch"] || retired.has(owner.datasetId)) continue;
        const flaw = owner.flawFor(root, point);
        if (flaw !== undefined) observer.violated(`worker ${worker} confirms ${flaw} shares ${root}`);
      }
    }
  }
}

/** What a committee was given, or was only sent, is gone at all of its workers once it is over, and the chain has their receipts. */
function checkHoldings(simulation: Simulation): void {
  const { chain, founded, owners, workers, observer, retired } = simulation;
  const { number, state } = chain.newest;
  const studyId = studyIdOf(founded.addresses);
  const isPast = (epoch: bigint): boolean => isOver(state, studyId, epoch, BigInt(number));
  for (const { datasetId } of owners) {
    for (const epoch of state.holders.get(datasetId) ?? []) {
      if (!retired.has(datasetId) && !isPast(epoch)) continue;
      const given = state.shares.get(`${datasetId} ${epoch}`);
      if (given?.isErased === true) continue;
      observer.violated(`receipts for ${datasetId} of epoch ${epoch} are of ${given?.confirmed.toString(2)} only`);
    }
  }
  for (const { index, store } of workers) {
    for (const { datasetId, epoch, erased } of store?.shares.holdings() ?? []) {
      if (!erased && (isPast(epoch) || retired.has(datasetId))) {
        observer.violated(`worker ${index} still holds ${datasetId} of epoch ${epoch}`);
      }
    }
    const current = currentEpoch(simulation);
    const seat = membersOf(simulation, current).indexOf(index);
    for (const { datasetId, version } of seat < 0 ? [] : owners) {
      if (retired.has(datasetId)) continue;
      for (let each = 1n; each <= version; each++) {
        if (store?.shares.hasVersion(datasetId, current, each) !== true) {
          observer.violated(`worker ${index} serves without version ${each} of ${datasetId}`);
        }
      }
    }
  }
}
