/**
 * The gate: evaluates a circuit over shared columns, tests the sizes of what it would disclose, and opens those of its
 * outputs that pass, and only these. The one function that opens outputs.
 *
 * Malicious workers, at most t of 2t + 1 participants: privacy holds, and every honest participant ends with the right
 * decisions and outputs or with an error. Products of rows and of the gate are verified together before the first bit
 * opens, those that follow an opening again before the next; whatever opens does so as shares of degree t, of which 2t + 1
 * leave no room for a lie. Not fair: t peers may know bits or outputs where this throws.
 * What may be revealed, in this order, each only after the one before: whether the adversary was caught; one bit, whether
 * the cohort's tests pass (if not: nothing else, ever); one bit, whether zeros may be shown; a bit per group of measures
 * that is tested; a bit per line, of hidden cells that could be told by subtraction or of shown ones that add up; the measures
 * of groups that are shown. A bit opens as 0 or as a uniform element. A sealed answer opens under a mask whose keys no t workers
 * hold: of it they learn the bits alone.
 * What it takes for granted: that the columns are shares of degree t of what was committed, and that plan and `close` are
 * those of the request: they are compared, so at least one honest participant derived them.
 * Rounds, message lengths and step names depend on the plan, the number of rows and the bits that opened only.
 */
import type { FieldVector } from "../field/field.ts";
import type { GatePlan } from "../messages/gatePlan.ts";
import { agreeMaskKeys } from "./agreeMaskKeys.ts";
import type { MaskKeys } from "./agreeMaskKeys.ts";
import type { GateRun } from "./gateRun.ts";
import { evaluateTask, openDecisions, releaseRun } from "./gateRun.ts";
import { NOTHING_KNOWN } from "./gateTask.ts";
import type { Known } from "./gateTask.ts";
import { hideLines } from "./hideLines.ts";
import { takeAnswerMask } from "./masks.ts";
import { openShares } from "./openShares.ts";
import { checkSession } from "./session.ts";
import type { ProtocolSession } from "./session.ts";
import { compareTranscripts } from "./transcript.ts";

/** What is about to open; `hidden`: indices of the measures that do not, ascending. */
export type GateOpening =
  { readonly stage: "tests" } | { readonly stage: "outputs"; readonly hidden: readonly number[] };

export interface GateHooks {
  /**
   * Durable and synchronous, before this worker tells the others that it is ready for the first bit ("tests"; also
   * when nothing is tested) and for the outputs ("outputs"): none of them opens any before all have said so. Throwing
   * ends the attempt with nothing opened in that stage, anywhere.
   */
  aboutToOpen(opening: GateOpening): void;
  /**
   * Given, the answer is sealed: its outputs open under a mask only. Called with the mask's keys before that of outputs:
   * what is needed to hand them to the recipients is durable when it returns, or it throws and no output opens.
   */
  seal?(keys: MaskKeys): void;
  /** Equal at all participants: not computed again. */
  readonly known?: Known;
  /**
   * Shares of degree t of what has just been verified. Takes over the product columns that were computed, by index; the outputs,
   * in the circuit's order, stay the gate's.
   */
  keep?(products: ReadonlyMap<number, FieldVector>, outputs: FieldVector): void;
}

export type GateResult =
  | { readonly refused: true }
  | {
      readonly refused: false;
      /** Indices of measures, ascending. */
      readonly hidden: readonly number[];
      /** All measures as canonical residues; 0 where hidden. Of a sealed answer each with its mask added, hidden ones too. */
      readonly outputs: readonly bigint[];
      /** Of a sealed answer: keccak256 of the mask's keys, in the subsets' lexicographic order. */
      readonly maskKeyHashes?: readonly string[];
    };

