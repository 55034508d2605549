/** What may happen in a simulation, and how often. Every operation is drawn whole before it acts, so that a trace names it. */
import type { QueryContractEvent, QueryRequested } from "../../workers/chain/queryEvents.ts";
import { outputsHash } from "../../workers/messages/statement.ts";
import { ZeroHash, hexlify, id } from "ethers";
import { complete, goOn, membersOf, proposalOf, propose, releaseDeposits, withdraw } from "./committeeChange.ts";
import type { Flaw } from "./dataOwner.ts";
import { CONSORTIUM, WORKERS, act } from "./genesis.ts";
import { keyCopies, requestEvents } from "./requestEvents.ts";
import type { Choices } from "./seededChoices.ts";
import type { Simulation } from "./simulation.ts";
import { CONFIRMATIONS } from "./simulatedWorker.ts";

/** Of those who carry a change through. */
const STEP_MS = 3_000;

type Operation = (simulation: Simulation, choices: Choices) => string;

function anyWorker({ options }: Simulation, choices: Choices): number {
  return choices.whole(1, options.n);
}

function twoWorkers({ options }: Simulation, choices: Choices): [number, number] {
  const [a, b] = choices.shuffled(Array.from({ length: options.n }, (_, i) => i + 1));
  return [a!, b!];
}

const ask: Operation = (simulation, choices) => {
  const query = choices.whole(0, simulation.queries.length - 1);
  const parameters = simulation.queries[query]!.draw(choices);
  const all = simulation.datasetIds();
  const chosen = all.length > 1 && choices.chance(0.2) ? [choices.of(all)] : all;
  const isSealed = choices.chance(0.3);
  simulation.ask(query, parameters, chosen, isSealed);
  const how = isSealed ? ", sealed" : "";
  return `ask query ${query} with ${parameters.join(", ")} over ${chosen.length} datasets${how}`;
};

const contribute: Operation = (simulation, choices) => {
  const owner = choices.whole(0, simulation.owners.length - 1);
  if (simulation.retired.has(simulation.owners[owner]!.datasetId)) return `owner ${owner} has retired`;
  void simulation.owners[owner]!.contribute(simulation.drawRows());
  return `owner ${owner} contributes`;
};

/** Of one patient, a few, or many; mostly withdrawn. */
const recordConsent: Operation = (simulation, choices) => {
  const owner = choices.of(simulation.owners);
  if (owner.version === 0) return "no consent yet";
  const version = choices.whole(1, owner.version);
  const all = Array.from({ length: owner.rowsOf(version) }, (_, slot) => slot);
  const count = Math.min(all.length, choices.of([1, 3, 8, 20]));
  const slots = choices
    .shuffled(all)
    .slice(0, count)
    .sort((a, b) => a - b);
  const given = choices.chance(0.3);
  owner.recordConsent(version, slots, given);
  return `${slots.length} of version ${version} ${given ? "give" : "withdraw"} consent`;
};

/** From then on requests over this dataset fail; that needs few seeds. */
const contributeMalformed: Operation = (simulation, choices) => {
  const owner = choices.whole(0, simulation.owners.length - 1);
  if (simulation.retired.has(simulation.owners[owner]!.datasetId)) return `owner ${owner} has retired`;
  simulation.observer.isMalformedDealt = true;
  void simulation.owners[owner]!.contribute(simulation.drawRows(), true);
  return `owner ${owner} contributes malformed columns`;
};

/** One owner at most: requests go on over the other's data. */
const retire: Operation = (simulation, choices) => {
  const owner = choices.whole(0, simulation.owners.length - 1);
  if (simulation.retired.size > 0) return "nobody more retires";
  simulation.retire(owner);
  return `owner ${owner} retires`;
};

const crash: Operation = (simulation, choices) => {
  const index = anyWorker(simulation, choices);
  simulation.worker(index).crash();
  return `crash ${index}`;
};

const crashAfterCommit: Operation = (simulation, choices) => {
  const index = anyWorker(simulation, choices);
  const point = choices.of(["takeAttempt", "keepKeyCopies", "recordAboutToOpen", "recordSigned"] as const);
  simulation.worker(index).crashAfter(point);
  return `crash ${index} after its next ${point}`;
};

const crashAfterFrames: Operation = (simulation, choices) => {
  const index = anyWorker(simulation, choices);
  const frames = choices.whole(0, 80);
  simulation.worker(index).crashAfterFrames(frames);
  return `crash ${index} after ${frames} frames`;
};

