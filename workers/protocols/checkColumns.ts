/**
 * Checks, over shares, that the columns of a dataset satisfy constraints of degree 2 on every row, and opens one number:
 * 0 if they do.
 *
 * Adversary: an owner that deals anything, together with at most t malicious workers of 2t + 1 participants. Needed of the
 * dealing: the shares of all honest participants lie on polynomials of degree t (`sharing/combineDealing.ts`); then t + 1
 * of them fix the columns, whatever liars hold.
 * Sound: with a row that breaks a constraint, y = Σ_{c,row} β^(c·rows + row)·(Σ left·right − linear) is a polynomial in β that
 * is not zero, fixed before β opens: 0 with probability below C·rows/r. All that computes it, and the factor that blinds it, is
 * verified before it opens, also when liars and owner know every column. So liars can make the check abort; they cannot
 * make bad columns pass or good ones fail.
 * Private: ρ·y opens, ρ uniform and unknown: 0 of columns that are well-formed, otherwise a random number.
 */
import type { FieldVector } from "../field/field.ts";
import { scalarPower } from "../field/scalarPower.ts";
import type { ColumnForm, RowConstraint } from "../messages/constraints.ts";
import { ledgerOf } from "./claimLedger.ts";
import { drawChallenge } from "./drawChallenge.ts";
import { takeSharedMask } from "./masks.ts";
import { multiplyVectors } from "./multiply.ts";
import { openShares } from "./openShares.ts";
import { reduceDegree } from "./reduceDegree.ts";
import { checkSession } from "./session.ts";
import type { ProtocolSession } from "./session.ts";
import { compareTranscripts, Transcript } from "./transcript.ts";
import { verifyClaims } from "./verifyClaims.ts";

/** This participant's shares, of degree t, of the columns that constraints index. */
export interface SharedTable {
  readonly columns: number;
  readonly rows: number;
  /** Rows [from, to) of one column: a new vector. */
  load(column: number, from: number, to: number): FieldVector;
}

export interface CheckOptions {
  /**
   * Products (distinct right factors × rows) that are computed and verified at once: 2^21 hold some 0.4 GB. More would
   * save rounds, of which a block takes 9 and 4 for each level of compression.
   */
  readonly blockProducts?: number;
}

const BLOCK_PRODUCTS = 1 << 21;

/** Σ left_g·right_g − linear, left_g already weighted: all constraints as one, with one entry per distinct right factor. */
interface WeightedConstraint {
  readonly lefts: readonly ColumnForm[];
  readonly rights: readonly ColumnForm[];
  readonly linear: ColumnForm;
}

/** One block of rows: Σ_rows u·constraint = <left, right> − linear. */
interface Block {
  readonly left: FieldVector;
  readonly right: FieldVector;
  /** A share of degree t. */
  readonly linear: bigint;
}

/**
 * Whether every constraint holds on every row; equal at all participants that follow the protocol.
 *
 * Degree t in. With B blocks: 2 rounds for β, for each block 2 and those of `verifyProducts` over its products, and 4: in
 * all B·(9 + 4·L) + 6. A party sends about as much as B verifications, whatever the number of rows. If it throws, nothing was
 * revealed, or the verdict alone to t peers. A session's keys serve one check.
 *
 * @param inputs which dataset this is, in words that are equal at all participants: compared before β
 * @throws CodedError PROTOCOL_WRONG_PARTICIPANTS | PROTOCOL_BAD_PAYLOAD | PROTOCOL_PRODUCTS_WRONG |
 *   PROTOCOL_INCONSISTENT_OPENING | PROTOCOL_TRANSCRIPT_MISMATCH | NETWORK_*
 */
export async function checkColumns(
  session: ProtocolSession,
  constraints: readonly RowConstraint[],
  table: SharedTable,
  inputs: string,
  { blockProducts = BLOCK_PRODUCTS }: CheckOptions = {},
): Promise<boolean> {
  checkSession(session);
  const { field } = session;
  const transcript = new Transcript();
  transcript.absorb("inputs", encodeTask(session, constraints, table, inputs));
  const beta = await drawChallenge(session, transcript, "weights");
  const constraint = weigh(session, constraints, beta, table.rows);
  const blockRows = Math.max(1, Math.floor(blockProducts / constraint.rights.length));
  let total = 0n;
  for (let from = 0; from < table.rows; from += blockRows) {
    const to = Math.min(from + blockRows, table.rows);
    const step = `rows/${from}`;
    const { left, right, linear } = evaluateBlock(session, constraint, table, { from, to, beta });
    const sum = await reduceSum(session, field.innerProduct(left, right), step);
    total = field.reduce(total + sum - linear);
    const combineLeft = ([weight]: readonly bigint[]): FieldVector => field.scale(left, weight as bigint);
    ledgerOf(session).claimInnerProducts([{ right, sums: [sum], combineLeft }]);
    const blinded = to === table.rows ? await blind(session, total) : undefined;
    await verifyClaims(session, transcript, `${step}/verify`);
    field.release(left);
    if (blinded !== undefined) return openVerdict(session, blinded, transcript);
  }
  throw new RangeError("a dataset has at least one row");
}

