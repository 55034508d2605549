/** Cases that have a name: bugs that the simulator found, and what needs more than chance. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RequestState } from "../../workers/chain/querySmartContract.ts";
import { stepTag } from "../../workers/transport/stepTag.ts";
import { complete, currentEpoch, goOnAs, isConfirmed, proposalOf, propose, withdraw } from "./committeeChange.ts";
import { CONSORTIUM, SPARE_KEYS, act, rotation } from "./genesis.ts";
import type { Committee } from "./modelState.ts";
import { requestEvents } from "./requestEvents.ts";
import { BLOCK_MS, DEADLINE_BLOCKS, Simulation } from "./simulation.ts";
import { oppositeRow } from "./simulatedStudy.ts";
import { ATTEMPT_TIMEOUT_MS, type LogEntry } from "./simulatedWorker.ts";
import { verify } from "./verify.ts";

const [COUNTS, SUMS, TABLE, QUANTILE] = [0, 1, 4, 5];
const EVERYBODY = [18n, 90n];
/** Of owners, in a change of the committee. */
const CONDUCT = { again: false, flawOf: () => undefined };

function assertGood(simulation: Simulation): void {
  verify(simulation);
  assert.deepEqual(simulation.observer.violations, []);
}

function states(simulation: Simulation): number[] {
  return simulation.requests().map(([, { state }]) => state);
}

describe("the emergency stop", () => {
  it("lets nothing be computed or answered, and everything go on when it ends", async () => {
    await Simulation.with({ n: 4, t: 1, seed: "emergency" }, async (simulation) => {
      await simulation.begin();
      const govern = (method: string): void => {
        const address = simulation.founded.addresses["EmergencyStop"]!;
        simulation.chain.send(act(CONSORTIUM, address, "EmergencyStop", method, ["test"]));
      };
      simulation.ask(COUNTS, EVERYBODY);
      await simulation.pass(BLOCK_MS / 2);
      govern("stop");
      await simulation.pass(12 * BLOCK_MS);
      assert.deepEqual(states(simulation), [RequestState.REQUESTED]);
      const { log } = simulation.observer;
      assert.ok(log.some(({ event, fields }) => event === "attempt-failed" && fields["error"] === "PLAN_STOPPED"));
      assert.ok(!log.some(({ event }) => event === "verdict-signed"));
      govern("resume");
      assert.ok(await simulation.settle(), "it is not answered after the stop");
      assert.deepEqual(states(simulation), [RequestState.ANSWERED]);
      assertGood(simulation);
    });
  });
});

