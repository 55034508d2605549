/** How a committee comes to one word about each version: whoever is down, lies, or was dealt something else. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { EncodedSegment } from "../../../workers/encoding/encodeTable.ts";
import { CodedError } from "../../../workers/errors.ts";
import { bn254Fr } from "../../../workers/field/bn254Fr.ts";
import { CheckOutcome } from "../../../workers/messages/inputCheck.ts";
import { decodeShareFile, encodeShareFile } from "../../../workers/messages/shareFile.ts";
import { columnsOf } from "../../../workers/schema/columns.ts";
import { witnessesOf } from "../../../workers/schema/rangeWitness.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { addTo } from "../protocols/tampering.ts";
import { COLUMN, honestSegment, POISONED_STUDY } from "../schema/poisoning.ts";
import { hasCode } from "../store/storeFixture.ts";
import { ATTEMPT_TIMEOUT_MS, CheckWorld } from "./checkWorld.ts";

const MALFORMED = "rejected: malformed-columns";
const INCONSISTENT = "rejected: inconsistent-dealing";
const SIZES = [
  { n: 3, t: 1 },
  { n: 4, t: 1 },
  { n: 5, t: 2 },
] as const;

/** One patient in two arms. */
function poisonedSegment(): EncodedSegment {
  const segment = honestSegment();
  const columns = segment.columns.map((column) => BigInt64Array.from(column));
  for (const name of ["armA", "armB"] as const) columns[COLUMN[name]]![3] = 1n;
  return { ...segment, columns };
}

/** Another word in one column of the files of these workers. */
function alterFor(victims: readonly number[]): (files: readonly Uint8Array[]) => Uint8Array[] {
  return (files) =>
    files.map((file, index) => {
      if (!victims.includes(index + 1)) return file;
      const { header, seeds, columns } = decodeShareFile(file);
      return encodeShareFile(header, seeds, [addTo(bn254Fr, columns[0]!, 1n, [2]), ...columns.slice(1)]);
    });
}

const all = (n: number, state: string): string[] => Array.from({ length: n }, () => state);

