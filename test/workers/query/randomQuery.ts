/** fast-check: a random schema, a table that fits it, and a query of the subset over it. */
import { highEnds, lowEnds } from "../../../workers/query/cutPoints.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import type { NumericField, SchemaField, StudySchema } from "../../../workers/schema/studySchema.ts";
import { formatFieldValue } from "../../../workers/schema/values.ts";
import { fc } from "../../support/fastCheck.ts";
import type { Values } from "./clearCircuit.ts";

export interface RandomCase {
  readonly schema: StudySchema;
  readonly values: Values;
  readonly rows: number;
  readonly sql: string;
  /** The same in SQLite's words, which has no BIN. */
  readonly sqlite: string;
  /** The WHERE clause alone, with its keyword, or "". */
  readonly where: string;
  /** Chooses each parameter's value among its bounds. */
  readonly picks: readonly number[];
}

type Draw = fc.GeneratorValue;

const TEXTS = [
  "a",
  "b",
  "O'Brien",
  "Zürich/Basel",
  "東京",
  "nai\u0308ve",
  "two\nlines",
  " spaced ",
  ":lo",
  "--",
  '"q"',
  "0x",
];

export const randomCase: fc.Arbitrary<RandomCase> = fc.gen().map((g) => {
  const schema = drawSchema(g);
  const rows = g(fc.integer, { min: 0, max: 24 });
  const values = schema.fields.map((field) => Array.from({ length: rows }, () => drawValue(g, field)));
  const parameters: string[] = [];
  // Half of the conditions are about one field, so that they meet and merge.
  const focus = g(fc.constantFrom<SchemaField[]>, ...schema.fields);
  const leaf = (): string => {
    const field = g(fc.boolean) ? focus : g(fc.constantFrom<SchemaField[]>, ...schema.fields);
    return drawCondition(g, field, parameters);
  };
  const conditions = Array.from({ length: g(fc.integer, { min: 0, max: 4 }) }, () => drawTree(g, leaf, 3));
  const where =
    conditions.length === 0
      ? ""
      : ` WHERE ${conditions.join(g(fc.constantFrom, " AND ", "\n  and ", " /* and */ AND "))}`;
  const keys = g(fc.subarray<SchemaField>, [...schema.fields], { maxLength: 3 }).map((field) => drawKey(g, field));
  const selected = g(fc.subarray<Key>, keys);
  const aggregates = drawAggregates(g, schema);
  const text = (dialect: "ours" | "sqlite"): string => {
    const items = [...selected.map((key, index) => `${key[dialect]} AS k${index}`), ...aggregates];
    const by = keys.length > 0 ? ` GROUP BY ${keys.map((key) => key[dialect]).join(", ")}` : "";
    return `SELECT ${items.join(", ")} FROM t${where}${by}`;
  };
  const picks = parameters.map(() => g(fc.nat, { max: 1_000_000 }));
  return { schema, values, rows, sql: text("ours"), sqlite: text("sqlite"), where, picks };
});

interface Key {
  readonly ours: string;
  readonly sqlite: string;
}

/** A category as it is, a number or date in bins. */
function drawKey(g: Draw, field: SchemaField): Key {
  if (field.type === "category") return { ours: field.name, sqlite: field.name };
  const possible = field.digits > 0 ? [...field.cutPoints, field.maximum] : field.cutPoints;
  const cuts = g(fc.uniqueArray<bigint, bigint>, fc.constantFrom(...possible, field.maximum), {
    minLength: 1,
    maxLength: 3,
  })
    .filter((cut) => cut > field.minimum && possible.includes(cut))
    .sort((a, b) => (a < b ? -1 : 1));
  // Without a cut there is no bin: group by presence of another kind, which both sides have.
  if (cuts.length === 0) return { ours: "f0", sqlite: "f0" };
  const [words, labels] = [cuts.map((cut) => literal(field, cut)), cuts.map((cut) => formatFieldValue(field, cut))];
  const lines = words.map((word, index) => {
    const label = index === 0 ? `< ${labels[0]}` : `${labels[index - 1]} to < ${labels[index]}`;
    return `WHEN ${field.name} < ${word} THEN '${label}'`;
  });
  const sqlite = `CASE WHEN ${field.name} IS NULL THEN NULL ${lines.join(" ")} ELSE '>= ${labels.at(-1)}' END`;
  return { ours: `BIN(${field.name}, ${words.join(", ")})`, sqlite };
}