/** Constraints, data and size: participants that differ in any would check nonsense together. */
function encodeTask(
  { network, t }: ProtocolSession,
  constraints: readonly RowConstraint[],
  { columns, rows }: SharedTable,
  inputs: string,
): Uint8Array {
  const task = { constraints, inputs, columns, rows, t, parties: network.parties };
  return Buffer.from(JSON.stringify(task, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value)));
}

/** Constraint c weighs β^(c·rows). Products with one right factor join: Σ_c w_c·(L_c·R) = (Σ_c w_c·L_c)·R. */
function weigh(
  { field }: ProtocolSession,
  constraints: readonly RowConstraint[],
  beta: bigint,
  rows: number,
): WeightedConstraint {
  const byRight = new Map<string, { right: ColumnForm; left: Map<number, bigint> }>();
  const linear = new Map<number, bigint>();
  const step = scalarPower(field, beta, rows);
  let weight = 1n;
  for (const { products, linear: own } of constraints) {
    for (const { left, right } of products) {
      const key = right.map(([column, coefficient]) => `${column}:${coefficient}`).join();
      const entry = byRight.get(key) ?? { right, left: new Map<number, bigint>() };
      byRight.set(key, entry);
      addTo(entry.left, left, weight);
    }
    addTo(linear, own, weight);
    weight = field.reduce(weight * step);
  }
  const groups = [...byRight.values()];
  return {
    lefts: groups.map(({ left }) => [...left]),
    rights: groups.map(({ right }) => right),
    linear: [...linear],
  };

  function addTo(totals: Map<number, bigint>, form: ColumnForm, times: bigint): void {
    for (const [column, coefficient] of form) {
      totals.set(column, field.reduce((totals.get(column) ?? 0n) + times * coefficient));
    }
  }
}

/** Local. Row weights β^row go into the left factors. */
function evaluateBlock(
  { field }: ProtocolSession,
  { lefts, rights, linear }: WeightedConstraint,
  table: SharedTable,
  { from, to, beta }: { from: number; to: number; beta: bigint },
): Block {
  let sum = 0n;
  const [left, right] = field.scope(() => {
    const columns = Array.from({ length: table.columns }, (_, column) => table.load(column, from, to));
    const weights = field.scale(field.powers(beta, to - from), scalarPower(field, beta, from));
    const evaluate = (form: ColumnForm): FieldVector => evaluateForm(field, form, columns, to - from);
    sum = field.innerProduct(weights, evaluate(linear));
    const weighted = lefts.map((form) => field.mul(weights, evaluate(form)));
    return [field.concat(weighted), field.concat(rights.map(evaluate))] as const;
  });
  return { left, right, linear: sum };
}

function evaluateForm(
  field: ProtocolSession["field"],
  form: ColumnForm,
  columns: readonly FieldVector[],
  rows: number,
): FieldVector {
  if (form.length === 0) return field.zeros(rows);
  return field.linearCombination(
    form.map(([, coefficient]) => field.reduce(coefficient)),
    form.map(([column]) => columns[column] as FieldVector),
  );
}

/** Degree 2t in, t out. 2 rounds. */
async function reduceSum(session: ProtocolSession, sum: bigint, step: string): Promise<bigint> {
  const { field } = session;
  const unreduced = field.fromIntegers([sum]);
  const reduced = await reduceDegree(session, { unreduced }, step);
  const [share] = field.toResidues(reduced);
  field.release(unreduced, reduced);
  return share as bigint;
}

/** ρ·y, not verified yet. 2 rounds. */
async function blind(session: ProtocolSession, total: bigint): Promise<FieldVector> {
  const left = takeSharedMask(session, "verdict/factor", 1);
  const right = session.field.fromIntegers([total]);
  const [product] = (await multiplyVectors(session, [{ left, right }], "verdict/product")) as [FieldVector];
  session.field.release(left, right);
  return product;
}

async function openVerdict(session: ProtocolSession, product: FieldVector, transcript: Transcript): Promise<boolean> {
  await compareTranscripts(session, transcript, "verdict/ready");
  const [verdict] = await openShares(session, product, transcript, "verdict");
  session.field.release(product);
  return verdict === 0n;
}
