/**
 * The study of every simulation: a small schema, its vetted queries, and what each means in clear. The meaning is written
 * down here once more, in plain arithmetic over rows, so that nothing of the compiler or the protocols is in it.
 */
import type { Table } from "../../workers/encoding/readTable.ts";
import { type CompiledQuery, compileQuery } from "../../workers/query/compileQuery.ts";
import { parseSchema } from "../../workers/schema/parseSchema.ts";
import type { Choices } from "./seededChoices.ts";

export const SCHEMA_TEXT = JSON.stringify({
  name: "simulated trial",
  table: "trial",
  subject: "patient",
  fields: [
    { name: "arm", type: "category", categories: ["control", "drug"], required: true },
    { name: "marker", type: "category", categories: ["low", "high"] },
    { name: "age", type: "integer", minimum: 18, maximum: 90, cutPoints: [20, 40, 60, 80] },
    { name: "score", type: "integer", minimum: 0, maximum: 100, search: "digits" },
  ],
});
export const SCHEMA = parseSchema(SCHEMA_TEXT);
export const LOG2N = 12;

export interface Row {
  readonly arm: bigint;
  readonly marker: bigint | null;
  readonly age: bigint | null;
  readonly score: bigint | null;
}

/** One sum that a query asks for: over which rows, and how much. */
export interface Sum {
  readonly over: ReadonlySet<Row>;
  readonly value: bigint;
}

/** What a query asks for. */
export interface Asked {
  /** The rows it selects: by a condition, in all three. */
  readonly cohort: ReadonlySet<Row>;
  /** In the order in which they leave. */
  readonly sums: readonly Sum[];
}

/**
 * Undefined: the parameters describe no set at all.
 *
 * @param hidden positions in the answer; where intervals of values are merged, they say which
 */
export type Meaning = (
  rows: readonly Row[],
  parameters: readonly bigint[],
  hidden: ReadonlySet<number>,
) => Asked | undefined;

interface StudyQuery {
  readonly sql: string;
  readonly means: Meaning;
  draw(choices: Choices): bigint[];
}

export interface PublishedQuery extends StudyQuery {
  readonly compiled: CompiledQuery;
}

const LOWER = [18n, 20n, 40n, 60n, 80n];
const UPPER = [19n, 39n, 59n, 79n, 90n];

function drawAges(choices: Choices): bigint[] {
  return [choices.of(LOWER), choices.of(UPPER)];
}

function within(value: bigint | null, lo: bigint, hi: bigint): boolean {
  return value !== null && value >= lo && value <= hi;
}

function count(rows: readonly Row[]): Sum {
  return { over: new Set(rows), value: BigInt(rows.length) };
}

/** The number of values, then the sums of their powers. */
function powerSums(rows: readonly Row[], field: "age" | "score", powers: number): Sum[] {
  const over = rows.filter((row) => row[field] !== null);
  const values = over.map((row) => row[field]!);
  const sums = Array.from({ length: powers }, (_, i) =>
    values.reduce((total, value) => total + value ** BigInt(i + 1), 0n),
  );
  return [count(over), ...sums.map((value) => ({ over: new Set(over), value }))];
}

/** Of who has both score and age: how many, and the sums that a covariance needs. */
function pairSums(rows: readonly Row[]): Sum[] {
  const over = rows.filter(({ score, age }) => score !== null && age !== null);
  const sumOf = (value: (score: bigint, age: bigint) => bigint): Sum => ({
    over: new Set(over),
    value: over.reduce((total, { score, age }) => total + value(score!, age!), 0n),
  });
  const sums = [
    sumOf((score) => score),
    sumOf((_, age) => age),
    sumOf((score) => score * score),
    sumOf((score, age) => score * age),
    sumOf((_, age) => age * age),
  ];
  return [count(over), ...sums];
}

/** By line of ages, as its cut-points have them: an interval is at the place of its first line, those of its others are hidden. */
function intervalSums(rows: readonly Row[], hidden: ReadonlySet<number>): Sum[] {
  return LOWER.map((lo, line) => {
    const next = LOWER.findIndex((_, other) => other > line && !hidden.has(other));
    const hi = next < 0 ? UPPER.at(-1)! : LOWER[next]! - 1n;
    return count(rows.filter(({ age }) => within(age, lo, hi)));
  });
}

