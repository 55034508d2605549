/**
 * Random studies, random queries that come close to each other, and an attacker with everything that opened: what it can
 * single out must be what the gate allows (docs/query-language.md, "The gate"). The same attacker finds plenty where there is
 * no gate, or half of one.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { isCoded } from "../../../workers/errors.ts";
import type { GatePlan } from "../../../workers/messages/gatePlan.ts";
import { budget } from "../../budget.ts";
import { seed } from "../../seed.ts";
import { fc } from "../../support/fastCheck.ts";
import type { ClearAnswer } from "./clearStudy.ts";
import type { Reader } from "./growingStudy.ts";
import { GrowingStudy } from "./growingStudy.ts";
import type { AskedQuery } from "./randomStudy.ts";

/** Beyond this many sets the gate's window of combinations ends. */
const MAX_SETS = 48;
const QUERIES = 7;

type Outputs = readonly (bigint | undefined)[];

/** Undefined: refused. */
type Ask = (
  study: GrowingStudy,
  query: AskedQuery,
  versions: readonly number[],
  reader: Reader,
) => Promise<Outputs | undefined>;

interface Tally {
  asked: number;
  answered: number;
  shown: number;
  hidden: number;
  retired: number;
  ordered: number;
  sealed: number;
  unposted: number;
  margins: number;
}

/** What an attacker finds in the answers to some queries, with the queries; nothing where it finds nothing. */
async function attack(study: GrowingStudy, g: fc.GeneratorValue, ask: Ask, tally?: Tally): Promise<string[]> {
  const told: string[] = [];
  const queries: AskedQuery[] = [];
  for (let asked = 0; asked < QUERIES && study.size < MAX_SETS; asked++) {
    study.growSometimes();
    study.consentSometimes();
    const isRetired = study.retireSometimes();
    if (isRetired) told.push("an owner retired");
    if (isRetired && tally !== undefined) tally.retired++;
    // Whoever asks again what was answered with the owner's data learns most.
    const query = (isRetired ? queries.at(-1) : study.drawAgain(queries)) ?? study.queries.draw(g);
    const versions = isRetired ? study.newestVersions() : study.drawVersions();
    queries.push(query);
    if ((await orNever(study.leaveUnpostedSometimes(query, versions))) === true) {
      told.push(`${textOf(query, versions)}, never posted`);
      if (tally !== undefined) tally.unposted++;
      continue;
    }
    const reader = study.drawReader();
    const outputs = await orNever(ask(study, query, versions, reader));
    told.push(`${textOf(query, versions)}${reader === undefined ? "" : `, to the ${reader}`}`);
    if (tally !== undefined) count(tally, query, outputs);
    if (tally !== undefined && reader !== undefined && outputs !== undefined) tally.sealed++;
    const margins = outputs === undefined ? 0 : await study.tell(query, versions, reader, outputs);
    if (tally !== undefined) tally.margins += margins;
  }
  const found = study.conclude();
  return found.length === 0 ? [] : [...found, ...told];
}

function textOf({ request }: AskedQuery, versions: readonly number[]): string {
  return `${request.sql} ${JSON.stringify(request.parameters)} of versions ${versions.join()}`;
}

/** A condition that no row can satisfy, or on a parameter that decides nothing, is refused when the query is written. */
async function orNever<Result>(result: Promise<Result>): Promise<Result | undefined> {
  try {
    return await result;
  } catch (error) {
    if (isCoded(error, "SQL_NEVER_TRUE") || isCoded(error, "SQL_PARAMETER")) return undefined;
    throw error;
  }
}

/** What lines are merged with others is not hidden, so of the order of values it is counted what tells anything. */
function count(tally: Tally, { ordered }: AskedQuery, outputs: Outputs | undefined): void {
  const hidden = outputs?.filter((value) => value === undefined).length ?? 0;
  tally.asked++;
  tally.answered += outputs === undefined ? 0 : 1;
  if (ordered !== undefined) {
    tally.ordered += outputs === undefined || hidden === outputs.length ? 0 : 1;
    return;
  }
  tally.hidden += hidden;
  tally.shown += (outputs?.length ?? 0) - hidden;
}

/** No conditions; COUNT of a field alone, not in a table, is about those who have it. */
function isOfEveryone({ population }: GrowingStudy, { cohort, groups, aggregates, ordered }: AskedQuery): boolean {
  const countsRows = aggregates.some(({ name, field }) => field === undefined || name !== "COUNT");
  const countsAll = groups.length > 0 || countsRows || ordered !== undefined;
  return countsAll && population.isWhole({ ...cohort, segments: 1n });
}

