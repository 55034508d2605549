/**
 * An attacker who keeps every number that opened, by brute force and by its own definitions: a *box* is some segments, one
 * set of representatives per field, and perhaps a table of the combinations that OR leaves of them. It knows which rows are in which box, so that it can tell whether what it could compute
 * is about 1 to k − 1 patients. Nothing here comes from the gate.
 */
import type { Row } from "./clearStudy.ts";
import type { StudyField } from "./randomStudy.ts";

export interface Box {
  /** Bit i: segment i, in the order they were contributed. */
  readonly segments: bigint;
  /** By field: bits of representatives. */
  readonly allowed: readonly bigint[];
  /** Bits of combinations, the last field's fastest, that are in it if `allowed` has them; undefined: all. */
  readonly only?: bigint | undefined;
}

export interface OpenSet {
  readonly box: Box;
  readonly rows: Uint32Array;
  /** Fields summed over it in what opened. */
  readonly sums: Set<number>;
  /** A number of rows that is on chain. */
  readonly isPublic: boolean;
  /** Of sets and public numbers, in the order in which they came to be known. */
  readonly at: number;
  /** What cells of a table add up to: only sums over it count, as its rows are those of many sets. */
  readonly isMargin?: true;
}

/** Who is where: rows as bits, by segment. */
export class Population {
  readonly fields: readonly StudyField[];
  readonly #rows: { readonly segment: number; readonly classes: readonly number[] }[] = [];
  #segments = 0;

  constructor(fields: readonly StudyField[]) {
    this.fields = fields;
  }

  /** The new segment's bit. */
  add(rows: readonly Row[]): bigint {
    const segment = this.#segments++;
    for (const row of rows) {
      const classes = this.fields.map(({ name, representatives }) => representatives.indexOf(row[name]));
      this.#rows.push({ segment, classes });
    }
    return 1n << BigInt(segment);
  }

