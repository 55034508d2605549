/**
 * Chooses which neighbouring lines of values are merged, for one output after another: greedily from the first line on, an
 * interval ends where no slice of it counts few rows any more; lines that are left over at the end join the interval before.
 *
 * Malicious workers, at most t of 2t + 1: as in `gate.ts`. What may be revealed, in this order: whether the adversary was
 * caught; one bit, whether the cohort's tests pass (if not: nothing else, ever); one bit, whether zeros may be counted; a
 * bit per slice of the table, whether an output counts few rows of it over all lines together, as such a slice has no say;
 * and of one interval after another, as the choice goes on, whether it has few rows in any other slice: what the choice
 * says. Sizes never open. The same choice comes of the same data, whoever takes part.
 */
import type { FieldVector } from "../field/field.ts";
import type { GatePlan, LinePlan, SizeTest } from "../messages/gatePlan.ts";
import type { GateRun, RunHooks } from "./gateRun.ts";
import { evaluateTask, openDecisions, releaseRun } from "./gateRun.ts";
import { checkTest, NOTHING_KNOWN } from "./gateTask.ts";
import { settleZero } from "./hideLines.ts";
import { openBits } from "./openBits.ts";
import type { Merges } from "../messages/merges.ts";
import { checkSession } from "./session.ts";
import type { ProtocolSession } from "./session.ts";
import { testSizes } from "./sizeTests.ts";
import { compareTranscripts } from "./transcript.ts";
import { verifyClaims } from "./verifyClaims.ts";

export type ChosenLines = { readonly refused: true } | { readonly refused: false; readonly merges: Merges };

/**
 * Degree t in, public out; the same at all participants that follow the protocol.
 *
 * Rounds: those of the gate up to its groups' bits; then, of each output that has several lines, those of `testSizes` and
 * `verifyClaims`, 1 to compare, and 1 for each interval that is tried, fewer than twice as many as lines. A party sends what these
 * send, 2t elements for each bit that opens, and 2t hashes for each comparison. A session's keys serve one plan: the gate that
 * follows has keys of its own. If it throws, t peers may know the bits that have opened, and the one that was about to.
 *
 * @param columns this participant's degree-t shares of the circuit's columns, in its order, all of one length
 * @param inputs which data these are, in words that are equal at all participants
 * @throws CodedError as `openThroughGate`
 */
export async function chooseLines(
  session: ProtocolSession,
  plan: LinePlan,
  columns: readonly FieldVector[],
  inputs: string,
  hooks: Pick<RunHooks, "aboutToOpen">,
): Promise<ChosenLines> {
  checkSession(session);
  const task = { plan: slicePlan(plan), columns, inputs, known: NOTHING_KNOWN, isSealed: false };
  const run = await evaluateTask(session, task, hooks);
  const decisions = await openDecisions(run);
  const merges = decisions === undefined ? undefined : await choose(run, plan, decisions);
  releaseRun(run);
  return merges === undefined ? { refused: true } : { refused: false, merges };
}

/** A group for each slice, which shows nothing: whether any output counts few rows of it over all lines. */
function slicePlan({ circuit, cohort, zeros, slices, lines, starts, tests }: LinePlan): GatePlan {
  const groups = Array.from({ length: slices }, (_, slice) => ({
    outputs: [],
    tests: starts.flatMap((__, output) => tests(output, slice, 0, lines - 1)),
  }));
  return { circuit, measures: 0, cohort, zeros, groups, close: (hidden) => ({ hidden, lines: [] }) };
}

/** Whether lines first..last together count few rows. */
type Fails = (first: number, last: number) => Promise<boolean>;

async function choose(
  run: GateRun,
  { starts, lines, tests }: LinePlan,
  { zerosShown, fails }: { readonly zerosShown: boolean; readonly fails: readonly boolean[] },
): Promise<Merges> {
  const slices = fails.flatMap((isSmall, slice) => (isSmall ? [] : [slice]));
  const merges: (readonly number[])[] = [];
  for (const [output, own] of starts.entries()) {
    if (slices.length === 0 || own.length === 1) {
      merges.push([0]);
      continue;
    }
    const ofSlices = (first: number, last: number): SizeTest[] =>
      slices.flatMap((slice) => tests(output, slice, first, last).map((test) => settleZero(test, zerosShown)));
    const asked = await ask(run, own, lines, ofSlices, `output/${output}`);
    merges.push(await merge(own, lines, asked.fails));
    run.session.field.release(asked.bits);
  }
  return merges;
}

/**
 * Tests all intervals that may be tried, from any start to any end that is not before it; verified before the first bit of them
 * opens. A bit opens when it is asked for.
 */
async function ask(
  { session, transcript, sizes, announce }: GateRun,
  starts: readonly number[],
  end: number,
  tests: (first: number, last: number) => readonly SizeTest[],
  step: string,
): Promise<{ readonly fails: Fails; readonly bits: FieldVector }> {
  const ends = [...starts.slice(1), end];
  const tried = starts.flatMap((first, at) =>
    ends.slice(at).map((next) => ({ first, last: next - 1, tests: tests(first, next - 1) })),
  );
  for (const each of tried) for (const test of each.tests) checkTest(test, sizes.length);
  transcript.absorbStructure(step, tried);
  const { bits, questions } = await testSizes(
    session,
    sizes,
    tried.map((each) => each.tests),
    step,
  );
  if (bits.length > 0) {
    await verifyClaims(session, transcript, `${step}/verify`);
    announce();
    await compareTranscripts(session, transcript, `${step}/ready`);
  }
  const places = new Map(tried.map(({ first, last }, at) => [`${first}-${last}`, questions[at]!.zerosShown]));
  const fails: Fails = async (first, last) => {
    const interval = `${first}-${last}`;
    const [isSmall] = await openBits(session, bits, [places.get(interval)], transcript, `${step}/${interval}`);
    return isSmall === true;
  };
  return { fails, bits };
}

/** The starts that begin an interval; the first alone where all together must be one. */
async function merge(starts: readonly number[], end: number, fails: Fails): Promise<number[]> {
  const found: number[] = [];
  let from = 0;
  for (const at of starts.keys()) {
    const next = starts[at + 1] ?? end;
    if (await fails(from, next - 1)) continue;
    found.push(from);
    from = next;
  }
  while (from < end) {
    from = found.pop() ?? 0;
    if (found.length === 0) return [0];
    if (await fails(from, end - 1)) continue;
    return [...found, from];
  }
  return found;
}