/**
 * Opens what the plan lets pass; the same result at all participants that follow the protocol. Degree t in, values out.
 *
 * Rounds: 1 to compare; those of `evaluateCircuit`, `testSizes` and `verifyClaims` for all products together; 1 to compare
 * and 1 each for cohort, zeros and groups, where they are tested; for each turn of lines that are not tested yet those of
 * `testSizes` and `verifyClaims` and 2; 2 for the outputs, 3 when sealed. A party sends what these send, 2t elements for each bit and each
 * output that opens, and 2t hashes for each comparison. A session's keys serve one plan: a second one would reuse masks
 * and is refused by an assertion.
 *
 * @param columns this participant's degree-t shares of the circuit's columns, in its order, all of one length
 * @param inputs which data these are, in words that are equal at all participants: compared, like the plan, before the
 *   first product
 * @throws CodedError PROTOCOL_WRONG_PARTICIPANTS | PROTOCOL_WRONG_COLUMNS | PROTOCOL_BAD_PAYLOAD | PROTOCOL_PRODUCTS_WRONG |
 *   PROTOCOL_INCONSISTENT_OPENING | PROTOCOL_TRANSCRIPT_MISMATCH | PROTOCOL_KEY_MISMATCH | NETWORK_* | whatever a hook
 *   throws
 */
export async function openThroughGate(
  session: ProtocolSession,
  plan: GatePlan,
  columns: readonly FieldVector[],
  inputs: string,
  hooks: GateHooks,
): Promise<GateResult> {
  checkSession(session);
  const task = { plan, columns, inputs, known: hooks.known ?? NOTHING_KNOWN, isSealed: hooks.seal !== undefined };
  const run = await evaluateTask(session, task, hooks);
  const hidden = await decide(run);
  if (hidden === undefined) {
    releaseRun(run);
    return { refused: true };
  }
  const maskKeys = hooks.seal === undefined ? undefined : await agreeMaskKeys(session, run.transcript);
  if (maskKeys !== undefined) hooks.seal?.(maskKeys);
  hooks.aboutToOpen({ stage: "outputs", hidden: hiddenMeasures(run.plan, hidden) });
  await compareTranscripts(session, run.transcript, "outputs/ready");
  const result = maskKeys === undefined ? await openMeasures(run, hidden) : await openSealed(run, hidden, maskKeys);
  releaseRun(run);
  return result;
}

/** The hidden groups, or undefined: refused, and then nothing else may open. */
async function decide(run: GateRun): Promise<ReadonlySet<number> | undefined> {
  const { plan } = run;
  const decisions = await openDecisions(run);
  if (decisions === undefined) return undefined;
  const { zerosShown, fails } = decisions;
  const failing = new Set(
    plan.groups.flatMap(({ within }, group) =>
      fails[group] || (within !== undefined && fails[within]) ? [group] : [],
    ),
  );
  return hideLines({ ...run, zerosShown }, failing);
}

/** Shares of what is hidden are not sent to anyone. */
async function openMeasures(run: GateRun, hiddenGroups: ReadonlySet<number>): Promise<GateResult> {
  const { session, plan, transcript, measures } = run;
  const hidden = hiddenMeasures(plan, hiddenGroups);
  const places = new Set(hidden);
  const shown = Array.from({ length: plan.measures }, (_, index) => index).filter((index) => !places.has(index));
  const shares = session.field.gather(measures, shown);
  const opened = await openShares(session, shares, transcript, "outputs");
  session.field.release(shares);
  const outputs = new Array<bigint>(plan.measures).fill(0n);
  shown.forEach((index, position) => (outputs[index] = opened[position] as bigint));
  return { refused: false, hidden, outputs };
}

/** The shown measures under the mask, and the mask alone in place of hidden ones. */
async function openSealed(run: GateRun, hiddenGroups: ReadonlySet<number>, { hashes }: MaskKeys): Promise<GateResult> {
  const { session, plan, transcript, measures } = run;
  const { field } = session;
  const hidden = hiddenMeasures(plan, hiddenGroups);
  const places = new Set(hidden);
  const shares = field.scope(() => {
    const zero = field.zeros(1);
    const shown = Array.from({ length: plan.measures }, (_, index) => (places.has(index) ? plan.measures : index));
    const own = field.gather(field.concat([measures, zero]), shown);
    return field.add(own, takeAnswerMask(session, plan.measures));
  });
  const outputs = await openShares(session, shares, transcript, "outputs");
  field.release(shares);
  return { refused: false, hidden, outputs, maskKeyHashes: hashes };
}

function hiddenMeasures({ groups }: GatePlan, hiddenGroups: ReadonlySet<number>): number[] {
  const hidden = groups.flatMap(({ outputs }, group) => (hiddenGroups.has(group) ? outputs : []));
  return hidden.sort((left, right) => left - right);
}