  rowsOf(box: Box): Uint32Array {
    const words = new Uint32Array(16);
    this.#rows.forEach(({ segment, classes }, row) => {
      if (((box.segments >> BigInt(segment)) & 1n) === 0n) return;
      if (!classes.every((index, field) => ((box.allowed[field]! >> BigInt(index)) & 1n) === 1n)) return;
      if (box.only !== undefined && ((box.only >> BigInt(this.#combination(classes))) & 1n) === 0n) return;
      words[row >> 5]! |= 1 << (row & 31);
    });
    return words;
  }

  /** Segments that a box has, whole. */
  whole(segments: bigint): Box {
    return { segments, allowed: this.fields.map(({ representatives }) => allOf(representatives.length)) };
  }

  /**
   * A box as a vector over every kind of row there could be, whether it occurs or not: what is linearly dependent here
   * is dependent whatever the data.
   */
  shapeOf({ segments, allowed, only }: Box): Uint8Array {
    const inside = (bits: bigint, count: number): number[] =>
      Array.from({ length: count }, (_, index) => Number((bits >> BigInt(index)) & 1n));
    const factors = [
      inside(segments, this.#segments),
      ...this.fields.map(({ representatives }, field) => inside(allowed[field]!, representatives.length)),
    ];
    const shape = factors.reduce(
      (before, factor) => before.flatMap((value) => factor.map((next) => value * next)),
      [1],
    );
    const combinations = combinationsOf(this.fields).length;
    return Uint8Array.from(
      shape.map((value, at) => (only === undefined ? value : value * Number((only >> BigInt(at % combinations)) & 1n))),
    );
  }

  /** Whether every row of its segments is in it. */
  isWhole({ allowed, only }: Box): boolean {
    const all = tableOf(this.fields, this.whole(1n).allowed);
    return (tableOf(this.fields, allowed) & (only ?? all)) === all;
  }

  /** Whether some row can be in both. */
  mayMeet(a: Box, b: Box): boolean {
    const [inA, inB] = [a, b].map((box) => tableOf(this.fields, box.allowed) & (box.only ?? -1n)) as [bigint, bigint];
    return (a.segments & b.segments) !== 0n && (inA & inB) !== 0n;
  }

  /** Of boxes in the same segments. */
  unionOf(boxes: readonly Box[]): Box {
    const only = boxes.reduce((union, box) => union | (tableOf(this.fields, box.allowed) & (box.only ?? -1n)), 0n);
    return { ...this.whole(boxes[0]!.segments), only };
  }

  /** Whether no row can be in it. */
  isEmpty({ allowed, only }: Box): boolean {
    return (tableOf(this.fields, allowed) & (only ?? -1n)) === 0n;
  }

  /** The same rows by construction have the same key. */
  keyOf(box: Box): string {
    const { segments, allowed, only } = box;
    if (only === undefined) return `${segments}|${tableOf(this.fields, allowed)}`;
    return `${segments}|${only & tableOf(this.fields, allowed)}`;
  }

  #combination(classes: readonly number[]): number {
    return classes.reduce((at, index, field) => at * this.fields[field]!.representatives.length + index, 0);
  }
}

/** In the order of `Box.only`. */
function combinationsOf(fields: readonly StudyField[]): readonly (readonly number[])[] {
  return fields.reduce<number[][]>(
    (all, { representatives }) => all.flatMap((before) => representatives.map((_, index) => [...before, index])),
    [[]],
  );
}

/** The combinations of a product of conditions. */
export function tableOf(fields: readonly StudyField[], allowed: readonly bigint[]): bigint {
  return combinationsOf(fields).reduce((bits, combination, at) => {
    const isIn = combination.every((index, field) => ((allowed[field]! >> BigInt(index)) & 1n) === 1n);
    return isIn ? bits | (1n << BigInt(at)) : bits;
  }, 0n);
}

export function allOf(count: number): bigint {
  return (1n << BigInt(count)) - 1n;
}

export function popcount(words: Uint32Array): number {
  let total = 0;
  for (const word of words) {
    let bits = word;
    for (; bits !== 0; bits &= bits - 1) total++;
  }
  return total;
}

export function combine(f: (...words: number[]) => number, ...sets: readonly Uint32Array[]): Uint32Array {
  return sets[0]!.map((_, index) => f(...sets.map((set) => set[index]!)));
}

/** The same but for which fields must be present: their difference is a number of missing values, which answers show. */
function differInPresence(fields: readonly StudyField[], a: Box, b: Box): boolean {
  if (a.segments !== b.segments) return false;
  if (a.only === undefined && b.only === undefined) {
    return fields.every((field, at) => (a.allowed[at]! | missingOf(field)) === (b.allowed[at]! | missingOf(field)));
  }
  // Of tables: the same among those who have every field that one of the two asks for.
  const [inA, inB] = [a, b].map(({ allowed, only }) => tableOf(fields, allowed) & (only ?? -1n)) as [bigint, bigint];
  const all = fields.map(({ representatives }) => allOf(representatives.length));
  const present = all.map((bits, field) => bits & ~missingOf(fields[field]!));
  const asks = (table: bigint, field: number): boolean =>
    (table & tableOf(fields, all.with(field, missingOf(fields[field]!)))) === 0n;
  const asked = all.map((bits, field) => (asks(inA, field) || asks(inB, field) ? present[field]! : bits));
  const among = tableOf(fields, asked);
  return (inA & among) === (inB & among) && (inA & among) !== 0n;
}

function missingOf({ representatives }: StudyField): bigint {
  return representatives.includes(undefined) ? 1n << BigInt(representatives.length - 1) : 0n;
}

/**
 * Pairs and triples of open sets whose difference is about 1 to k − 1 rows, and is no number of missing values, nor that of one
 * set and such a number: answers show these, and nothing is tested against them.
 * @param cohorts of the answers, whose missing values may be counted
 * @param unions of shown cells, each with a set that is compared with it
 */
export function isolations(
  open: readonly OpenSet[],
  cohorts: readonly OpenSet[],
  unions: readonly (readonly [union: OpenSet, set: OpenSet])[],
  fields: readonly StudyField[],
  k: number,
): string[] {
  const sets = open.filter(({ rows }) => popcount(rows) > 0);
  const found: string[] = [];
  const isSmall = (rows: Uint32Array): boolean => {
    const count = popcount(rows);
    return count > 0 && count < k;
  };
  const gaps = cohorts.flatMap((a) =>
    open.flatMap((b) => (differInPresence(fields, a.box, b.box) ? [combine((x, y) => x! ^ y!, a.rows, b.rows)] : [])),
  );
  const near: (readonly [OpenSet, OpenSet])[] = [];
  const compare = (a: OpenSet, b: OpenSet): void => {
    const sumOne = sumsOne(a, b);
    if (!sumOne && [a, b].some(({ isMargin }) => isMargin)) return;
    if (!sumOne && [isLaterNumber, isNoNews].some((is) => is(a, b, fields) || is(b, a, fields))) return;
    const apart = combine((x, y) => x! ^ y!, a.rows, b.rows);
    if (isNumberOfMissing(a, b, fields)) gaps.push(apart);
    else if (isSmall(apart)) near.push([a, b]);
  };
  sets.forEach((a, i) => sets.slice(0, i).forEach((b) => compare(a, b)));
  for (const [union, set] of unions) if (popcount(set.rows) > 0) compare(union, set);
  const nobody = new Uint32Array(sets[0]?.rows.length ?? 0);
  for (const [a, b] of near)
    if (sumsOne(a, b) || !isMissing(a.rows, nobody, b.rows, gaps)) found.push(`pair ${tell(a)} − ${tell(b)}`);
  forTriples(sets, (p, q, m) => {
    if (!isSmallSupport(p.rows, q.rows, m.rows, k)) return;
    const sumOne = [...p.sums].some((field) => q.sums.has(field) && m.sums.has(field));
    if (!sumOne && [p, q, m].some(({ isMargin }) => isMargin)) return;
    if (!sumOne && [p, q].some((part) => isNumberOfMissing(part, m, fields))) return;
    // A sum was told over all rows of some data, but of these only their number counts here, which is no news.
    if (!sumOne && isOldNumber([p, q, m])) return;
    if (sumOne || !isMissing(p.rows, q.rows, m.rows, gaps)) found.push(`triple ${tell(p)} + ${tell(q)} − ${tell(m)}`);
  });
  return found;
}

function sumsOne(a: OpenSet, b: OpenSet): boolean {
  return [...a.sums].some((field) => b.sums.has(field));
}

function isNumberOfMissing(a: OpenSet, b: OpenSet, fields: readonly StudyField[]): boolean {
  return differInPresence(fields, a.box, b.box) && !sumsOne(a, b);
}

function isNumber({ isPublic, sums }: OpenSet): boolean {
  return isPublic && sums.size === 0;
}

/** A number that consent made public when the set was open already: no answer tells it. */
function isLaterNumber(number: OpenSet, set: OpenSet): boolean {
  return number.isPublic && number.at > set.at;
}

/** Public numbers of rows: two, of data that the other is not about, or beside all rows but for who has some value. */
function isNoNews(whole: OpenSet, { box, isPublic }: OpenSet, fields: readonly StudyField[]): boolean {
  if (!whole.isPublic) return false;
  if (isPublic) return true;
  const all = { ...whole.box, segments: box.segments };
  return (whole.box.segments & ~box.segments) !== 0n || differInPresence(fields, all, box);
}

/** One is the number of all rows of other data than the newest of the others is about. */
function isOldNumber(sets: readonly OpenSet[]): boolean {
  const [number] = sets.filter(({ isPublic }) => isPublic);
  const others = sets.filter((each) => each !== number);
  const newest = others.reduce((last, each) => (each.at > last.at ? each : last));
  return number !== undefined && number.box.segments !== newest.box.segments;
}

function forTriples(sets: readonly OpenSet[], visit: (p: OpenSet, q: OpenSet, m: OpenSet) => void): void {
  for (let i = 0; i < sets.length; i++)
    for (let j = 0; j < i; j++)
      for (let l = 0; l < j; l++) {
        const [a, b, c] = [sets[i]!, sets[j]!, sets[l]!];
        if ([a, b, c].filter(({ isPublic }) => isPublic).length > 1) continue;
        // Numbers on chain come last in the list; of those, all rows of the newest set's data are combined.
        if (isNumber(a) && a.box.segments !== b.box.segments) continue;
        visit(a, b, c);
        visit(a, c, b);
        visit(b, c, a);
      }
}

/** Whether p + q − m is not zero on 1 to k − 1 rows. */
function isSmallSupport(p: Uint32Array, q: Uint32Array, m: Uint32Array, k: number): boolean {
  let count = 0;
  for (let index = 0; index < p.length; index++) {
    const [x, y, z] = [p[index]!, q[index]!, m[index]!];
    for (let bits = (x | y | z) & ~((x ^ y) & z); bits !== 0; bits &= bits - 1) if (++count >= k) return false;
  }
  return count > 0;
}

/** Whether p + q − m counts, in some cells that show it, the rows with missing values. */
function isMissing(p: Uint32Array, q: Uint32Array, m: Uint32Array, gaps: readonly Uint32Array[]): boolean {
  const above = combine((x, y, z) => ((x! | y!) & ~z!) | (x! & y!), p, q, m);
  const below = combine((x, y, z) => z! & ~x! & ~y!, p, q, m);
  const support = popcount(above) === 0 ? below : above;
  if (popcount(above) > 0 && popcount(below) > 0) return false;
  const inside = gaps.filter((gap) => popcount(combine((x, y) => x! & ~y!, gap, support)) === 0);
  const covered = inside.reduce((all, gap) => combine((x, y) => x! | y!, all, gap), new Uint32Array(support.length));
  return popcount(combine((x, y) => x! ^ y!, covered, support)) === 0;
}

/** For messages: segments, then representatives by field, in binary. */
export function tell({ box, rows, sums, isPublic }: OpenSet): string {
  const conditions = box.allowed.map((bits) => bits.toString(2)).join(" ");
  const only = box.only === undefined ? "" : ` of ${box.only.toString(16)}`;
  return `{${box.segments.toString(2)}: ${conditions}${only}; ${popcount(rows)} rows; Σ ${[...sums].join()}${isPublic ? "; public" : ""}}`;
}

/** Which vectors are rational combinations of others, by elimination without fractions. */
export class RationalSpan {
  readonly #rows: { readonly pivot: number; readonly values: readonly bigint[] }[] = [];

  add(vector: ArrayLike<number>): void {
    const rest = this.#reduce(vector);
    const pivot = rest.findIndex((value) => value !== 0n);
    if (pivot >= 0) this.#rows.push({ pivot, values: reduced(rest) });
  }

  contains(vector: ArrayLike<number>): boolean {
    return this.#reduce(vector).every((value) => value === 0n);
  }

  #reduce(vector: ArrayLike<number>): bigint[] {
    let rest = Array.from(vector, BigInt);
    for (const { pivot, values } of this.#rows) {
      const [own, at] = [rest[pivot]!, values[pivot]!];
      if (own !== 0n) rest = reduced(rest.map((value, index) => value * at - values[index]! * own));
    }
    return rest;
  }
}

function reduced(values: readonly bigint[]): bigint[] {
  let divisor = 0n;
  for (const value of values) for (let a = value < 0n ? -value : value; a !== 0n;) [divisor, a] = [a, divisor % a];
  return divisor <= 1n ? [...values] : values.map((value) => value / divisor);
}
