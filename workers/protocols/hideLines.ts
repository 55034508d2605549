/**
 * Complementary suppression: hides further groups until nothing that anyone could compute from the others is about few.
 *
 * Malicious workers, at most t of 2t + 1: products made after bits have opened are verified again, with a challenge of
 * their own, before theirs open. The transcript goes on, so that whoever hid other groups or would test other lines is
 * noticed before anything of it opens.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";

import type { FieldVector } from "../field/field.ts";
import type { Closure, GatePlan, LineTest, SizeTest } from "../messages/gatePlan.ts";
import { checkTest } from "./gateTask.ts";
import { openBits } from "./openBits.ts";
import type { ProtocolSession } from "./session.ts";
import { testSizes } from "./sizeTests.ts";
import { compareTranscripts, structureText } from "./transcript.ts";
import type { Transcript } from "./transcript.ts";
import { verifyClaims } from "./verifyClaims.ts";

export interface LineRun {
  readonly session: ProtocolSession;
  readonly plan: GatePlan;
  readonly transcript: Transcript;
  /** This party's shares of degree t. */
  readonly sizes: FieldVector;
  readonly zerosShown: boolean;
  /** Durable, before the first bit: throwing ends the attempt with nothing opened. */
  readonly announce: () => void;
}

/**
 * The groups that are hidden, a superset of those given. A turn per set of hidden groups: first those that the plan hides
 * with them for public reasons, then one bit for each line that was not tested yet; one that fails hides the line's
 * sacrifice, unless one before it in the turn hides a group that it is about: then it has other tests next turn. A line
 * whose sacrifice is hidden already has no consequence and is not tested. Ends because every further
 * turn hides a group more.
 *
 * Rounds and elements per turn with untested lines: those of `testSizes` and `verifyClaims`, 1 round to compare and 1 to
 * open. If it throws, t peers may know which of the lines tested so far fail.
 *
 * @throws CodedError PROTOCOL_PRODUCTS_WRONG | PROTOCOL_TRANSCRIPT_MISMATCH | PROTOCOL_INCONSISTENT_OPENING | PROTOCOL_* |
 *   NETWORK_* | what `announce` throws
 */
export async function hideLines(run: LineRun, failing: ReadonlySet<number>): Promise<ReadonlySet<number>> {
  const fails = new Map<string, boolean>();
  let hidden = failing;
  for (let turn = 1; ; turn++) {
    const step = `lines/${turn}`;
    const closure = await closeChecked(run, hidden);
    hidden = closure.hidden;
    const lines = closure.lines.filter(({ sacrifice }) => sacrifice.some((group) => !closure.hidden.has(group)));
    run.transcript.absorbStructure(step, { hidden: [...hidden].sort((left, right) => left - right), lines });
    const failingLines = await testLines(run, lines, fails, step);
    if (failingLines.length === 0) return hidden;
    hidden = withSacrifices(hidden, failingLines);
  }
}

/** Line by line, in order: one about a group that a line before it hides has other tests next turn. */
function withSacrifices(hidden: ReadonlySet<number>, failing: readonly LineTest[]): Set<number> {
  const sacrificed = new Set<number>();
  for (const { sacrifice, groups = [] } of failing) {
    if (groups.some((group) => sacrificed.has(group))) continue;
    for (const group of sacrifice) sacrificed.add(group);
  }
  return new Set([...hidden, ...sacrificed]);
}

async function closeChecked({ plan, sizes }: LineRun, hidden: ReadonlySet<number>): Promise<Closure> {
  const closure = await plan.close(hidden);
  for (const group of hidden) assert(closure.hidden.has(group), `closing shows group ${group} again`);
  const named = [
    ...closure.hidden,
    ...closure.lines.flatMap(({ sacrifice, groups = [] }) => [...sacrifice, ...groups]),
  ];
  for (const group of named) assert(group in plan.groups, `there is no group ${group}`);
  for (const { tests } of closure.lines) for (const test of tests) checkTest(test, sizes.length);
  return closure;
}

/** Those that fail, in order. Adds to `fails` what was not in it, by name. */
async function testLines(
  { session, transcript, sizes, zerosShown, announce }: LineRun,
  lines: readonly LineTest[],
  fails: Map<string, boolean>,
  step: string,
): Promise<LineTest[]> {
  const named = lines.map((line) => [nameOf(line.tests), line] as const);
  const untested = new Map(named.map(([name, { tests }]) => [name, tests]));
  for (const name of fails.keys()) untested.delete(name);
  if (untested.size > 0) {
    const asked = [...untested.values()].map((tests) => tests.map((test) => settleZero(test, zerosShown)));
    const { bits, questions } = await testSizes(session, sizes, asked, step);
    let answers = questions.map(() => false);
    if (bits.length > 0) {
      await verifyClaims(session, transcript, `${step}/verify`);
      announce();
      await compareTranscripts(session, transcript, `${step}/ready`);
      const places = questions.map(({ zerosShown: place }) => place);
      answers = await openBits(session, bits, places, transcript, `${step}/open`);
    }
    [...untested.keys()].forEach((name, index) => fails.set(name, answers[index] as boolean));
    session.field.release(bits);
  }
  return named.flatMap(([name, line]) => (fails.get(name) === true ? [line] : []));
}

/** The same for the same tests; a line can have thousands. */
function nameOf(tests: readonly SizeTest[]): string {
  return createHash("sha256").update(structureText(tests)).digest("hex");
}

/** The same test once it is known whether zeros may be shown. */
export function settleZero(test: SizeTest, zerosShown: boolean): SizeTest {
  return test.zero === "ifShown" ? { ...test, zero: zerosShown ? "passes" : "fails" } : test;
}
