/**
 * Complementary suppression: hides further groups until no sum of hidden sizes that anyone could compute is small.
 *
 * Malicious workers, at most t of 2t + 1: products made after bits have opened are verified again, with a challenge of
 * their own, before theirs open. The transcript goes on, so that whoever hid other groups or would test other lines is
 * noticed before anything of it opens.
 */
import assert from "node:assert/strict";

import type { FieldVector } from "../field/field.ts";
import type { Closure, GatePlan, HiddenLine, SizeTest } from "../messages/gatePlan.ts";
import { checkTest } from "./gateTask.ts";
import { openBits } from "./openBits.ts";
import type { ProtocolSession } from "./session.ts";
import { testSizes } from "./sizeTests.ts";
import { compareTranscripts, structureText } from "./transcript.ts";
import type { Transcript } from "./transcript.ts";
import { verifyClaims } from "./verifyClaims.ts";

export interface LineTests {
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
 * with them for public reasons, then a test for each line that was not tested yet; one that fails hides the line's
 * sacrifice. A line whose sacrifice is hidden already has no consequence and is not tested. Ends because every further
 * turn hides a group more.
 *
 * Rounds and elements per turn with untested lines: those of `testSizes` and `verifyClaims`, 1 round to compare and 1 to
 * open. If it throws, t peers may know which of the lines tested so far fail.
 *
 * @throws CodedError PROTOCOL_PRODUCTS_WRONG | PROTOCOL_TRANSCRIPT_MISMATCH | PROTOCOL_INCONSISTENT_OPENING | PROTOCOL_* |
 *   NETWORK_* | what `announce` throws
 */
export async function hideLines(run: LineTests, failing: ReadonlySet<number>): Promise<ReadonlySet<number>> {
  const fails = new Map<string, boolean>();
  let hidden = failing;
  for (let turn = 1; ; turn++) {
    const step = `lines/${turn}`;
    const closure = closeChecked(run, hidden);
    hidden = closure.hidden;
    const lines = closure.lines.filter(({ sacrifice }) => !closure.hidden.has(sacrifice));
    run.transcript.absorbStructure(step, { hidden: [...hidden].sort((left, right) => left - right), lines });
    await testLines(run, lines, fails, step);
    const sacrificed = lines.filter(({ test }) => fails.get(structureText(test))).map(({ sacrifice }) => sacrifice);
    if (sacrificed.length === 0) return hidden;
    hidden = new Set([...hidden, ...sacrificed]);
  }
}

function closeChecked({ plan, sizes }: LineTests, hidden: ReadonlySet<number>): Closure {
  const closure = plan.close(hidden);
  for (const group of hidden) assert(closure.hidden.has(group), `closing shows group ${group} again`);
  const named = [...closure.hidden, ...closure.lines.map(({ sacrifice }) => sacrifice)];
  for (const group of named) assert(group in plan.groups, `there is no group ${group}`);
  for (const { test } of closure.lines) checkTest(test, sizes.length);
  return closure;
}

/** Adds to `fails` the tests that are not in it, by their text. */
async function testLines(
  { session, transcript, sizes, zerosShown, announce }: LineTests,
  lines: readonly HiddenLine[],
  fails: Map<string, boolean>,
  step: string,
): Promise<void> {
  const untested = new Map(lines.map(({ test }) => [structureText(test), test]));
  for (const text of fails.keys()) untested.delete(text);
  if (untested.size === 0) return;
  const asked = [...untested.values()].map((test) => [settleZero(test, zerosShown)]);
  const { bits, questions } = await testSizes(session, sizes, asked, step);
  let answers = questions.map(() => false);
  if (bits.length > 0) {
    await verifyClaims(session, transcript, `${step}/verify`);
    announce();
    await compareTranscripts(session, transcript, `${step}/ready`);
    const places = questions.map(({ zerosShown: place }) => place);
    answers = await openBits(session, bits, places, transcript, `${step}/open`);
  }
  [...untested.keys()].forEach((text, index) => fails.set(text, answers[index] as boolean));
  session.field.release(bits);
}

/** The same test once it is known whether zeros may be shown. */
export function settleZero(test: SizeTest, zerosShown: boolean): SizeTest {
  return test.zero === "ifShown" ? { ...test, zero: zerosShown ? "passes" : "fails" } : test;
}