const diskFails: Operation = (simulation, choices) => {
  const worker = simulation.worker(anyWorker(simulation, choices));
  worker.disk = choices.of(["fine", "full", "broken"] as const);
  return `the disk of ${worker.index} is ${worker.disk}`;
};

const restart: Operation = (simulation) => {
  const down = simulation.workers.filter(({ isRunning }) => !isRunning);
  for (const worker of down) worker.start();
  return `start ${down.map(({ index }) => index).join(", ") || "nobody"}`;
};

const partition: Operation = (simulation, choices) => {
  const [a, b] = twoWorkers(simulation, choices);
  simulation.mesh.partition(a, b);
  return `partition ${a} and ${b}`;
};

const healPartitions: Operation = (simulation) => {
  simulation.mesh.healAll();
  return "heal the network";
};

const cut: Operation = (simulation, choices) => {
  const [a, b] = twoWorkers(simulation, choices);
  simulation.mesh.cut(a, b);
  return `cut the link between ${a} and ${b}`;
};

const slow: Operation = (simulation, choices) => {
  const index = anyWorker(simulation, choices);
  const ms = choices.of([0, 50, 400]);
  simulation.mesh.slowMs.set(index, ms);
  return `slow ${index} by ${ms} ms`;
};

const nodeFails: Operation = (simulation, choices) => {
  const index = anyWorker(simulation, choices);
  const state = choices.of(["up", "refusing", "silent", "flaky", "flaky"] as const);
  const lag = choices.whole(0, 3);
  Object.assign(simulation.worker(index).health, { state, lag });
  return `the node of ${index} is ${state}, ${lag} blocks behind`;
};

/** Counts as corrupted: it is one of at most t that the others must do without. */
const revokeWorker: Operation = (simulation, choices) => {
  const { adversary, options, revoked, chain, founded } = simulation;
  const index = choices.of(adversary.corrupted.length > 0 ? adversary.corrupted : [anyWorker(simulation, choices)]);
  // Of exactly 2t + 1 none can be spared: everything expires from then on. That needs few seeds.
  const isSpared = options.n > 2 * options.t + 1 || choices.chance(0.2);
  if (!isSpared || revoked.size >= options.t || revoked.has(index)) return "nobody more is revoked";
  adversary.corrupt(index);
  revoked.add(index);
  const args = [WORKERS[index - 1]!.address, "simulated"];
  chain.send(act(CONSORTIUM, founded.addresses["WorkerRegistry"]!, "WorkerRegistry", "revoke", args));
  return `revoke ${index}`;
};

const machinesRecover: Operation = (simulation) => {
  for (const worker of simulation.workers) {
    Object.assign(worker.health, { state: "up", lag: 0 });
    worker.disk = "fine";
  }
  return "all nodes and disks recover";
};

/** No deeper than the workers' confirmations: deeper ones stop them, as they should (`follower.test.ts`). */
const reorganise: Operation = (simulation, choices) => {
  const depth = choices.whole(1, CONFIRMATIONS);
  simulation.reorganise(depth, choices);
  return `reorganise ${depth} blocks`;
};

const loseTransactions: Operation = ({ chain }) => `${chain.loseWaiting()} waiting transactions are lost`;

const corrupt: Operation = (simulation, choices) => {
  const { adversary, options } = simulation;
  if (adversary.corrupted.length >= options.t) return "nobody more is corrupted";
  const index = anyWorker(simulation, choices);
  adversary.corrupt(index);
  return `corrupt ${index}`;
};

/** A point that there is not, and nobody else's, for a worker that is not in the committee. */
function pointOf(members: readonly number[], index: number): number {
  const place = members.indexOf(index);
  const outside = WORKERS.filter((_, i) => i < index && !members.includes(i + 1)).length;
  return place < 0 ? members.length + outside : place + 1;
}

/** A corrupted worker, if there is one. */
function liar({ adversary }: Simulation, choices: Choices): number | undefined {
  return adversary.corrupted.length === 0 ? undefined : choices.of(adversary.corrupted);
}

function othersThan(index: number, { options }: Simulation): number[] {
  return Array.from({ length: options.n }, (_, i) => i + 1).filter((other) => other !== index);
}