/** AND, OR and NOT around conditions. */
function drawTree(g: Draw, leaf: () => string, depth: number): string {
  const kind = depth === 0 ? "leaf" : g(fc.constantFrom, "leaf", "leaf", "and", "or", "or", "not");
  if (kind === "leaf") return leaf();
  if (kind === "not") return `NOT (${drawTree(g, leaf, depth - 1)})`;
  const parts = Array.from({ length: g(fc.integer, { min: 2, max: 3 }) }, () => drawTree(g, leaf, depth - 1));
  return `(${parts.join(kind === "or" ? " OR " : " AND ")})`;
}

function drawSchema(g: Draw): StudySchema {
  const category = (categories: readonly string[]): object => ({
    type: "category",
    categories,
    required: g(fc.boolean),
  });
  const texts = g(fc.uniqueArray<string, string>, fc.constantFrom(...TEXTS), { minLength: 1, maxLength: 4 });
  const more = g(fc.uniqueArray<string, string>, fc.constantFrom(...TEXTS), { minLength: 1, maxLength: 3 });
  const grades = g(fc.uniqueArray<number, number>, fc.integer({ min: -3, max: 5 }), { minLength: 1, maxLength: 5 });
  // Quarters and halves are exact in SQLite's doubles.
  const divisor = g(fc.constantFrom<number[]>, 1, 2, 4);
  const forms = [
    category(texts),
    category(more),
    category(grades.map((grade) => String(grade / divisor))),
    { type: "integer", required: g(fc.boolean), ...drawBounds(g, 0) },
    { type: "number", decimals: 2, required: g(fc.boolean), ...drawBounds(g, 2) },
    {
      type: "date",
      required: g(fc.boolean),
      minimum: "1969-12-01",
      maximum: "1970-02-28",
      cutPoints: ["1969-12-31", "1970-01-01", "1970-02-01"],
      ...drawSearch(g),
    },
  ];
  const fields = forms.map((form, index) => ({ name: `f${index}`, ...form }));
  return parseSchema(JSON.stringify({ name: "random", table: "t", subject: "id", fields }));
}

function drawBounds(g: Draw, decimals: number): object {
  const low = g(fc.integer, { min: -60, max: 60 });
  const width = g(fc.integer, { min: 0, max: 40 });
  const cuts = g(fc.uniqueArray<number, number>, fc.integer({ min: 1, max: 40 }), { maxLength: 12 });
  const text = (value: number): string => (value / 10 ** decimals).toFixed(decimals);
  const cutPoints = cuts
    .filter((cut) => cut <= width)
    .sort((a, b) => a - b)
    .map((cut) => text(low + cut));
  return { minimum: text(low), maximum: text(low + width), cutPoints, ...drawSearch(g) };
}

function drawSearch(g: Draw): object {
  return g(fc.boolean) ? { search: "digits" } : {};
}

function drawValue(g: Draw, field: SchemaField): bigint | null {
  if (!field.required && g(fc.integer, { min: 0, max: 3 }) === 0) return null;
  if (field.type === "category") return BigInt(g(fc.nat, { max: field.categories.length - 1 }));
  // Values at and next to the thresholds, where an off-by-one would show.
  const edges = [...field.cutPoints, ...field.cutPoints.map((cut) => cut - 1n), field.minimum, field.maximum];
  if (g(fc.boolean)) return g(fc.constantFrom<bigint[]>, ...edges);
  return g(fc.bigInt, { min: field.minimum, max: field.maximum });
}

function drawAggregates(g: Draw, schema: StudySchema): string[] {
  const summable = schema.fields.filter((field) =>
    field.type === "category" ? field.numeric !== undefined : field.type !== "date",
  );
  const pairs = ["COVAR_POP", "covar_samp", "REGR_SLOPE", "REGR_INTERCEPT", "REGR_R2", "REGR_COUNT", "CORR"];
  const names = ["SUM", "avg", "VAR_POP", "var_samp", "Variance", "STDDEV_POP", "stddev_samp", "STDDEV"];
  const every = [
    "COUNT(*)",
    ...schema.fields.map(({ name }) => `count(${name})`),
    ...summable.flatMap(({ name }) => names.map((aggregate) => `${aggregate}(${name})`)),
    ...summable.flatMap(({ name }) =>
      summable
        .filter((other) => other.name !== name)
        .flatMap((other) => pairs.map((aggregate) => `${aggregate}(${name}, ${other.name})`)),
    ),
  ];
  const drawn = g(fc.uniqueArray<string, string>, fc.constantFrom(...every), { minLength: 1, maxLength: 5 });
  return drawn.map((aggregate, index) => `${aggregate} AS c${index}`);
}

function drawCondition(g: Draw, field: SchemaField, parameters: string[]): string {
  const name = g(fc.constantFrom, field.name, field.name.toUpperCase(), `t.${field.name}`);
  if (g(fc.integer, { min: 0, max: 5 }) === 0) return `${name} IS ${g(fc.constantFrom, "", "NOT ")}NULL`;
  const condition =
    field.type === "category" ? drawCategory(g, field, name, parameters) : drawNumeric(g, field, name, parameters);
  return g(fc.boolean) ? condition : `(${condition})`;
}

