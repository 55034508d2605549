/** Quantiles and survival at a committee over loopback networks: lines are merged as in the clear, whoever lies, and open as merged. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Wallet, id } from "ethers";

import { isCoded } from "../../../workers/errors.ts";
import { Outcome } from "../../../workers/messages/statement.ts";
import type { Verdict } from "../../../workers/messages/statement.ts";
import { decodeSuppressed } from "../../../workers/messages/suppressedBitmap.ts";
import { mergedCells, shownMerges } from "../../../workers/query/mergedLines.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { finishAnswer } from "../../../workers/statistics/finishAnswer.ts";
import type { ClearAnswer, ClearRequest, Row } from "../disclosure/clearStudy.ts";
import { GatedCommittee } from "./gatedCommittee.ts";

const CUTS = [3, 6, 9, 12, 18, 24];
const schema = parseSchema(
  JSON.stringify({
    name: "followed",
    table: "trial",
    subject: "id",
    fields: [
      { name: "arm", type: "category", categories: ["A", "B"], required: true },
      { name: "months", type: "integer", minimum: 0, maximum: 36, cutPoints: CUTS },
      { name: "status", type: "category", categories: ["alive", "dead", "moved"], required: true },
      { name: "age", type: "integer", minimum: 18, maximum: 90, search: "digits", required: true },
    ],
  }),
);

/** Patients whose follow-up ends in months 0, 1, …, so many in each. */
function followed(arm: "A" | "B", status: 0 | 1 | 2, counts: readonly number[], age = 50): Row[] {
  return counts.flatMap((count, months) =>
    Array.from({ length: count }, (): Row => {
      return { arm: arm === "A" ? 0n : 1n, months: BigInt(months * 3), status: BigInt(status), age: BigInt(age) };
    }),
  );
}

const TRIAL = [
  ...followed("A", 1, [9, 8, 7, 12, 3, 11, 2, 6]),
  ...followed("A", 0, [0, 2, 0, 4, 1, 3, 14, 9]),
  ...followed("B", 1, [12, 2, 9, 5, 14, 2, 3, 13], 60),
  ...followed("B", 0, [1, 0, 3, 0, 5, 6, 2, 20], 60),
  ...followed("B", 2, [0, 0, 0, 0, 1, 0, 0, 1], 60),
];
const CURVES = "SELECT arm, KAPLAN_MEIER(months, status = 'dead') FROM trial GROUP BY arm";
const TEST = "SELECT LOGRANK(months, status = 'dead') FROM trial GROUP BY arm";
const QUARTILES = "SELECT QUANTILE(months, 0.25, 0.5, 0.75) FROM trial WHERE age >= :least";

function committee(rows: readonly Row[] = TRIAL): GatedCommittee {
  const made = new GatedCommittee(schema);
  made.contribute("one", rows);
  return made;
}

async function askBoth(study: GatedCommittee, request: ClearRequest): Promise<ClearAnswer> {
  const { expected, shared } = await study.ask(request);
  assert.deepEqual(shared, expected, request.sql);
  assert.equal(study.leftBehind(), 0);
  return shared;
}

async function intervalsOf(study: GatedCommittee, sql: string, answer: ClearAnswer) {
  assert.equal(answer.kind, "answered");
  const { facts } = await study.clear.compile({ sql });
  const hidden = new Set(
    answer.kind === "answered" ? answer.outputs.flatMap((value, at) => (value === undefined ? [at] : [])) : [],
  );
  return { descriptor: facts.descriptor, merges: shownMerges(facts.descriptor, schema, hidden), hidden };
}