/** Asked twice; with what holds of every answer. */
const throughGate: Ask = async (study, query, versions, reader) => {
  const { gate } = await study.plan(query, versions, reader);
  if (gate?.refused === false) await checkClosures(gate.plan);
  const answer = await study.ask(query, versions, reader);
  const { sql } = query.request;
  assert.ok(!isOfEveryone(study, query) || answer.kind !== "refused", `everyone may be counted: ${sql}`);
  if (answer.kind !== "answered") return undefined;
  checkAgain(answer, await study.ask(query, versions, reader), sql);
  return answer.outputs;
};

/** What is shown again was shown before. */
function checkAgain(answer: ClearAnswer & { kind: "answered" }, again: ClearAnswer, sql: string): void {
  assert.ok(again.kind === "answered", `asked twice: ${sql}`);
  const isSame = again.outputs.map((value, output) => value === undefined || value === answer.outputs[output]);
  assert.ok(!isSame.includes(false), `asked twice: ${sql}`);
}

/** Closing hides what it is given, the same each time, and nothing more when it is given what it has hidden. */
async function checkClosures({ groups, close }: GatePlan): Promise<void> {
  for (const index of new Set([0, groups.length >> 1, groups.length - 1])) {
    const { hidden } = await close(new Set([index]));
    assert.ok(hidden.has(index));
    assert.deepEqual((await close(new Set([index]))).hidden, hidden);
    assert.deepEqual(new Set((await close(hidden)).hidden), new Set(hidden));
  }
}

const withoutGate: Ask = async (study, query, versions) => study.open(query, versions);

/** Tables whose small cells are hidden, and no others. */
const hidingSmallCells: Ask = async (study, query, versions) => {
  const outputs = await study.open(query, versions);
  if (outputs === undefined || query.groups.length === 0 || query.ordered !== undefined) return undefined;
  const cells = query.groups.reduce((all, field) => all * study.population.fields[field]!.representatives.length, 1);
  const each = outputs.length / cells;
  return outputs.map((value, output) => {
    const rows = outputs[output - (output % each)]!;
    return rows > 0n && rows < BigInt(study.clear.k) ? undefined : value;
  });
};

/** Studies are attacked so many at a time, and no more often: what is found in one of a few may be missed by all of them. */
const MOST_ROUNDS = 25;

/** First words of the findings of several studies, of more while one that is wanted is not among them. */
async function findings(ask: Ask, wanted: readonly string[]): Promise<ReadonlySet<string>> {
  const words = new Set<string>();
  for (let round = 0; round < MOST_ROUNDS && !wanted.every((word) => words.has(word)); round++) {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (g) => {
        const found = await attack(new GrowingStudy(g), g, ask);
        for (const each of found) words.add(each.split(" ")[0]!);
      }),
      { numRuns: budget.attackedTwins, seed: seed + round },
    );
  }
  return words;
}

describe("the gate against an attacker with every answer", () => {
  it("opens nothing from which 1 to k − 1 patients follow", async (context) => {
    const told = { asked: 0, answered: 0, shown: 0, hidden: 0 };
    const tally: Tally = { ...told, retired: 0, ordered: 0, sealed: 0, unposted: 0, margins: 0 };
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (g) => {
        const found = await attack(new GrowingStudy(g), g, throughGate, tally);
        assert.ok(found.length === 0, found.join("\n"));
      }),
      { numRuns: budget.attackedStudies, endOnFailure: true },
    );
    context.diagnostic(`seed ${seed}: ${JSON.stringify(tally)}`);
    // Of few studies: each bound is far enough from what is usual that chance does not reach it.
    assert.ok(tally.retired > budget.attackedStudies / 16, "owners retire");
    assert.ok(tally.answered > tally.asked / 4, "queries are answered");
    assert.ok(tally.shown > tally.hidden / 6, "answers show something");
    assert.ok(tally.ordered > 0, "quantiles and survival are told");
    // Of two dozen studies there may be none, as draws go: there only the stories of `margins.test.ts` look at them.
    if (budget.attackedStudies >= 100) {
      assert.ok(tally.margins >= budget.attackedStudies / 50, "sums are told that cells add up to");
    }
    assert.ok(tally.sealed > budget.attackedStudies / 8, "some are sealed");
    assert.ok(tally.hidden > 0 && tally.answered < tally.asked, "some are hidden, some refused");
  });

  it("the same attacker, without a gate: finds small sets, pairs, triples and subtractions", async () => {
    const wanted = ["small", "pair", "triple", "an"];
    const found = await findings(withoutGate, wanted);
    for (const word of wanted) assert.ok(found.has(word), `${word} among ${[...found].join()}`);
  });

  it("the same attacker, where small cells alone are hidden: finds them again", async () => {
    const found = await findings(hidingSmallCells, ["hidden"]);
    assert.ok(found.has("hidden"), [...found].join());
  });
});