function drawCategory(g: Draw, field: SchemaField & { type: "category" }, name: string, parameters: string[]): string {
  const constant = (): string => literal(field, BigInt(g(fc.nat, { max: field.categories.length - 1 })));
  const value = (): string => (g(fc.boolean) ? parameter(g, parameters) : constant());
  const others = field.numeric === undefined ? ["'b'", "'ß'"] : ["0.5", "-9"];
  const kinds = ["=", "<>", "in", "order", "between"];
  switch (g(fc.constantFrom<string[]>, ...kinds)) {
    case "in":
      return `${name} ${g(fc.constantFrom, "IN", "NOT IN")} (${Array.from({ length: g(fc.integer, { min: 1, max: 4 }) }, value).join(", ")})`;
    case "order":
      return `${name} ${g(fc.constantFrom, "<", "<=", ">", ">=")} ${g(fc.constantFrom, constant(), ...others)}`;
    case "between":
      return `${name} ${g(fc.constantFrom, "BETWEEN", "NOT BETWEEN")} ${constant()} AND ${constant()}`;
    case "=":
      return g(fc.boolean) ? `${name} = ${value()}` : `${value()} = ${name}`;
    default:
      return `${name} ${g(fc.constantFrom, "<>", "!=")} ${value()}`;
  }
}

function drawNumeric(g: Draw, field: NumericField, name: string, parameters: string[]): string {
  const any = (): bigint => g(fc.bigInt, { min: field.minimum, max: field.maximum });
  const end = (cuts: readonly bigint[]): bigint => {
    return field.digits > 0 && g(fc.boolean) ? any() : g(fc.constantFrom<bigint[]>, ...cuts);
  };
  const low = (): string => literal(field, end(lowEnds(field)));
  const high = (): string => literal(field, end(highEnds(field)));
  const ends = field.digits > 0 ? [any()] : lowEnds(field).filter((value) => highEnds(field).includes(value));
  const point = (): string => (ends.length > 0 ? literal(field, g(fc.constantFrom<bigint[]>, ...ends)) : low());
  const or = (constant: () => string): string => (g(fc.boolean) ? parameter(g, parameters) : constant());
  switch (g(fc.integer, { min: 0, max: 8 })) {
    case 0:
      return `${name} >= ${or(low)}`;
    case 1:
      return `${or(high)} >= ${name}`;
    case 2:
      return `${name} < ${or(low)}`;
    case 3:
      return `${or(high)} < ${name}`;
    case 4:
      return `${name} ${g(fc.constantFrom, "BETWEEN", "NOT BETWEEN")} ${or(low)} AND ${or(high)}`;
    case 5:
      return `${name} ${g(fc.constantFrom, "=", "<>")} ${or(point)}`;
    case 6:
      return `${name} ${g(fc.constantFrom, "IN", "NOT IN")} (${point()}, ${field.digits > 0 ? or(point) : point()})`;
    case 7:
      return field.type === "date"
        ? `${name} >= ${low()}`
        : `${name} ${g(fc.constantFrom, "<", ">", "<=", ">=")} ${outside(g, field)}`;
    default:
      return field.type === "date"
        ? `${name} < ${low()}`
        : `${name} ${g(fc.constantFrom, "<", ">=")} ${between(g, field)}`;
  }
}

/** A constant that the field cannot take. */
function outside(g: Draw, { minimum, maximum, decimals }: NumericField): string {
  const beyond = g(fc.boolean) ? minimum - 1n : maximum + 1n;
  return (Number(beyond) / 10 ** decimals).toFixed(decimals);
}

/** A constant with more decimals than the field keeps, just below a threshold. */
function between(g: Draw, field: NumericField): string {
  const end = g(fc.constantFrom<bigint[]>, ...lowEnds(field));
  return (Number(end * 10n - 5n) / 10 ** (field.decimals + 1)).toFixed(field.decimals + 1);
}

function parameter(g: Draw, parameters: string[]): string {
  // Sometimes an earlier one again: parameters may be used more than once.
  if (parameters.length > 0 && g(fc.integer, { min: 0, max: 5 }) === 0) return `:${g(fc.constantFrom, ...parameters)}`;
  const name = `p${parameters.length}`;
  parameters.push(name);
  return `:${name}`;
}

function literal(field: SchemaField, value: bigint): string {
  const text = formatFieldValue(field, value);
  const isText = field.type === "date" || (field.type === "category" && field.numeric === undefined);
  return isText ? `'${text.replaceAll("'", "''")}'` : text;
}