describe("runQuery of the order of values", () => {
  it("opens intervals none of which counts 1 to k − 1 patients, and no more than it must of the lines together", async () => {
    const study = committee();
    const answer = await askBoth(study, { sql: CURVES });
    const { descriptor, merges, hidden } = await intervalsOf(study, CURVES, answer);
    assert.ok(answer.kind === "answered");
    const shown = answer.outputs.filter((value) => value !== undefined);
    assert.ok(shown.every((value) => value === 0n || value >= BigInt(study.clear.k)));
    assert.deepEqual(merges, [[0], [0, 2, 4]]);
    assert.equal(shown.length, 2 * merges.flat().length);
    const { rows } = finishAnswer(descriptor, schema, answer.outputs.map((value) => value ?? 0n), hidden); // prettier-ignore
    const [curve] = rows.map(([, value]) => value as { n: number; events: number });
    assert.deepEqual([curve!.n, curve!.events], [91, 58]);
  });

  it("answers several statistics of one study, each over intervals of its own", async () => {
    const study = committee();
    for (const request of [
      { sql: TEST },
      { sql: QUARTILES, parameters: { least: "18" } },
      { sql: CURVES },
      {
        sql: "SELECT KAPLAN_MEIER(months, status <> 'alive') FROM trial".replace("<> 'alive'", "IN ('dead', 'moved')"),
      },
    ]) {
      assert.equal((await askBoth(study, request)).kind, "answered", request.sql);
    }
  });

  it("answers the same when the same is asked again", async () => {
    const study = committee();
    const first = await askBoth(study, { sql: CURVES });
    assert.deepEqual(await askBoth(study, { sql: CURVES }), first);
  });

  it("merges what a later look needs, out of intervals of the look before", async () => {
    const study = committee();
    const looks = [await askBoth(study, { sql: CURVES })];
    const growths = [
      [...followed("A", 1, [6, 6, 6, 6, 6, 6, 6, 6]), ...followed("B", 1, [6, 7, 6, 7, 6, 7, 6, 7], 60)],
      [...followed("A", 0, [0, 0, 0, 0, 6, 6, 6, 6]), ...followed("B", 0, [0, 0, 0, 0, 6, 6, 6, 6], 60)],
      [...followed("A", 1, [2, 2, 2, 2, 1, 1, 1, 1]), ...followed("B", 1, [11], 60)],
    ];
    for (const rows of growths) {
      study.contribute("one", rows);
      looks.push(await askBoth(study, { sql: CURVES }));
    }
    const merges = await Promise.all(looks.map(async (look) => (await intervalsOf(study, CURVES, look)).merges));
    assert.ok(merges[0]![1]!.length > 1, "the first look tells several intervals");
    merges.slice(1).forEach((later, look) => {
      later.forEach((starts, output) => {
        const before = merges[look]![output]!;
        assert.ok(
          starts.every((start) => before.includes(start)),
          `${before.join()} -> ${starts.join()}`,
        );
      });
    });
    assert.ok(looks.every(({ kind }) => kind === "answered"));
    assert.ok(looks.every((look) => look.kind === "answered" && look.outputs.some((value) => value !== undefined)));
  });

  it("refuses a cohort that is too small, or too close to an earlier one, before any line is told", async () => {
    const study = committee();
    const few = { sql: QUARTILES, parameters: { least: "61" } };
    assert.equal((await askBoth(study, few)).kind, "refused");
    const { frames } = await study.attempt(few, []);
    assert.ok(!frames.some(({ step }) => step.startsWith("output/") || step === "groups"));
    const near = committee([...TRIAL, ...followed("A", 1, [3], 61)]);
    await askBoth(near, { sql: QUARTILES, parameters: { least: "18" } });
    assert.equal((await askBoth(near, { sql: QUARTILES, parameters: { least: "62" } })).kind, "refused");
  });

  it("hides a group whose patients are few, and tells the others", async () => {
    const rows = [...followed("A", 1, [20, 20, 20, 20]), ...followed("A", 0, [0, 0, 30, 30]), ...followed("B", 1, [2, 1, 1])]; // prettier-ignore
    const few = await askBoth(committee(rows), { sql: CURVES });
    assert.ok(few.kind === "answered" && few.outputs.every((value) => value === undefined), "B is all but A");
    const unknown = Array.from({ length: 12 }, (): Row => ({ arm: 1n, status: 1n, age: 50n }));
    const study = committee([...rows, ...unknown]);
    const answer = await askBoth(study, { sql: CURVES });
    const { descriptor, merges } = await intervalsOf(study, CURVES, answer);
    assert.ok(answer.kind === "answered");
    const ofGroup = (arm: number) =>
      mergedCells(descriptor, schema, merges)
        .filter(({ slice }) => slice[0] === arm)
        .map(({ positions }) => answer.outputs[positions[0]!]);
    assert.ok(ofGroup(0).every((value) => value !== undefined));
    assert.ok(ofGroup(1).includes(undefined));
  });

  it("tells nothing but that nothing is told where all of it is of few patients", async () => {
    const study = committee([...followed("A", 1, [40, 0, 0, 7]), ...followed("A", 0, [7])]);
    const answer = await askBoth(study, { sql: "SELECT KAPLAN_MEIER(months, status = 'dead') FROM trial" });
    assert.ok(answer.kind === "answered" && answer.outputs.every((value) => value === undefined));
  });

  it("seals an answer as any other", async () => {
    const study = committee();
    const recipients = [new Wallet(id("querier")).signingKey.compressedPublicKey];
    const { outcomes, recorded } = await study.attempt({ sql: CURVES }, [], { recipients });
    const verdicts = outcomes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value : undefined));
    assert.ok(verdicts.every((verdict) => verdict?.outcome === Outcome.ANSWERED));
    const { outputs, suppressedBitmap } = verdicts[0]!;
    const open = await askBoth(study, { sql: CURVES });
    assert.ok(open.kind === "answered");
    const hidden = decodeSuppressed(suppressedBitmap, outputs, true);
    open.outputs.forEach((value, at) => assert.equal(hidden.has(at), value === undefined));
    assert.ok(outputs.every((word) => word > 1_000_000n));
    assert.deepEqual(recorded[0], ["tests", "tests", "seal", "outputs"]);
  });
});

