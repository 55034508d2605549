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
 * Rounds: those of the gate up to its groups' bits; then, of each output, for units and for the lines within them, where there are
 * several, those of `testSizes` and `verifyClaims`, 1 to compare, and 1 for each interval that is tried, fewer than twice as
 * many as units or lines. A session's keys serve one plan: the gate that follows has keys of its own.
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
function slicePlan({ circuit, cohort, zeros, slices, lines, units, lineTests }: LinePlan): GatePlan {
  const groups = Array.from({ length: slices }, (_, slice) => ({
    outputs: [],
    tests: units.flatMap((__, output) => lineTests(output, slice, 0, lines - 1)),
  }));
  return { circuit, measures: 0, cohort, zeros, groups, close: (hidden) => ({ hidden, lines: [] }) };
}

/** Whether lines first..last together count few rows. */
type Fails = (first: number, last: number) => Promise<boolean>;

/** Of one output, and of the slices that have a say. */
type Tests = (first: number, last: number) => readonly SizeTest[];

async function choose(
  run: GateRun,
  plan: LinePlan,
  { zerosShown, fails }: { readonly zerosShown: boolean; readonly fails: readonly boolean[] },
): Promise<Merges> {
  const slices = fails.flatMap((isSmall, slice) => (isSmall ? [] : [slice]));
  const merges: (readonly number[])[] = [];
  for (const [output, units] of plan.units.entries()) {
    const of =
      (tests: LinePlan["lineTests"]): Tests =>
      (first, last) =>
        slices.flatMap((slice) => tests(output, slice, first, last).map((test) => settleZero(test, zerosShown)));
    const own = { lineTests: of(plan.lineTests), unitTests: of(plan.unitTests) };
    merges.push(slices.length === 0 ? [0] : await chooseOf(run, units, plan.lines, own, `output/${output}`));
  }
  return merges;
}

async function chooseOf(
  run: GateRun,
  units: readonly number[],
  lines: number,
  { lineTests, unitTests }: { readonly lineTests: Tests; readonly unitTests: Tests },
  step: string,
): Promise<readonly number[]> {
  const ends = (starts: readonly number[], end: number): number[] => [...starts.slice(1), end].map((next) => next - 1);
  const askedUnits = await ask(run, [{ starts: units, ends: ends(units, lines) }], unitTests, `${step}/units`);
  const chosen = await merge(units, lines, askedUnits.fails);
  // A unit by itself may be told in parts; one that is merged with others is too small as it is.
  const single = chosen.flatMap((first, at) => {
    const end = chosen[at + 1] ?? lines;
    const isUnit = units.filter((unit) => unit >= first && unit < end).length === 1;
    return isUnit ? [{ first, starts: Array.from({ length: end - first }, (_, line) => first + line), end }] : [];
  });
  const runs = single.map(({ starts, end }) => ({ starts, ends: ends(starts, end) }));
  const askedLines = await ask(run, runs, lineTests, `${step}/lines`);
  const found: number[] = [];
  for (const first of chosen) {
    const unit = single.find((each) => each.first === first);
    found.push(...(unit === undefined ? [first] : await merge(unit.starts, unit.end, askedLines.fails)));
  }
  run.session.field.release(askedUnits.bits, askedLines.bits);
  return found;
}

/** Intervals that may be tried: from any start to any end that is not before it. */
interface Run {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** Tests all that may be tried, verified before the first bit of them opens; a bit opens when it is asked for. */
async function ask(
  { session, transcript, sizes, announce }: GateRun,
  runs: readonly Run[],
  tests: Tests,
  step: string,
): Promise<{ readonly fails: Fails; readonly bits: FieldVector }> {
  const several = runs.filter(({ starts }) => starts.length > 1);
  const tried = several.flatMap(({ starts, ends }) =>
    starts.flatMap((first, at) => ends.slice(at).map((last) => ({ first, last, tests: tests(first, last) }))),
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

/**
 * @param starts first lines of what is merged, or not, as a whole
 * @returns those that begin an interval; the first alone where only all together do not fail
 */
async function merge(starts: readonly number[], end: number, fails: Fails): Promise<number[]> {
  const [first] = starts;
  if (first === undefined || starts.length === 1) return [...starts];
  const found: number[] = [];
  let from = first;
  for (const at of starts.keys()) {
    const next = starts[at + 1] ?? end;
    if (await fails(from, next - 1)) continue;
    found.push(from);
    from = next;
  }
  while (from < end) {
    const before = found.pop();
    if (before === undefined) return [first];
    from = before;
    if (found.length === 0) return [first];
    if (await fails(from, end - 1)) continue;
    return [...found, from];
  }
  return found;
}
