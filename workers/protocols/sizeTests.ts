/**
 * From shares of sizes to shares of bits that tell whether tests fail, and nothing else.
 *
 * A test fails when its number x is one of first … last. Z = ∏ (x − i) over these is zero exactly then; a question asks
 * whether any of several tests fails, so its bit is ρ·∏ Z, with a ρ of its own that is uniform and unknown to any t
 * parties (PRSS): opened, it is 0 when one fails and uniform otherwise. A ρ that is 0 makes a test fail that passes, with
 * probability 1/r.
 * Few products make a Z: with s = first + last and y = x·(x − s), (x − i)·(x − (s − i)) = y + i·(s − i) is linear in y, so that
 * pairs of factors cost nothing more; a middle one, x − s/2, is linear in x.
 * A test that also fails at zero when zeros may not be shown is asked both ways: ρ·∏ Z, and ρ'·∏ Z·∏ x over such tests. They
 * share ∏ Z, not ρ. Only one of the two may ever be opened.
 *
 * Malicious workers, at most t of 2t + 1: every product is a claim on the session's ledger, so no bit opens before all are
 * verified. Every size that is tested is part of a factor of one of these claims, as ρ is multiplied to every bit.
 */
import type { Field, FieldVector } from "../field/field.ts";
import type { SizeTest } from "../messages/gatePlan.ts";
import { takeSharedMask } from "./masks.ts";
import { multiplyVectors } from "./multiply.ts";
import { multiplyTrees } from "./multiplyTrees.ts";
import type { ProtocolSession } from "./session.ts";
import { firstFailing, plantForest } from "./testForest.ts";
import type { Forest, Question } from "./testForest.ts";

export interface TestBits {
  /** This party's shares, of degree t: zero where a test fails. */
  readonly bits: FieldVector;
  /** In the order asked. */
  readonly questions: readonly Question[];
}

/**
 * One bit for each question, or two, unless it cannot fail. Degree t in and out. With N₂ tests that fail at two values or
 * more, F = Σ ⌈(failing values)/2⌉ factors, over Q questions that have any, W tests "ifShown", and C bits with factors:
 * N₂ + (F − Q) + W + C products, of which a party sends about 3t/(2t+1) elements each. 2 rounds for the y, if there are any,
 * 2 for each of ⌈log₂(most factors of a question, or its tests "ifShown" and one)⌉ levels, 2 for the C products with ρ. If it
 * throws, peers hold masked values only.
 *
 * @param sizes this party's shares of degree t; tests refer to its elements
 * @param step names the rounds and the masks: unique within the session's keys
 * @throws CodedError PROTOCOL_WRONG_PARTICIPANTS | PROTOCOL_BAD_PAYLOAD | NETWORK_*
 */
export async function testSizes(
  session: ProtocolSession,
  sizes: FieldVector,
  asked: readonly (readonly SizeTest[])[],
  step: string,
): Promise<TestBits> {
  const { field } = session;
  const forest = plantForest(asked);
  const x = evaluateTests(field, sizes, forest.tests);
  const y = await multiplyEnds(session, x, forest, `${step}/pairs`);
  const leaves = field.scope(() => {
    const rho = takeSharedMask(session, `${step}/rho`, forest.bits.length);
    const pool = field.concat([x, y, rho]);
    const constants = publicVector(field, forest.leaves.constants);
    return field.add(field.gather(pool, forest.leaves.indices), constants);
  });
  const roots = await multiplyTrees(session, leaves, forest.counts, `${step}/tree`);
  const bits = await joinRoots(session, roots, forest, `${step}/bits`);
  field.release(x, y, leaves, roots);
  return { bits, questions: forest.questions };
}

/** x of every test: linear in the sizes, so local. */
function evaluateTests(field: Field, sizes: FieldVector, tests: readonly SizeTest[]): FieldVector {
  const most = tests.reduce((longest, { terms }) => Math.max(longest, terms.length), 0);
  return field.scope(() => {
    let x = publicVector(
      field,
      tests.map(({ constant }) => constant),
    );
    for (let place = 0; place < most; place++) {
      const terms = tests.map((test) => test.terms[place] ?? [0, 0]);
      const chosen = field.gather(
        sizes,
        terms.map(([size]) => size),
      );
      const coefficients = publicVector(
        field,
        terms.map(([, coefficient]) => coefficient),
      );
      x = field.add(x, field.mul(coefficients, chosen));
    }
    return x;
  });
}

/** y = x·(x − first − last) of the tests that fail at two values or more. */
async function multiplyEnds(
  session: ProtocolSession,
  x: FieldVector,
  { tests, paired }: Forest,
  step: string,
): Promise<FieldVector> {
  const { field } = session;
  if (paired.length === 0) return field.zeros(0);
  const left = field.gather(x, paired);
  const right = field.scope(() => {
    const sums = paired.map(
      (position) => firstFailing(tests[position] as SizeTest) + (tests[position]?.last as number),
    );
    return field.sub(left, publicVector(field, sums));
  });
  const [y] = (await multiplyVectors(session, [{ left, right }], step)) as [FieldVector];
  field.release(left, right);
  return y;
}

/** ∏ Z · (ρ or ρ'·∏ x), for the bits that have a ∏ Z; the others are roots already. */
async function joinRoots(
  session: ProtocolSession,
  roots: FieldVector,
  { bits }: Forest,
  step: string,
): Promise<FieldVector> {
  const { field } = session;
  const factors = bits.flatMap((bit) => bit.factors ?? []);
  const masks = bits.flatMap((bit) => (bit.factors === undefined ? [] : bit.mask));
  const pair = { left: field.gather(roots, factors), right: field.gather(roots, masks) };
  const [product] = factors.length === 0 ? [pair.left] : await multiplyVectors(session, [pair], step);
  let joined = 0;
  const places = bits.map((bit) => (bit.factors === undefined ? factors.length + bit.mask : joined++));
  const result = field.scope(() => field.gather(field.concat([product as FieldVector, roots]), places));
  field.release(...new Set([pair.left, pair.right, product as FieldVector]));
  return result;
}

/** Small integers that all know, as a vector: a BigInt per distinct one only. */
function publicVector(field: Field, values: readonly number[]): FieldVector {
  const distinct = [...new Set(values)];
  const places = new Map(distinct.map((value, place) => [value, place]));
  return field.scope(() =>
    field.gather(
      field.fromIntegers(distinct.map(BigInt)),
      values.map((value) => places.get(value) as number),
    ),
  );
}