describe("a worker that lies while lines are chosen", () => {
  it("is noticed at every step by somebody who is honest, and nobody has a wrong answer", async () => {
    const study = committee();
    const { frames } = await study.attempt({ sql: TEST }, []);
    const expected = await study.clear.ask({ sql: TEST });
    assert.ok(expected.kind === "answered");
    const opening = frames.findIndex(({ step }) => step === "outputs");
    const sent = frames.slice(0, opening).filter(({ payload }) => payload.length > 0);
    const steps = [...new Set(sent.map(({ step, from, to }) => `${step}|${from}|${to}`))];
    assert.ok(steps.some((step) => step.startsWith("output/1/")));
    // Every step of one liar towards one peer, of all that there are in the two stages.
    const own = steps.filter((step) => step.endsWith("|2|1") || step.endsWith("|2|3"));
    const tried = own.filter((lie, index) => index % 3 === 0 || lie.startsWith("output/"));
    for (const lie of tried) {
      let isAltered = false;
      const { outcomes } = await study.attempt({ sql: TEST }, [], {
        tamper: ({ step, from, to, payload }) => {
          if (`${step}|${from}|${to}` !== lie || payload.length === 0) return payload;
          isAltered = true;
          const changed = Uint8Array.from(payload);
          changed[0]! ^= 1;
          return changed;
        },
      });
      const honest = [0, 2].map((party) => outcomes[party]!);
      const rejected = honest.filter((outcome) => outcome.status === "rejected");
      for (const { reason } of rejected) assert.ok(isCoded(reason), `${String(reason)}: ${lie}`);
      assert.ok(isAltered, `nobody lied: ${lie}`);
      assert.ok(rejected.length > 0, `nobody noticed: ${lie}`);
      for (const outcome of honest) {
        if (outcome.status === "fulfilled") assert.deepEqual(shownBy(outcome.value), expected.outputs, lie);
      }
    }
  });
});

/** By output; undefined: hidden. */
function shownBy({ outputs, suppressedBitmap }: Verdict): (bigint | undefined)[] {
  const hidden = decodeSuppressed(suppressedBitmap, outputs);
  return outputs.map((value, at) => (hidden.has(at) ? undefined : value));
}
