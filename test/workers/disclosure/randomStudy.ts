/**
 * fast-check: small studies that grow, and queries about them that come close to each other, each told twice: as SQL for the
 * gate and as boxes (segments × one set of representatives per field, of which OR leaves some combinations) for an attacker that knows nothing of the gate's code.
 */

import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import type { StudySchema } from "../../../workers/schema/studySchema.ts";
import { fc } from "../../support/fastCheck.ts";
import type { Box } from "./attacker.ts";
import { tableOf } from "./attacker.ts";
import type { ClearRequest, Row } from "./clearStudy.ts";

type Draw = fc.GeneratorValue;

/** A field with one value for each class of rows that a query can tell apart; undefined: missing. */
export interface StudyField {
  readonly name: string;
  readonly form: object;
  readonly representatives: readonly (bigint | undefined)[];
  /** Texts of constants, by representative: of a category itself, of a number the least value that belongs to it. */
  readonly texts: readonly string[];
  readonly isCategory: boolean;
  readonly isSummable: boolean;
}

export interface AskedQuery {
  readonly request: Pick<ClearRequest, "sql" | "parameters">;
  /** Which rows of any segments satisfy the conditions. */
  readonly cohort: Omit<Box, "segments">;
  readonly groups: readonly number[];
  /** In the order of the SELECT list; field undefined: COUNT(*). None beside a statistic of the order of values. */
  readonly aggregates: readonly Aggregate[];
  readonly ordered?: OrderedStatistic;
}

/** Rows are counted by lines of the values of a field: all, or those without an event and those with it. */
export interface OrderedStatistic {
  readonly field: number;
  /** By line, its first representative, ascending from 0. */
  readonly starts: readonly number[];
  /** A category, of which the first is the event. */
  readonly event: number | undefined;
}

interface Aggregate {
  readonly name: string;
  readonly field: number | undefined;
  /** Of a covariance. */
  readonly second?: number;
}

const CATEGORY = (name: string, categories: readonly string[], required: boolean): StudyField => ({
  name,
  form: { name, type: "category", categories, required },
  representatives: [...categories.map((_, index) => BigInt(index)), ...(required ? [] : [undefined])],
  texts: categories,
  isCategory: true,
  isSummable: categories.every((text) => /^\d$/.test(text)),
});

/** @param starts least values of the intervals that can be told apart */
const NUMBER = (name: string, form: object, starts: readonly bigint[], required: boolean): StudyField => ({
  name,
  form: { name, ...form, required },
  representatives: [...starts, ...(required ? [] : [undefined])],
  texts: starts.map(String),
  isCategory: false,
  isSummable: true,
});

/** Least values of the lines of ages. */
const AGES = [18n, 30n, 40n, 50n, 65n];

const DOSE = (required: boolean): StudyField =>
  NUMBER("dose", { type: "number", decimals: 0, minimum: 0, maximum: 1000 }, [7n], required);

/** Sums of which no level is told, over sets whose sizes may be public: all rows, and who has a value that few lack. */
const SUMMED = [CATEGORY("arm", ["A", "B", "C"], true), CATEGORY("response", ["0", "1"], false), DOSE(true)];

/** Three or four fields: always two to group by, the others of all kinds. Or those of sums. */
export function drawFields(g: Draw): StudyField[] {
  if (g(fc.integer, { min: 0, max: 2 }) === 0) return SUMMED;
  const isRequired = (): boolean => g(fc.boolean);
  const range = { type: "integer", minimum: 18, maximum: 90 };
  const age = g(fc.boolean) ? { ...range, cutPoints: AGES.slice(1).map(Number) } : { ...range, search: "digits" };
  const aged = NUMBER("age", age, AGES, isRequired());
  const others = [
    CATEGORY("grade", ["0", "1", "2"], isRequired()),
    CATEGORY("response", ["0", "1"], isRequired()),
    aged,
    DOSE(isRequired()),
    NUMBER("flag", { type: "integer", minimum: 0, maximum: 1 }, [0n, 1n], isRequired()),
  ];
  return [
    CATEGORY("arm", ["A", "B", "C"], g(fc.integer, { min: 0, max: 3 }) > 0),
    CATEGORY("sex", ["F", "M"], isRequired()),
    ...(g(fc.boolean)
      ? [aged, ...g(fc.subarray<StudyField>, others.toSpliced(others.indexOf(aged), 1), { maxLength: 1 })]
      : g(fc.subarray<StudyField>, others, { minLength: 1, maxLength: 2 })),
  ];
}

