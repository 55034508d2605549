/** Large plans are made in pieces, so that a worker's links and timers are served meanwhile. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Pause } from "../../../workers/disclosure/pieces.ts";
import { Pieces } from "../../../workers/disclosure/pieces.ts";
import { type Gate, planGate } from "../../../workers/disclosure/planGate.ts";
import { bn254Fr } from "../../../workers/field/bn254Fr.ts";
import type { GatePlan } from "../../../workers/messages/gatePlan.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { ClearStudy } from "./clearStudy.ts";

const K = 5;
const SITE_COUNT = 60;
const SITES = Array.from({ length: SITE_COUNT }, (_, index) => `site ${index}`);
const schema = parseSchema(
  JSON.stringify({
    name: "trial",
    table: "trial",
    subject: "patient",
    fields: [
      { name: "arm", type: "category", categories: ["a", "b", "c"], required: true },
      { name: "site", type: "category", categories: SITES, required: true },
      { name: "visits", type: "integer", minimum: 0, maximum: 50, required: true },
    ],
  }),
);
const SMALL = "SELECT arm, COUNT(*) FROM trial GROUP BY arm";
const LARGE = "SELECT site, COUNT(*) FROM trial GROUP BY site";

describe("Pieces", () => {
  it("pauses whenever as much was done as a piece is, and counts on from there", async () => {
    let pauses = 0;
    const pieces = new Pieces(() => Promise.resolve(void pauses++), 10);
    const counted: number[] = [];
    for (const work of [4, 5, 1, 9, 25, 1]) {
      await pieces.did(work);
      counted.push(pauses);
    }
    assert.deepEqual(counted, [0, 0, 1, 1, 2, 2]);
    await new Pieces(undefined, 1).did(5);
  });
});

describe("a plan in pieces", () => {
  /** After answers, so that each cell is tested with the others and each earlier set. */
  async function studyOf(): Promise<ClearStudy> {
    const study = new ClearStudy(schema, K);
    const rows = Array.from({ length: SITE_COUNT * 18 }, (_, row) => ({
      arm: BigInt(Math.floor(row / SITE_COUNT) % 3),
      site: BigInt(row % SITE_COUNT),
      visits: BigInt((row * 7) % 31),
    }));
    // One site has too few: its cell is hidden, and what would tell it.
    study.contribute("one", [...rows.filter(({ site }) => site !== 7n), { arm: 1n, site: 7n, visits: 3n }]);
    for (const sql of [SMALL, "SELECT arm, COUNT(*) FROM trial WHERE site IN ('site 1', 'site 2') GROUP BY arm"])
      assert.equal((await study.ask({ sql })).kind, "answered");
    return study;
  }

  async function planned(study: ClearStudy, sql: string, pause?: Pause): Promise<GatePlan> {
    const { facts, circuit } = await study.compile({ sql });
    assert(circuit !== undefined);
    const gate: Gate = await planGate({ ...facts, circuit }, study.history, K, bn254Fr, pause);
    assert(!gate.refused);
    return gate.plan;
  }

  function counting(): { readonly pause: Pause; pauses(): number } {
    let pauses = 0;
    return { pause: () => Promise.resolve(void pauses++), pauses: () => pauses };
  }

  it("is what it is in one go; a small one is made in one", async () => {
    const study = await studyOf();
    for (const [sql, isLarge] of [
      [SMALL, false],
      [LARGE, true],
    ] as const) {
      const { pause, pauses } = counting();
      const [{ close, ...plan }, whole] = [await planned(study, sql, pause), await planned(study, sql)];
      assert.equal(pauses() > 0, isLarge, sql);
      assert.deepEqual({ ...plan, close: undefined }, { ...whole, close: undefined }, sql);
      const before = pauses();
      const failing = new Set(isLarge ? [7] : [1]);
      assert.deepEqual(await close(failing), await whole.close(failing), sql);
      assert.equal(pauses() > before, isLarge, sql);
    }
  });

  it("pauses while it looks at what cells add up to, and again when some are hidden", async () => {
    const study = await studyOf();
    for (const by of ["arm", "site", "arm, site"])
      assert.equal((await study.ask({ sql: `SELECT ${by}, AVG(visits) FROM trial GROUP BY ${by}` })).kind, "answered");
    const pauses = { ofCells: 0, ofAll: 0 };
    let isOfCells = true;
    const sums = "SELECT site, AVG(visits), COUNT(*) FROM trial WHERE arm <> 'c' GROUP BY site";
    const plan = await planned(study, sums, () => {
      const stack = new Error().stack ?? "";
      isOfCells = !stack.includes("linesOf");
      pauses[isOfCells ? "ofCells" : "ofAll"] += 1;
      return Promise.resolve();
    });
    assert.ok(pauses.ofCells > 0 && pauses.ofAll > 0, JSON.stringify(pauses));
    const before = pauses.ofAll;
    await plan.close(new Set([7]));
    assert.ok(pauses.ofAll > before, "what is left shown adds up to something else");
  });

  it("ends with what a pause throws, also while hidden cells are looked for", async () => {
    const study = await studyOf();
    const isOver = new Error("nobody waits for it");
    await assert.rejects(
      planned(study, LARGE, () => Promise.reject(isOver)),
      isOver,
    );
    let isWaitedFor = true;
    const plan = await planned(study, LARGE, () => (isWaitedFor ? Promise.resolve() : Promise.reject(isOver)));
    isWaitedFor = false;
    await assert.rejects(async () => plan.close(new Set([7])), isOver);
  });
});
