/** Ways to single a patient out of what intervals of values add up to, each told as a story against the gate (k = 11). */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { isCoded } from "../../../workers/errors.ts";
import type { Descriptor } from "../../../workers/messages/descriptor.ts";
import { planLines } from "../../../workers/disclosure/planLines.ts";
import { bn254Fr } from "../../../workers/field/bn254Fr.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import type { Row } from "./clearStudy.ts";
import { ClearStudy } from "./clearStudy.ts";
import { outputsOf } from "./trackerStudy.ts";

const CUTS = [3, 6, 9, 12, 18, 24];
const LINES = CUTS.length + 1;
const schema = parseSchema(
  JSON.stringify({
    name: "followed",
    table: "trial",
    subject: "id",
    fields: [
      { name: "arm", type: "category", categories: ["A", "B", "C"], required: true },
      { name: "sex", type: "category", categories: ["F", "M"], required: true },
      { name: "months", type: "integer", minimum: 0, maximum: 36, cutPoints: CUTS, required: true },
      { name: "status", type: "category", categories: ["alive", "dead"], required: true },
    ],
  }),
);

interface Traits {
  readonly status?: "alive" | "dead";
  readonly arm?: "A" | "B" | "C";
  readonly sex?: "F" | "M";
}

/** `count` rows alike. */
function followed(count: number, months: number, { status = "dead", arm = "A", sex = "F" }: Traits = {}): Row[] {
  return Array.from({ length: count }, () => ({
    arm: BigInt("ABC".indexOf(arm)),
    sex: sex === "F" ? 0n : 1n,
    months: BigInt(months),
    status: status === "alive" ? 0n : 1n,
  }));
}

function study(...rows: readonly Row[][]): ClearStudy {
  const made = new ClearStudy(schema);
  made.contribute("one", rows.flat());
  return made;
}

const CURVE = { sql: "SELECT KAPLAN_MEIER(months, status = 'dead') FROM trial" };
const CURVES = { sql: "SELECT arm, KAPLAN_MEIER(months, status = 'dead') FROM trial GROUP BY arm" };
const isHidden = (value: bigint | undefined): boolean => value === undefined;

/** Events by line; of one slice. */
async function eventsOf(asked: ReturnType<ClearStudy["ask"]>, slice = 0): Promise<(bigint | undefined)[]> {
  const outputs = outputsOf(await asked).filter((_, at) => at % 2 === 1);
  return outputs.slice(slice * LINES, (slice + 1) * LINES);
}

const deaths = (arm: "A" | "B" | "C"): Row[] => [0, 3, 6, 9].flatMap((months) => followed(20, months, { arm }));
const alive = (arm: "A" | "B" | "C"): Row[] =>
  [12, 18, 24].flatMap((months) => followed(30, months, { arm, status: "alive" }));