describe("a change of the committee", () => {
  /** As far as all have confirmed. */
  async function confirmed(simulation: Simulation, members: readonly number[]): Promise<Committee> {
    propose(simulation, members);
    const { time } = simulation;
    const isOpen = (): boolean => proposalOf(simulation) !== undefined;
    assert.ok(await time.until(isOpen, time.nowMs + 3 * BLOCK_MS));
    const proposal = proposalOf(simulation)!;
    for (let step = 0; step < 20 && !isConfirmed(simulation); step++) {
      for (const owner of simulation.owners.keys()) goOnAs(simulation, proposal, owner, CONDUCT);
      await simulation.pass(BLOCK_MS);
    }
    assert.ok(isConfirmed(simulation), "not all confirm");
    return proposal;
  }

  const epochs = (simulation: Simulation): bigint[] =>
    simulation.chain.blocks.flatMap(requestEvents).flatMap(({ event }) => {
      return event.name === "QueryRequested" ? [event.context.committeeEpoch] : [];
    });

  it("lets what was asked before be answered by those who were asked, and what follows by the others", async () => {
    await Simulation.with({ n: 4, t: 1, seed: "followed" }, async (simulation) => {
      await simulation.begin();
      const { epoch } = await confirmed(simulation, [3, 1, 4]);
      simulation.ask(COUNTS, EVERYBODY);
      complete(simulation);
      await simulation.pass(BLOCK_MS);
      assert.equal(currentEpoch(simulation), epoch);
      simulation.ask(SUMS, [0n, ...EVERYBODY]);
      void simulation.owners[0]!.contribute(simulation.drawRows());
      await simulation.pass(20 * BLOCK_MS);
      assert.equal(simulation.owners[0]!.version, 2, "the new committee takes versions, too");
      simulation.ask(COUNTS, EVERYBODY);
      assert.ok(await simulation.settle());
      assert.deepEqual(epochs(simulation), [1n, 2n, 2n]);
      assert.deepEqual(states(simulation).slice(0, 2), [RequestState.ANSWERED, RequestState.ANSWERED]);
      assertGood(simulation);
    });
  });

  it("that is withdrawn leaves nothing but receipts, and the old committee at work", async () => {
    await Simulation.with({ n: 3, t: 1, seed: "withdrawn" }, async (simulation) => {
      await simulation.begin();
      const { epoch } = await confirmed(simulation, [2, 3, 1]);
      withdraw(simulation);
      simulation.ask(COUNTS, EVERYBODY);
      assert.ok(await simulation.settle());
      assert.deepEqual([currentEpoch(simulation), states(simulation)], [1n, [RequestState.ANSWERED]]);
      const { shares } = simulation.chain.newest.state;
      const erased = simulation.owners.map(({ datasetId }) => shares.get(`${datasetId} ${epoch}`)!.isErased);
      assert.deepEqual(erased, [true, true]);
      assertGood(simulation);
    });
  });

  it("that is withdrawn takes no file from a worker whose node has fallen back", async () => {
    await Simulation.with({ n: 3, t: 1, seed: "withdrawn, fallen back" }, async (simulation) => {
      await simulation.begin();
      propose(simulation, [2, 3, 1]);
      await simulation.pass(2 * BLOCK_MS);
      const { epoch } = proposalOf(simulation)!;
      const before = simulation.chain.newest.number;
      withdraw(simulation);
      await simulation.pass(5 * BLOCK_MS);
      for (const { health } of simulation.workers) health.lag = simulation.chain.newest.number - before;
      void simulation.owners[0]!.reshare(epoch, [1], () => undefined);
      await simulation.pass(BLOCK_MS / 2);
      for (const { health } of simulation.workers) health.lag = 0;
      const { observer } = simulation;
      const isRefused = ({ event, fields }: LogEntry): boolean =>
        event === "upload-refused" && fields["error"] === "UPLOAD_COMMITTEE_ENDED";
      assert.ok(observer.log.some(isRefused), "nobody was asked to take it");
      simulation.ask(COUNTS, EVERYBODY);
      assert.ok(await simulation.settle());
      assertGood(simulation);
    });
  });

  it("in which an owner shares a version twice within the confirmations takes the second shares", async () => {
    await Simulation.with({ n: 3, t: 1, seed: "shared twice" }, async (simulation) => {
      await simulation.begin();
      const { epoch } = await confirmed(simulation, [2, 3, 1]);
      for (let again = 0; again < 2; again++) {
        void simulation.owners[0]!.reshare(epoch, [1], () => undefined);
        await simulation.pass(BLOCK_MS / 2);
      }
      await simulation.pass(12 * BLOCK_MS);
      assert.ok(isConfirmed(simulation), "the second shares are not confirmed");
      complete(simulation);
      await simulation.pass(BLOCK_MS);
      simulation.ask(COUNTS, EVERYBODY);
      assert.ok(await simulation.settle());
      assert.deepEqual([currentEpoch(simulation), states(simulation)], [epoch, [RequestState.ANSWERED]]);
      assertGood(simulation);
    });
  });
});