describe("CheckDesk", () => {
  for (const { n, t } of SIZES) {
    it(`(${n}, ${t}): one dataset is rejected by all, another of the same study is checked by all`, async (test) => {
      const world = new CheckWorld(test, { n, t });
      const [good, bad] = [world.activate("good"), world.activate("bad", { segment: poisonedSegment() })];
      world.startAll();
      await world.untilStates(good, all(n, "checked"));
      await world.untilStates(bad, all(n, MALFORMED));
      const rejections = world.logged.filter(({ event }) => event === "dataset-rejected");
      assert.deepEqual([rejections.length, rejections.every(({ level }) => level === "alarm")], [n, true]);
    });
  }

  it("erases the range witnesses with the ending, and nothing else; a restart changes nothing", async (test) => {
    const world = new CheckWorld(test, { n: 3, t: 1 });
    const datasets = [world.activate("good"), world.activate("bad", { segment: poisonedSegment() })];
    const [store] = world.stores;
    const load = (dataset: string, id: string): Uint8Array =>
      world.stores[0]!.shares.loadRows(dataset, 1n, 1n, id, 0, 7);
    assert(store !== undefined);
    const before = datasets.map((dataset) => columnsOf(POISONED_STUDY).map(({ id }) => load(dataset, id)));
    world.startAll();
    await world.untilStates(datasets[0]!, all(3, "checked"));
    await world.untilStates(datasets[1]!, all(3, MALFORMED));
    world.kill(1 as PartyIndex);
    world.start(1 as PartyIndex);
    await world.time.until(() => false, world.time.nowMs + 10 * ATTEMPT_TIMEOUT_MS);
    datasets.forEach((dataset, index) => {
      assert.deepEqual(
        columnsOf(POISONED_STUDY).map(({ id }) => load(dataset, id)),
        before[index],
      );
      for (const { id } of witnessesOf(POISONED_STUDY)) {
        assert.throws(() => load(dataset, id), hasCode("STORE_COLUMN_MISSING"));
      }
    });
    assert.deepEqual(world.states(datasets[0]!), all(3, "checked"));
    assert.equal(world.runs.filter(({ self }) => self === 1).length, 2, "no attempt after the restart");
  });

  it("with a worker down: the others check; it accepts their word when it is back", async (test) => {
    const world = new CheckWorld(test, { n: 4, t: 1 });
    const dataset = world.activate("good");
    const late = 2 as PartyIndex;
    for (const party of [1, 3, 4]) world.start(party as PartyIndex);
    await world.untilStates(dataset, ["checked", "unchecked", "checked", "checked"]);
    world.start(late);
    await world.untilStates(dataset, all(4, "checked"));
    assert(!world.runs.some(({ self }) => self === late), "it took part in nothing");
  });

  it("a worker that came to the verdict alone says so, and the others check without it where n allows", async (test) => {
    for (const { n, t } of [
      { n: 4, t: 1 },
      { n: 7, t: 2 },
    ]) {
      const world = new CheckWorld(test, { n, t });
      const dataset = world.activate("good");
      // The links of the others broke in the last round; what attempts need it has erased.
      const [first] = world.stores;
      first!.transaction(() => {
        first!.inputChecks.settle(world.checkOf(dataset), { state: "checked" });
        const witnesses = witnessesOf(POISONED_STUDY).map(({ id }) => id);
        first!.shares.eraseColumns(dataset, 1n, 1n, witnesses);
      });
      world.startAll();
      await world.untilStates(dataset, all(n, "checked"));
      assert(!world.runs.some(({ self }) => self === 1));
    }
  });

  it("a worker that came to the verdict alone stays for the others, where it does not go without it", async (test) => {
    for (const { n, t, ended } of [
      { n: 3, t: 1, ended: [1] },
      { n: 5, t: 2, ended: [1, 4] },
      { n: 6, t: 2, ended: [2, 5] },
    ]) {
      const world = new CheckWorld(test, { n, t });
      const datasets = [world.activate("good"), world.activate("bad", { segment: poisonedSegment() })];
      const states = ["checked", MALFORMED];
      // As they were killed when they had stored their verdict, and told nobody.
      datasets.forEach((dataset, index) => {
        for (const party of ended) {
          const ending = index === 0 ? ({ state: "checked" } as const) : ({ state: "rejected", reason: "malformed-columns" } as const); // prettier-ignore
          world.stores[party - 1]!.inputChecks.settle(world.checkOf(dataset), ending, { needed: true });
        }
      });
      world.startAll();
      for (const [index, dataset] of datasets.entries()) await world.untilStates(dataset, all(n, states[index]!));
      const isReleased = (): boolean => world.stores.every(({ inputChecks }) => inputChecks.open().length === 0);
      await world.time.until(isReleased, world.time.nowMs + 100 * ATTEMPT_TIMEOUT_MS);
      assert(isReleased(), "once all have ended, nobody is needed");
      for (const { shares } of world.stores) {
        const [witness] = witnessesOf(POISONED_STUDY);
        for (const dataset of datasets)
          assert.throws(() => shares.loadRows(dataset, 1n, 1n, witness!.id, 0, 7), hasCode("STORE_COLUMN_MISSING"));
      }
    }
  });

  it("a worker keeps what others need while one of them is away, through restarts, and then erases it", async (test) => {
    const world = new CheckWorld(test, { n: 3, t: 1 });
    const dataset = world.activate("good");
    const alone = world.stores[0]!.inputChecks;
    alone.settle(world.checkOf(dataset), { state: "checked" }, { needed: true });
    const [witness] = witnessesOf(POISONED_STUDY);
    const load = (): Uint8Array => world.stores[0]!.shares.loadRows(dataset, 1n, 1n, witness!.id, 0, 7);
    for (const party of [1, 2]) world.start(party as PartyIndex);
    await world.time.until(() => false, 20 * ATTEMPT_TIMEOUT_MS);
    world.kill(1 as PartyIndex);
    world.start(1 as PartyIndex);
    await world.time.until(() => false, world.time.nowMs + 20 * ATTEMPT_TIMEOUT_MS);
    assert.deepEqual(world.states(dataset), ["checked", "unchecked", "unchecked"]);
    assert.equal(load().length, 7 * 32);
    world.startAll();
    await world.untilStates(dataset, all(3, "checked"));
    await world.time.until(
      () => world.stores[0]!.inputChecks.open().length === 0,
      world.time.nowMs + 20 * ATTEMPT_TIMEOUT_MS,
    );
    assert.throws(load, hasCode("STORE_COLUMN_MISSING"));
  });

  it("with too few: waits, and checks when enough are back; no attempt number is used twice", async (test) => {
    const world = new CheckWorld(test, { n: 3, t: 1 });
    const dataset = world.activate("good");
    for (const party of [1, 2]) world.start(party as PartyIndex);
    await world.time.until(() => false, 20 * ATTEMPT_TIMEOUT_MS);
    assert.deepEqual(world.states(dataset), all(3, "unchecked"));
    world.kill(1 as PartyIndex);
    world.startAll();
    await world.untilStates(dataset, all(3, "checked"));
  });

  it("a worker that is killed in its attempt takes a higher one, and all come to one word", async (test) => {
    let frames = 0;
    const world: CheckWorld = new CheckWorld(test, {
      n: 4,
      t: 1,
      tamper: ({ from, payload }) => {
        frames += 1;
        if (frames === 60) queueMicrotask(() => world.kill(from));
        return payload;
      },
    });
    const dataset = world.activate("good");
    world.startAll();
    await world.time.until(() => frames > 60, 100 * ATTEMPT_TIMEOUT_MS);
    world.startAll();
    await world.untilStates(dataset, all(4, "checked"));
    const attempts = world.runs.map(({ self, attempt }) => `${self} ${attempt}`);
    assert.equal(new Set(attempts).size, attempts.length);
  });

  it("an owner that deals one worker other shares: that one refuses them, the others go on where n allows", async (test) => {
    for (const { n, t, others } of [
      { n: 3, t: 1, others: "unchecked" },
      { n: 4, t: 1, others: "checked" },
    ]) {
      const world = new CheckWorld(test, { n, t });
      const dataset = world.activate("one", { alter: alterFor([n]) });
      const next = world.activate("another");
      world.startAll();
      const expected = [...all(n - 1, others), INCONSISTENT];
      await world.untilStates(dataset, expected);
      await world.untilStates(next, all(n, "checked"));
      await world.time.until(() => false, world.time.nowMs + 30 * ATTEMPT_TIMEOUT_MS);
      assert.deepEqual(world.states(dataset), expected);
      assert(world.logged.some(({ event, reason }) => event === "dealing-inconsistent" && reason === "DEALING_SHARES_MISMATCH")); // prettier-ignore
    }
  });

  it("an owner that deals t + 1 workers other shares is rejected by all, on their word", async (test) => {
    for (const { n, t } of [
      { n: 4, t: 1 },
      { n: 7, t: 2 },
    ]) {
      const world = new CheckWorld(test, { n, t });
      // The proof fits the first t + 1 files, whatever they are: the altered ones are among the others.
      const victims = world.parties.slice(-(t + 1));
      const dataset = world.activate("several", { alter: alterFor(victims) });
      world.startAll();
      await world.untilStates(dataset, all(n, INCONSISTENT));
    }
  });

  it("a proof that is none, or of another dealing, and a wrong number of rows: rejected by every worker itself", async (test) => {
    const world = new CheckWorld(test, { n: 4, t: 1 });
    const short = world.activate("short", { publish: () => "0x1234" });
    const other = world.activate("other", { publish: (proof) => `0x${"00".repeat(31)}01${proof.slice(66)}` });
    const seeds = world.activate("seeds", { publish: (proof) => `${proof.slice(0, -256)}${"ab".repeat(128)}` });
    const rows = world.activate("rows", { rowCount: 6n });
    world.startAll();
    for (const dataset of [short, other, seeds, rows]) await world.untilStates(dataset, all(4, INCONSISTENT));
    assert.deepEqual(world.runs, []);
    const codes = world.logged.filter(({ event }) => event === "dealing-inconsistent").map(({ reason }) => reason);
    const known = [
      "DEALING_PROOF_WRONG_LENGTH",
      "DEALING_SHARES_MISMATCH",
      "DEALING_SEED_MISMATCH",
      "DEALING_WRONG_ROWS",
    ];
    assert.deepEqual([...new Set(codes)].sort(), known.sort());
  });

  it("t liars' reports change nothing, t + 1 equal ones end the check", async (test) => {
    const [one, two] = [1, 2] as PartyIndex[] as [PartyIndex, PartyIndex];
    for (const outcome of Object.values(CheckOutcome)) {
      const world = new CheckWorld(test, { n: 4, t: 1, played: [one, two] });
      const dataset = world.activate("good");
      world.startAll();
      await world.time.until(() => false, 10);
      world.report(one, dataset, outcome);
      world.report(one, dataset, outcome);
      world.report(two, dataset, outcome === CheckOutcome.WELL_FORMED ? CheckOutcome.MALFORMED_COLUMNS : CheckOutcome.WELL_FORMED); // prettier-ignore
      await world.time.until(() => false, 5 * ATTEMPT_TIMEOUT_MS);
      assert.deepEqual(world.states(dataset), all(4, "unchecked"));
      world.report(two, dataset, outcome);
      const expected = { 1: "checked", 2: MALFORMED, 3: INCONSISTENT }[outcome];
      assert.deepEqual(world.states(dataset).slice(2), [expected, expected]);
    }
  });

  it("a worker that lies in every computation it takes part in: others check without it", async (test) => {
    for (const [segment, expected] of [
      [honestSegment(), "checked"],
      [poisonedSegment(), MALFORMED],
    ] as const) {
      const world = new CheckWorld(test, {
        n: 4,
        t: 1,
        tamper: ({ from, step, payload }) =>
          from === 2 && step.endsWith("/collect") && payload.length > 0 ? addTo(bn254Fr, payload, 7n) : payload,
      });
      const dataset = world.activate("lied about", { segment });
      world.startAll();
      await world.untilStates(dataset, all(4, expected));
      assert(world.logged.some(({ event, reason }) => event === "check-attempt-failed" && reason === "PROTOCOL_PRODUCTS_WRONG")); // prettier-ignore
    }
  });

  it("is not begun for a file that is not here, and is when it comes", async (test) => {
    const world = new CheckWorld(test, { n: 4, t: 1 });
    const late = 3 as PartyIndex;
    const dataset = world.activate("withheld", { withheld: [late] });
    world.startAll();
    await world.untilStates(dataset, ["checked", "checked", "unchecked", "checked"]);
    assert.deepEqual(
      world.stores[2]!.shares.segments(dataset).map(({ state }) => state),
      ["missing"],
    );
    assert(!world.runs.some(({ self }) => self === late));
    world.deliver(late, dataset);
    world.mine();
    await world.untilStates(dataset, all(4, "checked"));
  });

  it("a store that cannot be read rejects nothing", async (test) => {
    const world = new CheckWorld(test, { n: 4, t: 1 });
    const dataset = world.activate("good");
    const broken = world.stores[0]!;
    const [witness] = witnessesOf(POISONED_STUDY);
    broken.shares.eraseColumns(dataset, 1n, 1n, [witness!.id]);
    world.startAll();
    world.mine();
    await world.untilStates(dataset, ["unchecked", "checked", "checked", "checked"]);
    assert(world.logged.some(({ self, event, reason }) => self === 1 && event === "check-delayed" && reason === "STORE_COLUMN_MISSING")); // prettier-ignore
  });

  it("a store that cannot be read now costs no peer its link: what it says is held", async (test) => {
    const [one, two] = [1, 2] as [PartyIndex, PartyIndex];
    const world = new CheckWorld(test, { n: 4, t: 1, played: [one, two] });
    const dataset = world.activate("good");
    world.startAll();
    const { inputChecks } = world.stores[2]!;
    const get = inputChecks.get.bind(inputChecks);
    inputChecks.get = () => {
      throw new CodedError({ code: "STORE_BUSY" }, "held by another");
    };
    world.report(one, dataset, CheckOutcome.MALFORMED_COLUMNS);
    inputChecks.get = get;
    assert(world.logged.some(({ self, event, reason }) => self === 3 && event === "check-delayed" && reason === "STORE_BUSY")); // prettier-ignore
    await world.time.until(() => false, 10);
    world.report(two, dataset, CheckOutcome.MALFORMED_COLUMNS);
    assert.deepEqual(world.states(dataset).slice(2), [MALFORMED, MALFORMED]);
  });

  it("a store that is busy when a check is taken up delays it to the next block", async (test) => {
    const world = new CheckWorld(test, { n: 3, t: 1 });
    const dataset = world.activate("good");
    const reads = world.stores.map(({ inputChecks }) => inputChecks.get.bind(inputChecks));
    const busy = (): never => {
      throw new CodedError({ code: "STORE_BUSY" }, "held by another");
    };
    for (const { inputChecks } of world.stores) inputChecks.get = busy;
    world.startAll();
    const isDelayed = (): boolean => world.logged.filter(({ event }) => event === "check-delayed").length >= 3;
    assert.ok(await world.time.until(isDelayed, world.time.nowMs + ATTEMPT_TIMEOUT_MS));
    world.stores.forEach(({ inputChecks }, at) => (inputChecks.get = reads[at]!));
    world.mine();
    const isChecked = (): boolean => world.states(dataset).every((state) => state === "checked");
    assert.ok(
      await world.time.until(isChecked, world.time.nowMs + 10 * ATTEMPT_TIMEOUT_MS),
      world.states(dataset).join(),
    );
  });

  it("ends the checks of a dataset that is retired meanwhile, and goes on with the others", async (test) => {
    const world = new CheckWorld(test, { n: 3, t: 1 });
    const [gone, other] = [world.activate("gone"), world.activate("other")];
    world.start(1 as PartyIndex);
    await world.time.until(() => false, world.time.nowMs + ATTEMPT_TIMEOUT_MS);
    for (const { retirements, shares } of world.stores) {
      retirements.insert({ datasetId: gone, studyId: gone, block: 1 });
      shares.eraseDataset(gone);
    }
    world.mine();
    await world.time.until(() => false, world.time.nowMs + ATTEMPT_TIMEOUT_MS);
    assert.equal(world.logged.filter(({ event }) => event === "check-ended").length, 1);
    world.startAll();
    await world.untilStates(other, all(3, "checked"));
    assert.deepEqual(world.states(gone), all(3, "unchecked"));
    assert.ok(!world.runs.some(({ session }) => session === world.checkOf(gone)), "nothing was computed over it");
  });
});