describe("the gate against sums of intervals", () => {
  it("hides how many events there are in all when few are new since they were told apart", async () => {
    const trial = study(deaths("A"), alive("A"));
    assert.deepEqual((await eventsOf(trial.ask(CURVE))).slice(0, 4), [20n, 20n, 20n, 20n]);
    trial.contribute("one", [...followed(3, 0), ...followed(40, 24, { status: "alive" })]);
    assert.ok(outputsOf(await trial.ask(CURVE)).every(isHidden));
  });

  it("hides a merged interval of a group that has grown by few, whatever the other group needs", async () => {
    const trial = study(deaths("A"), alive("A"), deaths("B"), alive("B"), deaths("C"), alive("C"));
    await trial.ask(CURVES);
    trial.contribute("one", [
      ...[0, 3, 6].flatMap((months) => followed(4, months)),
      ...followed(40, 24, { status: "alive" }),
      ...followed(2, 3, { arm: "B" }),
      ...[0, 3, 6].flatMap((months) => followed(4, months, { arm: "C" })),
    ]);
    const later = outputsOf(await trial.ask(CURVES)).filter((_, at) => at % 2 === 1);
    assert.equal(later[0], 72n, "of A, from month 0 to 9");
    assert.equal(later[LINES], undefined, "of B");
  });

  it("refuses a count that has grown by few since intervals told what it was", async () => {
    const dead = { sql: "SELECT COUNT(*) FROM trial WHERE status = 'dead'" };
    const trial = study(deaths("A"), alive("A"));
    await trial.ask(CURVE);
    trial.contribute("one", [...followed(3, 0), ...followed(40, 24, { status: "alive" })]);
    assert.equal((await trial.ask(dead)).kind, "refused");
    trial.contribute("one", [...followed(8, 0), ...followed(40, 24, { status: "alive" })]);
    assert.deepEqual(outputsOf(await trial.ask(dead)), [91n]);
  });

  it("refuses what is close to all events that intervals told, and the reverse", async () => {
    const women = { sql: "SELECT COUNT(*) FROM trial WHERE status = 'dead' AND sex = 'F'" };
    const rows = [
      deaths("A"),
      alive("A"),
      followed(2, 0, { sex: "M" }),
      followed(50, 24, { status: "alive", sex: "M" }),
    ];
    const trial = study(...rows);
    assert.equal((await eventsOf(trial.ask(CURVE)))[0], 22n, "with two men");
    assert.equal((await trial.ask(women)).kind, "refused");
    const other = study(...rows);
    assert.deepEqual(outputsOf(await other.ask(women)), [80n]);
    assert.ok(outputsOf(await other.ask(CURVE)).every(isHidden));
  });

  it("hides an interval of a group that is close to another set, and tells others", async () => {
    const women = { sql: "SELECT COUNT(*) FROM trial WHERE arm = 'B' AND sex = 'F'" };
    const trial = study(
      ...(["A", "B", "C"] as const).flatMap((arm) => [deaths(arm), alive(arm)]),
      followed(2, 0, { arm: "B", sex: "M" }),
    );
    assert.deepEqual(outputsOf(await trial.ask(women)), [170n]);
    const curves = outputsOf(await trial.ask(CURVES));
    assert.equal(curves[1], 20n, "of A, in the first line");
    assert.ok(curves.slice(2 * LINES, 4 * LINES).some(isHidden));
  });

  it("refuses what is close to an interval that was opened and never posted, however its lines were merged", async () => {
    const women = {
      sql: "SELECT COUNT(*) FROM trial WHERE status = 'dead' AND sex = 'F' AND months < 9 AND arm = 'A'",
    };
    const rows = [
      [...deaths("A"), ...alive("A"), ...followed(2, 0, { sex: "M" }), ...followed(50, 24, { sex: "M" })],
      [...[0, 3, 6].flatMap((months) => followed(5, months, { arm: "B" })), ...followed(50, 9, { arm: "B" })],
      alive("B"),
    ];
    const trial = study(...rows);
    assert.equal((await eventsOf(trial.ask(CURVES)))[0], 62n, "with two men");
    const { merges, ...opened } = trial.history[0]!;
    assert.deepEqual(merges?.[1]?.slice(0, 2), [0, 3]);
    trial.history[0] = { ...opened, opened: "unknown" };
    assert.equal((await trial.ask(women)).kind, "refused");
    assert.deepEqual(outputsOf(await study(...rows).ask(women)), [60n], "alone it is harmless");
  });

  it("tells intervals once there are enough patients, though nothing could be told before", async () => {
    const trial = study(followed(7, 0), followed(40, 24, { status: "alive" }));
    assert.ok(outputsOf(await trial.ask(CURVE)).every(isHidden));
    trial.contribute("one", [...deaths("A"), ...alive("A")]);
    assert.deepEqual((await eventsOf(trial.ask(CURVE))).slice(0, 4), [27n, 20n, 20n, 20n]);
  });

  it("goes on from the newest look that told something", async () => {
    const trial = study(deaths("A"), alive("A"));
    await trial.ask(CURVE);
    trial.contribute("one", [...followed(3, 0), ...followed(40, 24, { status: "alive" })]);
    assert.ok(outputsOf(await trial.ask(CURVE)).every(isHidden));
    trial.contribute("one", [...followed(12, 0), ...followed(40, 24, { status: "alive" })]);
    assert.deepEqual((await eventsOf(trial.ask(CURVE))).slice(0, 4), [35n, 20n, 20n, 20n]);
  });

  it("cannot tell what outputs disclose that count the same rows", async () => {
    const trial = study(deaths("A"), alive("A"));
    const { facts, circuit } = await trial.compile(CURVE);
    const [step] = facts.descriptor.steps;
    const [censored, events] = step!.outputs;
    for (const outputs of [
      [events!, events!],
      [censored!, events!, censored!],
    ]) {
      const made: Descriptor = { ...facts.descriptor, steps: [{ ...step!, outputs }] };
      assert.throws(
        () => planLines({ ...facts, descriptor: made, circuit: circuit! }, [], 11, bn254Fr),
        (error) => isCoded(error, "DISCLOSURE_UNSUPPORTED"),
      );
    }
  });
});

describe("an answer of the order of values, asked again on the same data", () => {
  it("merges what it merged, though a group has grown by few since a look before", async () => {
    const told = new ClearStudy(schema);
    const [a, c] = (["A", "C"] as const).map((arm) => [
      ...followed(30, 1, { arm }),
      ...followed(30, 7, { arm }),
      ...followed(60, 30, { arm, status: "alive" }),
    ]);
    const alive = followed(60, 30, { arm: "B", status: "alive" });
    // Eight events, which have no say; then twelve, of which four are new.
    told.contribute("one", [...a!, ...c!, ...followed(8, 1, { arm: "B" }), ...alive]);
    assert.equal((await told.ask(CURVES)).kind, "answered");
    told.contribute("one", [...followed(20, 7), ...followed(20, 7, { arm: "C" }), ...followed(4, 10, { arm: "B" })]);
    const first = await told.ask(CURVES);
    assert.ok(first.kind === "answered" && first.outputs.filter((output) => output === 30n).length > 1);
    assert.deepEqual(await told.ask(CURVES), first);
  });
});