export function schemaOf(fields: readonly StudyField[]): StudySchema {
  const text = { name: "attacked", table: "t", subject: "id", fields: fields.map(({ form }) => form) };
  return parseSchema(JSON.stringify(text));
}

/** Rows that crowd in some classes and leave others nearly empty: what is small is what attacks are about. */
export function drawRows(g: Draw, fields: readonly StudyField[], count: number): Row[] {
  const weights = fields.map(({ representatives }) =>
    representatives.map((value) => {
      // Whether a column is there although nobody lacks it, or few do, is what known sizes are about.
      const isRare = fields === SUMMED && value === undefined;
      return isRare ? g(fc.constantFrom, 0, 0, 1, 30) : g(fc.constantFrom, 1, 4, 30, 30);
    }),
  );
  return Array.from({ length: count }, () => {
    const entries = fields.flatMap(({ name, representatives }, index) => {
      const value = representatives[pickWeighted(g, weights[index]!)];
      return value === undefined ? [] : [[name, value] as const];
    });
    return Object.fromEntries(entries);
  });
}

function pickWeighted(g: Draw, weights: readonly number[]): number {
  let rest = g(fc.nat, { max: weights.reduce((sum, weight) => sum + weight, 0) - 1 });
  return weights.findIndex((weight) => (rest -= weight) < 0);
}

interface Condition {
  readonly field: number;
  readonly sql: (parameter: (text: string) => string) => string;
  readonly bits: bigint;
  /** Representatives of which it is FALSE, not unknown. */
  readonly not: bigint;
}

/** Any of some conditions, or not all of them; one by itself is all it is. */
interface Clause {
  readonly conditions: readonly Condition[];
  readonly isNegated: boolean;
}

/** @param before an earlier query's conditions are often kept, with one added or left out */
export class QuerySource {
  readonly #fields: readonly StudyField[];
  readonly #asked: (readonly Clause[])[] = [];

  constructor(fields: readonly StudyField[]) {
    this.#fields = fields;
  }