const lie: Operation = (simulation, choices) => {
  const from = liar(simulation, choices);
  if (from === undefined) return corrupt(simulation, choices);
  const planned = simulation.adversary.drawLie(othersThan(from, simulation));
  simulation.adversary.plan(from, planned);
  return `${from} lies: ${JSON.stringify(planned)}`;
};

const repent: Operation = (simulation) => {
  simulation.adversary.repent();
  return "nobody lies";
};

/** The newest request that is open on the chain. */
function newestOpen(simulation: Simulation): { event: QueryRequested; contract: string } | undefined {
  const open = new Set(simulation.openRequests());
  for (const block of [...simulation.chain.blocks].reverse()) {
    for (const { event, contract } of requestEvents(block)) {
      if (event.name === "QueryRequested" && open.has(event.requestId)) return { event, contract };
    }
  }
  return undefined;
}

const forge: Operation = (simulation, choices) => {
  const from = liar(simulation, choices);
  const open = newestOpen(simulation);
  if (from === undefined || open === undefined) return corrupt(simulation, choices);
  const to = choices.of(othersThan(from, simulation));
  const epoch = open.event.context.committeeEpoch;
  const members = membersOf(simulation, epoch);
  const place = {
    from: { index: from, point: pointOf(members, from) },
    to: { index: to, point: pointOf(members, to) },
    ...{ epoch, n: members.length, t: simulation.options.t },
  };
  const frames = choices.weighted([
    [6, 1],
    [2, 10],
    [1, 300],
  ]);
  for (let i = 0; i < frames; i++) {
    simulation.adversary.forge(simulation.mesh, place, open.event.requestId);
  }
  return `${from} forges ${frames} frames to ${to}`;
};

const signFalsely: Operation = (simulation, choices) => {
  const from = liar(simulation, choices);
  const open = newestOpen(simulation);
  if (from === undefined || open === undefined) return corrupt(simulation, choices);
  const to = choices.of(othersThan(from, simulation));
  const { contract, event } = open;
  const point = pointOf(membersOf(simulation, event.context.committeeEpoch), from);
  const signer = { index: from, point };
  void simulation.adversary.signFalsely(simulation.mesh, signer, to, { contract, context: event.context });
  return `${from} signs a false result for ${to}`;
};

/** An answer that fewer than a quorum signed: the contract must not take it. */
const postFalsely: Operation = (simulation, choices) => {
  const from = liar(simulation, choices);
  const open = newestOpen(simulation);
  if (from === undefined || open === undefined) return corrupt(simulation, choices);
  const { context, querier } = open.event;
  const verdict = { attempt: 1n, outcome: 1, suppressedBitmap: "0x", outputs: [7n], sealedHash: ZeroHash };
  const signature = `0x${"11".repeat(64)}1b`;
  const signatures = [1, 2, 3].slice(0, choices.whole(0, 3)).map((index) => ({ index, signature }));
  const args = [context, querier, verdict, signatures];
  simulation.chain.send(act(WORKERS[from - 1]!, open.contract, "QuerySmartContract", "answer", args));
  return `${from} posts a false answer`;
};

/** Keys of a sealed answer that nobody can use, under the hashes that somebody published or under others. */
const publishFalsely: Operation = (simulation, choices) => {
  const from = liar(simulation, choices);
  const published = simulation.chain.blocks.flatMap(keyCopies);
  if (from === undefined || published.length === 0) return corrupt(simulation, choices);
  const { requestId, maskKeyHashes, contract } = choices.of(published);
  const events = simulation.chain.blocks.flatMap(requestEvents).map(({ event }) => event);
  const of = <Name extends QueryContractEvent["name"]>(name: Name) =>
    events.find((each) => each.name === name && each.requestId === requestId) as Extract<
      QueryContractEvent,
      { name: Name }
    >;
  const { context, querier } = of("QueryRequested");
  const answered = outputsHash(of("QueryAnswered").outputs);
  const hashes = choices.chance(0.5) ? maskKeyHashes : [id("no key")];
  const copies = [0, 1].slice(0, choices.whole(0, 2)).map(() => hexlify(choices.bytes(choices.of([0, 33, 81, 113]))));
  const point = pointOf(membersOf(simulation, context.committeeEpoch), from);
  const args = [context, querier, answered, point, hashes, copies];
  simulation.chain.send(act(WORKERS[from - 1]!, contract, "QuerySmartContract", "publishKeyCopies", args));
  return `${from} publishes false keys of ${requestId}`;
};

