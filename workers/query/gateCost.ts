/**
 * What the gate adds to a query's cost, from public text and counts alone: a quote, for vetters and queriers.
 *
 * A test of a size x that fails at 0..m opens a random multiple of ∏ (x − i). The factors i and m − i multiply to
 * x² − m·x + i·(m − i), linear in x²; with one product for x², ceil((m+1)/2) factors to multiply, and one for the mask,
 *
 *   F(m) = 1 + ceil((m+1)/2) products, at a depth of 1 + ceil(log2(1 + ceil((m+1)/2))),
 *
 * or 2 + ceil(m/2) where 0 is a factor by itself, in the bit for answers that show no zeros.
 *
 * With C cells, G sets (cells × sets per cell, and the cohort), H owners (0 when there is one), E earlier distinct sets, V sums that no
 * patient's values make negative (2 of a field of three values or more, 4 of a product of two, 3 of squares of four values or more and one
 * for each two neighbours, up to 64; as many of what is left where one field, or its square, is summed over two sets), to which a patient adds 0 or at least v, and of a
 * table S sets per cell, T of them with a sum, and L lines of two cells or more:
 *
 *   lines that may be merged, of m lines      C·O·(m + 1)/2·(1 + H) tests of C cells and O outputs, m = k − 1
 *   own sizes, and beside each owner's own    G·(1 + H) tests    m = k − 1
 *   whether zeros may be shown, of a table    1 + H tests        m = k·cells − 1
 *   sums of values near the least they can be C·V·(1 + H)        m = v·k − 1, below 5,500
 *   pairs, all rows being one of the others   G·(E + 1)          m = k − 1
 *   pairs with all rows of an owner           G·H                m = k − 1
 *   triples, in three signs                   G·3·C(E + 1, 2)    m = 4(k − 1)
 *   shown cells together                      S·(E + 1)          m = k − 1
 *   sums over lines: pairs, triples           T·L·E, T·L·3·C(E, 2)
 *
 * and of a table one product more for each group, whose second bit is for answers that show no zeros. Triples look at the last 64
 * distinct sets, all rows always among them. Exemptions, and sets tested before, make it less. Not counted are two sets of the answer, with
 * each other and with one of the others: up to 3·C(G, 2)·(E + 1); pairs with all rows of a version, or of what an earlier answer was
 * about: G for each; sets against what cells of earlier answers add up to, hidden ones too: G for each of these; shown cells that are all
 * in an earlier set, by themselves; values that are apart from all others, and what they leave; what several sets leave of one; sums that counts by number tell; three sets of one cell with sums of one column; growths; what is tested once cells are hidden; and what finds the sizes,
 * which is linear in rows like the query itself. Rounds are with one turn for what shown cells add up to, as deep as the others; each in
 * which some are hidden adds as many at most.
 */
import type { Descriptor } from "../messages/descriptor.ts";
import { AtomOp, Finish } from "../messages/descriptor.ts";
import type { SchemaField, StudySchema } from "../schema/studySchema.ts";
import { MOST_FAILING, MOST_NEIGHBOURS } from "../messages/gateLimits.ts";
import { valueAxis } from "../messages/valueAxis.ts";
import { axisSizes, cellCount, cellsWithin } from "./axisSizes.ts";
import { isTwoValued, summedFields, valuesSummed } from "./disclosedSets.ts";

/** Distinct sets that triples are formed of, all rows among them. */
const MAX_DISTINCT_SETS = 64;
const ROUNDS_PER_LEVEL = 2;
/**
 * The cohort's bit; whether zeros may be shown; every set's; counted as if transcripts were compared before each, though once
 * is enough.
 */
const OPENINGS = 3;
const ROUNDS_PER_OPENING = 2;

/** The slices' bits, and each output's; then the gate of what was merged. */
const LINE_STAGES = 3;

export interface GateCostFacts {
  /** The study's. */
  readonly k: number;
  /** Data owners whose datasets are asked. */
  readonly owners: number;
  /** Distinct sets disclosed by earlier answers on the same data. */
  readonly earlier: number;
}

export interface GateCost {
  /** Sets that an answer discloses: G. */
  readonly setsPerAnswer: number;
  readonly tests: number;
  /** Multiplications, whatever the number of rows. */
  readonly products: number;
  /** Messages that wait for one another, besides those of the verification. */
  readonly rounds: number;
}