describe("bugs found", () => {
  it("a worker whose node has fallen back refuses to expire a request, and tries again", async () => {
    await Simulation.with({ n: 3, t: 1, seed: "refused expiry" }, async (simulation) => {
      await simulation.begin();
      simulation.worker(1).crash();
      simulation.ask(COUNTS, EVERYBODY);
      // As soon as a worker has seen a block past the deadline, its node falls back and knows of none.
      const { workers, observer, time } = simulation;
      const patience = time.nowMs + (Number(DEADLINE_BLOCKS) + 10) * BLOCK_MS;
      for (let warned = 1; warned <= 2; warned++) {
        const warnings = (): LogEntry[] => observer.log.filter(({ event }) => event === "request-deadline-passed");
        assert.ok(await time.until(() => warnings().length === warned, patience));
        workers[warnings().at(-1)!.index - 1]!.health.lag = 5;
      }
      await simulation.pass(2 * ATTEMPT_TIMEOUT_MS);
      const refused = observer.log.filter(({ event }) => event === "posting-refused");
      assert.equal(refused.length, 2);
      // The third stays away: it would expire the request in their place.
      for (const { health } of workers) health.lag = 0;
      assert.ok(await simulation.settle(), "nobody expires the request");
      assert.deepEqual(states(simulation), [RequestState.EXPIRED]);
      simulation.heal();
      await simulation.pass(10 * BLOCK_MS);
      assertGood(simulation);
    });
  });

  it("a store that cannot be read for a while delays a worker, and stops nothing", async () => {
    await Simulation.with({ n: 3, t: 1, seed: "broken disk" }, async (simulation) => {
      await simulation.begin();
      simulation.ask(COUNTS, EVERYBODY);
      simulation.worker(2).disk = "broken";
      await simulation.pass(10 * BLOCK_MS);
      assert.deepEqual(states(simulation), [RequestState.REQUESTED], "three of three are needed");
      simulation.worker(2).disk = "fine";
      assert.ok(await simulation.settle());
      assert.deepEqual(states(simulation), [RequestState.ANSWERED]);
      assertGood(simulation);
    });
  });

  it("a node that fails while a worker waits for a receipt costs a look, not the process", async () => {
    await Simulation.with({ n: 4, t: 1, seed: "flaky nodes" }, async (simulation) => {
      await simulation.begin();
      for (const { health } of simulation.workers.slice(0, 2)) health.state = "flaky";
      for (let i = 0; i < 8; i++) {
        simulation.ask(COUNTS, EVERYBODY);
        await simulation.pass(4 * BLOCK_MS);
      }
      assert.ok(await simulation.settle());
      simulation.heal();
      await simulation.pass(20 * BLOCK_MS);
      assertGood(simulation);
    });
  });

  it("a worker that could not read its store when an answer was confirmed ends the request afterwards", async () => {
    await Simulation.with({ n: 4, t: 1, seed: "unread settlement" }, async (simulation) => {
      await simulation.begin();
      simulation.ask(COUNTS, EVERYBODY);
      const isAnswered = (): boolean => states(simulation).includes(RequestState.ANSWERED);
      assert.ok(await simulation.time.until(isAnswered, simulation.time.nowMs + 30 * BLOCK_MS));
      simulation.worker(2).disk = "broken";
      await simulation.pass(8 * BLOCK_MS);
      simulation.worker(2).disk = "fine";
      await simulation.pass(8 * BLOCK_MS);
      assert.deepEqual(
        simulation.workers.map(({ worker }) => worker!.status().open),
        simulation.workers.map(() => []),
      );
      assertGood(simulation);
    });
  });
});

describe("a worker whose key is rotated", () => {
  it("stops by itself, and goes on with the new key as the same point with the same shares", async () => {
    await Simulation.with({ n: 3, t: 1, seed: "rotated key" }, async (simulation) => {
      await simulation.begin();
      const { chain, founded, observer, owners } = simulation;
      const rotating = simulation.worker(2);
      const [oldKey, newKey] = [rotating.key, SPARE_KEYS[0]!];
      const seat = (): unknown => rotating.worker!.status().committees.map(({ index, n }) => [index, n]);
      const before = [rotating.worker!.address, seat(), rotating.worker!.status().datasets];
      simulation.ask(COUNTS, EVERYBODY);
      assert.ok(await simulation.settle());
      chain.send(await rotation(founded.addresses, "WorkerRegistry", oldKey, [oldKey, newKey]));
      await simulation.pass(8 * BLOCK_MS);
      const stopped = observer.log.filter(({ event }) => event === "following-stopped");
      assert.deepEqual(
        stopped.map(({ index, fields }) => [index, fields["error"]]),
        [[2, "NODE_KEY_CHANGED"]],
      );
      simulation.ask(SUMS, [0n, ...EVERYBODY]);
      await simulation.pass(10 * BLOCK_MS);
      assert.deepEqual(
        states(simulation),
        [RequestState.ANSWERED, RequestState.REQUESTED],
        "three of three are needed",
      );
      rotating.crash();
      rotating.key = newKey;
      rotating.start();
      assert.ok(await simulation.settle());
      assert.deepEqual(states(simulation), [RequestState.ANSWERED, RequestState.ANSWERED]);
      assert.deepEqual([rotating.worker!.address, seat(), rotating.worker!.status().datasets], before);
      assert.equal(rotating.worker!.address, oldKey.address.toLowerCase());
      assert.equal(rotating.worker!.status().key, newKey.address);
      // A version dealt from now on, with its receipt, and a sealed answer, with its keys.
      void owners[0]!.contribute(simulation.drawRows());
      await simulation.pass(20 * BLOCK_MS);
      assert.equal(owners[0]!.version, 2);
      simulation.ask(COUNTS, EVERYBODY, simulation.datasetIds(), true);
      assert.ok(await simulation.settle());
      assert.equal(states(simulation).at(-1), RequestState.ANSWERED);
      verify(simulation);
      const alarms = observer.violations.map((line) => line.replace(/^.*?: /, ""));
      assert.deepEqual(alarms, [
        "worker 2 alarms: registration undefined",
        "worker 2 alarms: following-stopped NODE_KEY_CHANGED",
      ]);
    });
  });
});

