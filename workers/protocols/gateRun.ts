/**
 * What the gate and the choice of lines have in common: a circuit is evaluated and sizes are tested, all products are verified, and
 * bits open in one order: whether the cohort's tests fail, whether zeros may be shown, which groups' tests fail.
 *
 * Malicious workers, at most t of 2t + 1: as in `gate.ts`.
 */
import type { FieldVector } from "../field/field.ts";
import type { GatePlan, SizeTest } from "../messages/gatePlan.ts";
import { evaluateCircuit } from "./evaluateCircuit.ts";
import type { GateTask, KnownShares } from "./gateTask.ts";
import { checkTask, describeTask, rowsOf } from "./gateTask.ts";
import { settleZero } from "./hideLines.ts";
import { openBits } from "./openBits.ts";
import type { ProtocolSession } from "./session.ts";
import type { TestBits } from "./sizeTests.ts";
import { testSizes } from "./sizeTests.ts";
import { compareTranscripts, Transcript } from "./transcript.ts";
import { verifyClaims } from "./verifyClaims.ts";

export interface RunHooks {
  /** Durable and synchronous, before this worker tells the others that it is ready for the first bit. Throwing ends the attempt. */
  aboutToOpen(opening: { readonly stage: "tests" }): void;
  /** Takes over the product columns that were computed, by index; the outputs stay the caller's. */
  keep?(products: ReadonlyMap<number, FieldVector>, outputs: FieldVector): void;
}

/** Everything verified, nothing opened; shares are this party's, of degree t. */
export interface GateRun {
  readonly session: ProtocolSession;
  readonly plan: GatePlan;
  readonly transcript: Transcript;
  readonly measures: FieldVector;
  readonly sizes: FieldVector;
  /** Of the cohort, of zeros, then of the groups. */
  readonly tests: TestBits;
  /** Records, the first time, that bits are about to open. */
  readonly announce: () => void;
}

/**
 * Everything that the first bits need, verified. Degree t in and out. 1 round of 2t hashes, to compare what is computed; then rounds and
 * elements of `evaluateCircuit`, `testSizes` and `verifyClaims`. If it throws, peers hold masked values, and know at most whether
 * errors were made: nothing of what is shared.
 *
 * @throws CodedError PROTOCOL_WRONG_COLUMNS | PROTOCOL_WRONG_PARTICIPANTS | PROTOCOL_BAD_PAYLOAD | PROTOCOL_PRODUCTS_WRONG |
 *   PROTOCOL_TRANSCRIPT_MISMATCH | PROTOCOL_INCONSISTENT_OPENING | NETWORK_* | what a hook throws
 */
export async function evaluateTask(session: ProtocolSession, task: GateTask, hooks: RunHooks): Promise<GateRun> {
  const { field } = session;
  const { plan, columns, known } = task;
  const rows = rowsOf(plan.circuit, columns);
  checkTask(task, rows);
  const transcript = new Transcript();
  transcript.absorbStructure("inputs", describeTask(session, task, rows));
  await compareTranscripts(session, transcript, "inputs/ready");
  const shares = { products: sharesOf(known.products), outputs: sharesOf(known.outputs) };
  const { outputs, products } = await evaluateCircuit(session, plan.circuit, columns, rows, shares);
  const measures = field.view(outputs, 0, plan.measures);
  const sizes = field.view(outputs, plan.measures, outputs.length);
  const tests = await testSizes(session, sizes, testsOf(plan), "gate");
  await verifyClaims(session, transcript, "verify");
  if (hooks.keep === undefined) field.release(...products.values());
  else hooks.keep(products, outputs);
  field.release(outputs);
  return {
    session,
    plan,
    transcript,
    measures,
    sizes,
    tests,
    announce: once(() => hooks.aboutToOpen({ stage: "tests" })),
  };
}

function sharesOf(known: ReadonlyMap<number, KnownShares>): Map<number, FieldVector> {
  return new Map([...known].map(([index, { shares }]) => [index, shares]));
}

/** Both ways where zeros are yet to be decided; where no test decides it, they may be shown. */
function testsOf({ cohort, zeros, groups }: GatePlan): (readonly SizeTest[])[] {
  const settle = (tests: readonly SizeTest[]): readonly SizeTest[] =>
    zeros.length > 0 ? tests : tests.map((test) => settleZero(test, true));
  return [cohort, zeros, ...groups.map(({ tests }) => settle(tests))];
}

/** What the first bits say. */
export interface Decisions {
  readonly zerosShown: boolean;
  /** By group: whether any of its tests fails. */
  readonly fails: readonly boolean[];
}

/**
 * Undefined: the cohort's tests fail, and then nothing else may open. Degree t in, bits out. 1 round of 2t hashes to compare, and 1 each for cohort, zeros and groups, where they are, of 2t elements for each bit. If it throws, t peers may
 * know the bits of these rounds up to the one that failed.
 *
 * @throws CodedError PROTOCOL_TRANSCRIPT_MISMATCH | PROTOCOL_INCONSISTENT_OPENING | PROTOCOL_* | NETWORK_* | what a hook throws
 */
export async function openDecisions(run: GateRun): Promise<Decisions | undefined> {
  const { session, transcript, tests, announce } = run;
  const [cohort, zeros, ...groups] = tests.questions;
  // Also where nothing is tested: outputs open only after everybody has recorded that something may (`store/disclosureStore.ts`).
  announce();
  await compareTranscripts(session, transcript, "tests/ready");
  const open = (places: readonly (number | undefined)[], step: string): Promise<boolean[]> =>
    openBits(session, tests.bits, places, transcript, step);
  const [isRefused] = await open([cohort?.zerosShown], "cohort");
  if (isRefused) return undefined;
  const [areZerosHidden] = await open([zeros?.zerosShown], "zeros");
  const zerosShown = !areZerosHidden;
  const variants = groups.map((group) => (zerosShown ? group.zerosShown : group.zerosHidden));
  return { zerosShown, fails: await open(variants, "groups") };
}

export function releaseRun({ session: { field }, measures, sizes, tests }: GateRun): void {
  field.release(measures, sizes, tests.bits);
}

function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) act();
    isDone = true;
  };
}