export function gateCost(descriptor: Descriptor, schema: StudySchema, { k, owners, earlier }: GateCostFacts): GateCost {
  const cells = cellCount(descriptor.steps[0]!, schema);
  const perCell = setsPerCell(descriptor, schema);
  const sets = cells * perCell + 1;
  const isTable = cells > 1;
  const together = isTable ? perCell : 0;
  const lines = linesOf(descriptor, schema) * sumsPerCell(descriptor);
  const recentSums = Math.min(earlier, MAX_DISTINCT_SETS);
  const others = earlier + 1;
  const recent = Math.min(others, MAX_DISTINCT_SETS);
  const beside = owners > 1 ? owners : 0;
  const tried = triedIntervals(descriptor, cells);
  const secondBits = isTable ? cells * perCell : 0;
  const tests: readonly (readonly [count: number, last: number, isZeroApart?: boolean])[] = [
    [tried * (1 + beside), k - 1],
    [sets * (1 + beside), k - 1, isTable],
    [isTable ? 1 + beside : 0, k * cells - 1],
    ...boundedSums(descriptor, schema, k).map(
      ([count, least]) => [cells * count * (1 + beside), least * k - 1, isTable] as const,
    ),
    [sets * (others + beside), k - 1],
    [(sets * 3 * recent * (recent - 1)) / 2, 4 * (k - 1)],
    [together * others + lines * earlier, k - 1],
    [(lines * 3 * recentSums * (recentSums - 1)) / 2, 4 * (k - 1)],
  ];
  const made = tests.filter(([count]) => count > 0);
  const depth = Math.max(...made.map(([, ...failing]) => 1 + Math.ceil(Math.log2(1 + pairedFactors(...failing)))));
  return {
    setsPerAnswer: sets,
    tests: made.reduce((sum, [count]) => sum + count, 0),
    products: made.reduce((sum, [count, ...failing]) => sum + count * (1 + pairedFactors(...failing)), 0) + secondBits,
    rounds:
      ((tried > 0 ? LINE_STAGES : 1) + (together > 0 ? 1 : 0)) *
        (ROUNDS_PER_LEVEL * depth + ROUNDS_PER_OPENING * OPENINGS) +
      openings(descriptor),
  };
}

/** Of a cell, V and N: how many, and what a patient adds at least who does not add 0. */
function boundedSums(descriptor: Descriptor, schema: StudySchema, k: number): [count: number, least: number][] {
  const squaredCategories = squaresOfCategories(descriptor, schema).map((field) => [field, field]);
  const summed = [...valuesSummed(descriptor), ...squaredCategories];
  const of = (field: number): SchemaField => schema.fields[field]!;
  const squaresOf = (field: SchemaField, index: number): [number, number][] => {
    const isChosen = descriptor.atoms.some((atom) => atom.field === index && atom.op !== AtomOp.VALUE);
    return squaredSums(field, isChosen);
  };
  const own = summed.flatMap(([first, second]): [number, number][] => {
    if (first === undefined) return [];
    const [x, y] = [of(first), of(second ?? first)];
    if (isTwoValued(x) && isTwoValued(y)) return [];
    if (second === undefined) return endsOf(x).map((next) => [1, next]);
    if (first !== second)
      return endsOf(x).flatMap((next) => endsOf(y).map((other) => [1, next * other] as const)) as [number, number][];
    return squaresOf(x, first);
  });
  const rests = summedFields(descriptor).flatMap((field): [number, number][] => {
    const couplesOf = (isMeant: (fields: readonly number[]) => boolean): number => {
      const sets = summed.filter(isMeant).length;
      return (sets * (sets - 1)) / 2;
    };
    const couples = couplesOf((each) => each.length === 1 && each[0] === field);
    const squared = couplesOf((each) => each.length === 2 && each.every((one) => one === field));
    return [
      ...endsOf(of(field)).map((next): [number, number] => [couples, next]),
      ...squaresOf(of(field), field).map(([count, least]): [number, number] => [squared * count, least]),
    ];
  });
  return [...own, ...rests].filter(([, least]) => least * k <= MOST_FAILING);
}

/** @param isChosen a condition on the field may leave as few values as are looked at, if they are more */
function squaredSums(field: SchemaField, isChosen: boolean): [count: number, least: number][] {
  const values = numbersOf(field);
  const [up, down] = endsOf(field);
  const width = values.at(-1)! - values[0]!;
  const inside: [number, number] = [1, Math.min(up * (width - up), down * (width - down))];
  const whole: [number, number][] = [inside, [1, up * width], [1, down * width]];
  if (field.type !== "category") {
    return [...whole, [width <= MOST_NEIGHBOURS ? width : isChosen ? MOST_NEIGHBOURS : 0, 2]];
  }
  const pairs = values.slice(1).map((d, at): [number, number] => {
    const [before, c, after] = [values[at - 1], values[at]!, values[at + 2]];
    const below = before === undefined ? Infinity : (c - before) * (d - before);
    return [1, Math.min(below, after === undefined ? Infinity : (after - c) * (after - d))];
  });
  return values.length <= 3 ? [] : [...whole, ...(pairs.length <= MOST_NEIGHBOURS ? pairs : [])];
}