describe("a question about the order of values", () => {
  it("merges lines with keys of their own, one bit after another, and is answered", async () => {
    await Simulation.with({ n: 3, t: 1, seed: "order of values" }, async (simulation) => {
      await simulation.begin();
      simulation.ask(QUANTILE, [1n]);
      assert.ok(await simulation.settle());
      assert.deepEqual(states(simulation), [RequestState.ANSWERED]);
      assertGood(simulation);
      const { traffic, signed } = simulation.observer;
      const sent = new Set(traffic.map(({ step }) => step));
      for (const opening of ["cohort", "groups", "output/0/0-0", "outputs"])
        assert.ok(sent.has(stepTag(opening)), `nothing opens in ${opening}`);
      assert.equal(signed.length, 3);
    });
  });

  it("is noticed to be answered of other rows, as a table is", async () => {
    for (const [query, parameters] of [
      [QUANTILE, [1n]],
      [TABLE, EVERYBODY],
    ] as const) {
      await Simulation.with({ n: 3, t: 1, seed: "order of values" }, async (simulation) => {
        await simulation.begin();
        simulation.ask(query, parameters);
        assert.ok(await simulation.settle());
        assertGood(simulation);
        simulation.plain.change(({ segments, ...other }) => ({
          ...other,
          segments: segments.map((rows) => rows.map(oppositeRow)),
        }));
        verify(simulation);
        assert.match(simulation.observer.violations[0] ?? "", /says something wrong/);
      });
    }
  });
});

describe("a store that is restored from an old copy", () => {
  const OUTPUTS = stepTag("outputs");

  /**
   * A sealed request; when the first worker has sent its shares of the masked outputs, these workers are killed, and go on
   * with copies from before the request.
   */
  async function restored(indices: readonly number[], withChance = false): Promise<Simulation> {
    return Simulation.with({ n: 3, t: 1, seed: "restored" }, async (simulation) => {
      await simulation.begin();
      const { observer, time } = simulation;
      const restoring = indices.map((index) => simulation.worker(index));
      for (const worker of restoring) worker.crash();
      const backups = restoring.map((worker) => worker.backUp());
      for (const worker of restoring) worker.start();
      await simulation.pass(2 * BLOCK_MS);
      const ask = (): void => simulation.ask(SUMS, [0n, ...EVERYBODY], simulation.datasetIds(), true);
      ask();
      const isOpening = (): boolean => observer.traffic.some(({ from, step }) => from === 1 && step === OUTPUTS);
      assert.ok(await time.until(isOpening, time.nowMs + 30 * BLOCK_MS));
      for (const worker of restoring) worker.crash();
      assert.deepEqual(observer.signed, []);
      // The others notice, and have given up.
      await simulation.pass(BLOCK_MS);
      for (const [i, worker] of restoring.entries()) {
        worker.restore(backups[i]!, withChance);
        observer.restored(worker.index);
        worker.start();
      }
      assert.ok(await simulation.settle());
      ask();
      simulation.ask(COUNTS, EVERYBODY);
      assert.ok(await simulation.settle());
      assert.deepEqual(new Set(states(simulation)), new Set([RequestState.ANSWERED]));
      verify(simulation);
      return simulation;
    });
  }

  it("masks nothing as before, whether the others remember the attempt or nobody does", async () => {
    for (const indices of [[1], [1, 2, 3]]) {
      const { observer } = await restored(indices);
      assert.deepEqual(observer.violations, []);
      // To both others: of the attempt that was lost, of the one in its place, and of the two requests after it.
      const sent = observer.traffic.filter(({ from, step }) => from === 1 && step === OUTPUTS);
      assert.equal(sent.length, 4 * 2);
    }
  });

  it("is noticed to mask as before where chance is restored with it", async () => {
    const { observer } = await restored([1, 2, 3], true);
    assert.match(observer.violations[0] ?? "", /used twice/);
  });
});