/** Mostly right; what is wrong is done again later. */
function drawFlaw(simulation: Simulation, choices: Choices): Flaw | undefined {
  const flaw = choices.weighted<Flaw | undefined>([
    [8, undefined],
    [1, "malformed"],
    [1, "inconsistent"],
    [1, "withheld"],
  ]);
  if (flaw === "malformed") simulation.observer.isMalformedDealt = true;
  if (flaw === "inconsistent") simulation.observer.isInconsistentDealt = true;
  return flaw;
}

/** Any of the workers in any order, as many as a committee needs. One that would have a revoked member is not proposed. */
const proposeCommittee: Operation = (simulation, choices) => {
  const { options, revoked } = simulation;
  const isRevoked = (index: number): boolean => revoked.has(index);
  const all = Array.from({ length: options.n }, (_, i) => i + 1).filter((index) => !isRevoked(index));
  const least = Math.max(3, 2 * options.t + 1);
  if (proposalOf(simulation) !== undefined || all.length < least) return "no committee to propose";
  const members = choices.shuffled(all).slice(
    0,
    choices.weighted([
      [1, choices.whole(least, all.length)],
      [1, all.length],
    ]),
  );
  propose(simulation, members);
  if (choices.chance(0.3)) return `propose the committee ${members.join(", ")}`;
  carryThrough(simulation, choices);
  return `propose the committee ${members.join(", ")}, and carry it through`;
};

/** Everybody goes on with it again and again, whatever else happens, until the proposal is over. */
function carryThrough(simulation: Simulation, choices: Choices): void {
  const own = choices.stream(`change at ${simulation.time.nowMs}`);
  const step = (): void => {
    if (simulation.isEnding) return;
    const proposal = proposalOf(simulation);
    const conduct = { again: own.chance(0.1), flawOf: () => drawFlaw(simulation, own) };
    if (proposal !== undefined) goOn(simulation, proposal, conduct);
    if (proposal !== undefined || isWaiting) simulation.time.after(STEP_MS, step);
    isWaiting = false;
  };
  // Until it is mined.
  let isWaiting = true;
  simulation.time.after(STEP_MS, step);
}

/** Everybody does what the change waits for; now and then what was done already is done again. */
const goOnWithChange: Operation = (simulation, choices) => {
  const proposal = proposalOf(simulation);
  if (proposal === undefined) return proposeCommittee(simulation, choices);
  const again = choices.chance(0.2);
  const steps = goOn(simulation, proposal, { again, flawOf: () => drawFlaw(simulation, choices) });
  return `the change to epoch ${proposal.epoch} goes on: ${steps.join(", ") || "nothing to do"}`;
};

const withdrawProposal: Operation = (simulation) => {
  const proposal = proposalOf(simulation);
  if (proposal === undefined) return "no proposal to withdraw";
  withdraw(simulation);
  return `withdraw the proposal of epoch ${proposal.epoch}`;
};

/** Whether or not it is so far. */
const completeChange: Operation = (simulation) => {
  complete(simulation);
  return "complete the change of the committee";
};

const release: Operation = (simulation, choices) => {
  const epoch = BigInt(choices.whole(1, 3));
  releaseDeposits(simulation, epoch);
  return `release the deposits of epoch ${epoch}`;
};

const wait: Operation = () => "wait";

const OPERATIONS: readonly (readonly [number, Operation])[] = [
  [14, ask],
  [3, contribute],
  [3, recordConsent],
  [0.3, contributeMalformed],
  [0.6, retire],
  [4, crash],
  [3, crashAfterCommit],
  [3, crashAfterFrames],
  [2, diskFails],
  [0.5, revokeWorker],
  [6, restart],
  [3, partition],
  [4, healPartitions],
  [3, cut],
  [2, slow],
  [3, nodeFails],
  [4, machinesRecover],
  [3, reorganise],
  [1, loseTransactions],
  [2, corrupt],
  [9, lie],
  [2, repent],
  [3, forge],
  [2, signFalsely],
  [1, postFalsely],
  [2, publishFalsely],
  [4, proposeCommittee],
  [6, goOnWithChange],
  [0.7, withdrawProposal],
  [2, completeChange],
  [0.5, release],
  [6, wait],
];

/** One random operation, now. @returns what it was */
export function operate(simulation: Simulation, choices: Choices): string {
  return choices.weighted(OPERATIONS)(simulation, choices);
}