/** Their squares are sums over their numbers, each as often as there are patients with it. */
function squaresOfCategories({ atoms, factors, steps }: Descriptor, schema: StudySchema): number[] {
  const squared = factors.map(({ terms }): number | undefined => {
    const fields = new Set(terms.map(({ signal }) => atoms[signal]?.field));
    const [field] = fields;
    const numbers = field === undefined ? undefined : schema.fields[field];
    if (fields.size !== 1 || numbers?.type !== "category" || numbers.numeric === undefined) return undefined;
    const isSquared = terms.every(({ signal, coefficient }) => {
      const { op, lo } = atoms[signal]!;
      const number = numbers.numeric![Number(lo)];
      return op === AtomOp.EQ && number !== undefined && number * number === coefficient;
    });
    return isSquared && terms.some(({ coefficient }) => coefficient > 1n) ? field : undefined;
  });
  return steps.flatMap(({ outputs }) => outputs.flatMap(({ left }) => squared[left] ?? []));
}

/** How far the other values are at least from the least, and from the most. A condition may leave others. */
function endsOf(field: SchemaField): [up: number, down: number] {
  if (field.type !== "category") return [1, 1];
  const values = numbersOf(field);
  return values.length < 2 ? [1, 1] : [values[1]! - values[0]!, values.at(-1)! - values.at(-2)!];
}

/** The values of a category that is summed, ascending; of others the ends. */
function numbersOf(field: SchemaField): number[] {
  if (field.type !== "category") return [field.minimum, field.maximum].map(Number);
  return (field.numeric ?? [0n]).map(Number).sort((a, b) => a - b);
}

/** While lines are merged: a bit for each interval that is tried. */
function openings(descriptor: Descriptor): number {
  const lines = valueAxis(descriptor)?.lines ?? 0;
  return 2 * lines * descriptor.steps[0]!.outputs.length;
}

/** Of a test that fails at 0..last. */
function pairedFactors(last: number, isZeroApart = false): number {
  return isZeroApart ? 1 + Math.ceil(last / 2) : Math.ceil((last + 1) / 2);
}

const OF_COUNTS: readonly Finish[] = [
  Finish.TOXICITY,
  Finish.PRO_CTCAE,
  Finish.ALLOCATION,
  Finish.KAPLAN_MEIER,
  Finish.LOGRANK,
];

/** Intervals that may be tried when m lines are merged, in each slice and for each output. */
function triedIntervals(descriptor: Descriptor, cells: number): number {
  const values = valueAxis(descriptor);
  if (values === undefined) return 0;
  return (cells * descriptor.steps[0]!.outputs.length * (values.lines + 1)) / 2;
}

/** Lines of a table, and all of it: of two cells or more. */
function linesOf(descriptor: Descriptor, schema: StudySchema): number {
  const sizes = axisSizes(descriptor.steps[0]!, schema);
  return cellsWithin(sizes.map((lines) => lines + 1)) - cellsWithin(sizes);
}

/** Of a cell, the sets over which something is summed: their count is the first of two or more sums. */
function sumsPerCell({ columns }: Descriptor): number {
  const summed = columns.filter(({ finish, sums }) => !OF_COUNTS.includes(finish) && sums.length > 1);
  return new Set(summed.map(({ sums }) => sums[0])).size;
}

/** The cell, each of its parts where a column is present, and both counts of every two-valued column that is summed. */
function setsPerCell(descriptor: Descriptor, schema: StudySchema): number {
  const step = descriptor.steps[0]!;
  const counted = descriptor.columns.flatMap(({ finish, sums }) => {
    if (finish === Finish.GROUP) return [];
    // These are counts, each of a set of its own; the others are sums over the set that is counted first.
    return OF_COUNTS.includes(finish) ? sums : sums.slice(0, 1);
  });
  const sizes = new Set(step.axes.length > 0 ? [0, ...counted] : counted);
  const twoValued = summedFields(descriptor).filter((field) => isTwoValued(schema.fields[field]));
  return sizes.size + 2 * twoValued.length;
}