  draw(g: Draw): AskedQuery {
    const clauses = this.#clauses(g);
    this.#asked.push(clauses);
    const parameters: Record<string, string> = {};
    const parameter = (text: string): string => {
      const name = `p${Object.keys(parameters).length}`;
      parameters[name] = text;
      return `:${name}`;
    };
    const where = clauses.map((clause) => sqlOf(clause, parameter)).join(" AND ");
    const categories = this.#fields.flatMap(({ isCategory }, index) => (isCategory ? [index] : []));
    const groups = g(fc.boolean) ? g(fc.subarray<number>, categories, { maxLength: 2 }) : [];
    const ordered = this.#fields !== SUMMED && g(fc.boolean) ? this.#ordered(g) : undefined;
    const aggregates = ordered === undefined ? this.#aggregates(g) : [];
    const by = groups.map((index) => this.#fields[index]!.name).join(", ");
    const selected =
      ordered === undefined ? aggregates.map((each) => this.#textOf(each)) : [this.#textOfOrdered(ordered)];
    const sql =
      `SELECT ${selected.map((text, at) => `${text} AS c${at}`).join(", ")} ` +
      `FROM t${where === "" ? "" : ` WHERE ${where}`}${by === "" ? "" : ` GROUP BY ${by}`}`;
    const cohort = this.#cohort(clauses);
    const asked = { request: { sql, parameters }, cohort, groups, aggregates };
    return ordered === undefined ? asked : { ...asked, cohort: this.#ofPresent(cohort, ordered), ordered };
  }

  #cohort(clauses: readonly Clause[]): AskedQuery["cohort"] {
    const whole = this.#fields.map(({ representatives }) => (1n << BigInt(representatives.length)) - 1n);
    const narrowed = ({ field, bits }: Condition): bigint[] => whole.with(field, whole[field]! & bits);
    const single = clauses.flatMap(({ conditions, isNegated }) =>
      conditions.length === 1 && !isNegated ? conditions : [],
    );
    const allowed = single.reduce((all, { field, bits }) => all.with(field, all[field]! & bits), whole);
    const tables = clauses
      .filter(({ conditions, isNegated }) => conditions.length > 1 || isNegated)
      .map(({ conditions, isNegated }) =>
        conditions
          .map((condition) => (isNegated ? { ...condition, bits: condition.not } : condition))
          .reduce((bits, condition) => bits | tableOf(this.#fields, narrowed(condition)), 0n),
      );
    return tables.length === 0 ? { allowed } : { allowed, only: tables.reduce((a, b) => a & b) };
  }

  #clauses(g: Draw): Clause[] {
    if (this.#fields === SUMMED) {
      const present = { field: 1, sql: () => "response IS NOT NULL", bits: 0b011n, not: 0b100n };
      return g(fc.subarray<Clause>, [{ conditions: [present], isNegated: false }, this.#clause(g)]);
    }
    const before = this.#asked.length > 0 ? [...g(fc.constantFrom<Clause[][]>, ...(this.#asked as Clause[][]))] : [];
    switch (g(fc.integer, { min: 0, max: 4 })) {
      case 0:
        return before;
      case 1:
        return before.slice(1);
      case 2:
        return [...before.slice(-2), this.#clause(g)];
      default:
        return Array.from({ length: g(fc.integer, { min: 0, max: 2 }) }, () => this.#clause(g));
    }
  }

  #clause(g: Draw): Clause {
    const isPair = g(fc.integer, { min: 0, max: 2 }) === 0;
    const conditions = Array.from({ length: isPair ? 2 : 1 }, () => this.#condition(g));
    return { conditions, isNegated: isPair && g(fc.boolean) };
  }

  #condition(g: Draw): Condition {
    const field = g(fc.nat, { max: this.#fields.length - 1 });
    const { name, representatives, texts, isCategory } = this.#fields[field]!;
    const present = (1n << BigInt(texts.length)) - 1n;
    const missing = (1n << BigInt(representatives.length)) - 1n - present;
    const isNull = g(fc.boolean);
    if (g(fc.integer, { min: 0, max: 4 }) === 0 && (missing !== 0n || !isNull)) {
      return isNull
        ? { field, sql: () => `${name} IS NULL`, bits: missing, not: present }
        : { field, sql: () => `${name} IS NOT NULL`, bits: present, not: missing };
    }
    const at = g(fc.nat, { max: texts.length - 1 });
    const isParameter = g(fc.boolean);
    const constant = (parameter: (text: string) => string, index: number): string =>
      isParameter
        ? parameter(texts[index]!)
        : isCategory && !/^\d$/.test(texts[index]!)
          ? `'${texts[index]}'`
          : texts[index]!;
    const below = (1n << BigInt(at)) - 1n;
    const own = 1n << BigInt(at);
    const others = present & ~own;
    if (!isCategory) {
      return name !== "age" || at === 0
        ? { field, sql: () => `${name} IS NOT NULL`, bits: present, not: missing }
        : isNull
          ? { field, sql: (p) => `${name} < ${constant(p, at)}`, bits: below, not: present & ~below }
          : { field, sql: (p) => `${name} >= ${constant(p, at)}`, bits: present & ~below, not: below };
    }
    return isNull
      ? { field, sql: (p) => `${name} <> ${constant(p, at)}`, bits: others, not: own }
      : { field, sql: (p) => `${name} = ${constant(p, at)}`, bits: own, not: others };
  }

  #textOf({ name, field, second }: Aggregate): string {
    const names = [field, second].flatMap((each) => (each === undefined ? [] : [this.#fields[each]!.name]));
    return `${name}(${names.length === 0 ? "*" : names.join(", ")})`;
  }

  /** Undefined without ages. Mostly each cut; else some, which are another query. */
  #ordered(g: Draw): OrderedStatistic | undefined {
    const field = this.#fields.findIndex(({ name }) => name === "age");
    if (field < 0) return undefined;
    const cuts = AGES.slice(1).map((_, at) => at + 1);
    const chosen = g(fc.boolean) ? cuts : g(fc.subarray<number>, cuts, { minLength: 1 });
    const categories = this.#fields.flatMap(({ isCategory }, index) => (isCategory ? [index] : []));
    const event = g(fc.boolean) ? g(fc.constantFrom<number[]>, ...categories) : undefined;
    return { field, starts: [0, ...chosen], event };
  }

  /** Those who have a value, and a status. */
  #ofPresent(cohort: AskedQuery["cohort"], { field, event }: OrderedStatistic): AskedQuery["cohort"] {
    const present = [field, ...(event === undefined ? [] : [event])];
    const allowed = cohort.allowed.map((bits, at) =>
      present.includes(at) ? bits & ((1n << BigInt(this.#fields[at]!.texts.length)) - 1n) : bits,
    );
    return { ...cohort, allowed };
  }

  #textOfOrdered({ field, starts, event }: OrderedStatistic): string {
    const { name, texts } = this.#fields[field]!;
    const grid = `GRID ${starts
      .slice(1)
      .map((at) => texts[at]!)
      .join(", ")}`;
    if (event === undefined) return `QUANTILE(${name}, 0.5, ${grid})`;
    const status = this.#fields[event]!;
    const [first] = status.texts;
    return `KAPLAN_MEIER(${name}, ${status.name} = ${/^\d$/.test(first!) ? first! : `'${first!}'`}, ${grid})`;
  }

  #aggregates(g: Draw): AskedQuery["aggregates"] {
    if (this.#fields === SUMMED) {
      const others = [
        { name: "COUNT", field: undefined },
        { name: "COUNT", field: 1 },
      ];
      return [...g(fc.subarray<Aggregate>, others, { maxLength: 1 }), { name: "AVG", field: 2 }];
    }
    const summable = this.#fields.flatMap(({ isSummable }, field) => (isSummable ? [field] : []));
    const pairs = summable.flatMap((field) =>
      summable.filter((second) => second !== field).map((second) => ({ name: "COVAR_POP", field, second })),
    );
    const every: Aggregate[] = [
      { name: "COUNT", field: undefined },
      ...this.#fields.flatMap(({ isSummable }, field) =>
        ["COUNT", ...(isSummable ? ["SUM", "AVG", "VAR_SAMP"] : [])].map((name) => ({ name, field })),
      ),
      ...pairs,
    ];
    return g(fc.uniqueArray<Aggregate, unknown>, fc.constantFrom(...every), {
      minLength: 1,
      maxLength: 2,
    });
  }
}

/** How many patients a query is about that is none of the order of values. */
export function countOf({ request, cohort }: AskedQuery): AskedQuery {
  const sql = request.sql.replace(/^SELECT .* FROM t/, "SELECT COUNT(*) AS c0 FROM t").replace(/ GROUP BY .*$/, "");
  return { request: { ...request, sql }, cohort, groups: [], aggregates: [{ name: "COUNT", field: undefined }] };
}

function sqlOf({ conditions, isNegated }: Clause, parameter: (text: string) => string): string {
  const texts = conditions.map(({ sql }) => sql(parameter));
  if (isNegated) return `NOT (${texts.join(" AND ")})`;
  return texts.length === 1 ? texts[0]! : `(${texts.join(" OR ")})`;
}