export const STUDY_QUERIES: readonly StudyQuery[] = [
  {
    // Counts by group: an inner product per group, no product columns.
    sql: "SELECT arm, COUNT(*) FROM trial WHERE age BETWEEN :lo AND :hi GROUP BY arm",
    draw: drawAges,
    means: (rows, [lo = 0n, hi = 0n]) => {
      const cohort = rows.filter(({ age }) => within(age, lo, hi));
      const sums = [0n, 1n].map((wanted) => count(cohort.filter(({ arm }) => arm === wanted)));
      return lo > hi ? undefined : { cohort: new Set(cohort), sums };
    },
  },
  {
    // Product columns, and sums over them.
    sql: "SELECT COUNT(*), VAR_SAMP(score) FROM trial WHERE marker = :marker AND age BETWEEN :lo AND :hi",
    draw: (choices) => [BigInt(choices.whole(0, 1)), ...drawAges(choices)],
    means: (rows, [wanted, lo = 0n, hi = 0n]) => {
      const cohort = rows.filter(({ marker, age }) => marker === wanted && within(age, lo, hi));
      const sums = [count(cohort), ...powerSums(cohort, "score", 2)];
      return lo > hi ? undefined : { cohort: new Set(cohort), sums };
    },
  },
  {
    // Linear in the shares but for two inner products; no parameters.
    sql: "SELECT COUNT(*), AVG(age) FROM trial WHERE arm = 'drug'",
    draw: () => [],
    means: (rows) => {
      const cohort = rows.filter(({ arm }) => arm === 1n);
      return { cohort: new Set(cohort), sums: [count(cohort), ...powerSums(cohort, "age", 1)] };
    },
  },
  {
    // A disjunction, a threshold by digits, and sums of products.
    sql: "SELECT COUNT(*), COVAR_POP(score, age) FROM trial WHERE arm = 'drug' OR score > :above",
    draw: (choices) => [BigInt(choices.whole(0, 99))],
    means: (rows, [above = 0n]) => {
      const cohort = rows.filter(({ arm, score }) => arm === 1n || (score !== null && score > above));
      return { cohort: new Set(cohort), sums: [count(cohort), ...pairSums(cohort)] };
    },
  },
  {
    // A table with lines and margins: six cells, two of them of those who lack the marker.
    sql: "SELECT marker, arm, COUNT(*) FROM trial WHERE age BETWEEN :lo AND :hi GROUP BY marker, arm",
    draw: drawAges,
    means: (rows, [lo = 0n, hi = 0n]) => {
      const cohort = rows.filter(({ age }) => within(age, lo, hi));
      const cells = [0n, 1n, null].flatMap((marker) => [0n, 1n].map((arm) => [marker, arm] as const));
      const sums = cells.map(([marker, arm]) =>
        count(cohort.filter((row) => row.marker === marker && row.arm === arm)),
      );
      return lo > hi ? undefined : { cohort: new Set(cohort), sums };
    },
  },
  {
    // Of the order of values: its lines are merged first, with keys of their own.
    sql: "SELECT QUANTILE(age, 0.5) FROM trial WHERE marker = :marker",
    draw: (choices) => [BigInt(choices.whole(0, 1))],
    means: (rows, [wanted], hidden) => {
      // Nothing is told of who lacks an age, nor how many have the marker.
      const cohort = rows.filter(({ marker, age }) => marker === wanted && age !== null);
      return { cohort: new Set(cohort), sums: intervalSums(cohort, hidden) };
    },
  },
];

let published: Promise<PublishedQuery[]> | undefined;

/** Compiled once for all simulations. */
export function publishedQueries(): Promise<PublishedQuery[]> {
  published ??= Promise.all(
    STUDY_QUERIES.map(async (query) => ({
      ...query,
      compiled: await compileQuery(query.sql, SCHEMA, { maxRows: 1n << BigInt(LOG2N) }),
    })),
  );
  return published;
}

export function drawRow(choices: Choices): Row {
  const orMissing = (value: bigint): bigint | null => (choices.chance(0.15) ? null : value);
  return {
    arm: BigInt(choices.whole(0, 1)),
    marker: orMissing(BigInt(choices.whole(0, 1))),
    age: orMissing(BigInt(choices.whole(18, 90))),
    score: orMissing(BigInt(choices.whole(0, 100))),
  };
}

/** A row with as different contents as there are; of many rows as many as before have a value, more or less. */
export function oppositeRow({ arm, marker, age, score }: Row): Row {
  const isMissing = (value: bigint): boolean => value % 6n === 0n;
  return {
    arm: 1n - arm,
    marker: marker === null ? null : 1n - marker,
    age: age === null ? 18n : isMissing(age) ? null : 108n - age,
    score: score === null ? 0n : isMissing(score) ? null : 100n - score,
  };
}

export function tableOf(rows: readonly Row[], firstSubject: number): Table {
  return {
    rowCount: rows.length,
    subjects: rows.map((_, i) => `P${firstSubject + i}`),
    values: (["arm", "marker", "age", "score"] as const).map((name) => rows.map((row) => row[name])),
  };
}
