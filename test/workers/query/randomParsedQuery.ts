/** fast-check: a random query as the parser gives it, without places, and one of the many texts that say it. */
import type { ArgumentForm, OfferedFunction } from "../../../workers/query/offeredFunctions.ts";
import { OFFERED_FUNCTIONS } from "../../../workers/query/offeredFunctions.ts";
import type {
  Argument,
  Condition,
  ConditionTree,
  GroupKey,
  Option,
  OptionName,
  ParsedQuery,
  SelectItem,
  Value,
} from "../../../workers/query/parsedQuery.ts";
import { fc } from "../../support/fastCheck.ts";

/** A part of a query without its spans. */
export type Unplaced<T> = T extends readonly (infer Element)[]
  ? Unplaced<Element>[]
  : T extends object
    ? { [Key in keyof T as Key extends "span" ? never : Key]: Unplaced<T[Key]> }
    : T;
export type UnplacedQuery = Unplaced<Omit<ParsedQuery, "sql">>;

type Draw = fc.GeneratorValue;

/** Column names; among them every option's, words of PostgreSQL, and some that need quotes. */
const NAMES = [
  "age",
  "time",
  "type",
  "power",
  "prior",
  "grid",
  "weight",
  "external",
  "strata",
  "東京",
  "Mixed",
  "a b",
  "or",
];
const NUMBERS = ["0", "1", "40", "-7", "-12.5", ".5", "-.25", "6.50", "2147483648", "-99999999999"];
const TEXTS = ["", "drug A", "O'Brien", "--", "/* x", ":lo", "TYPE 7, 1", "Zürich", '"q"', "2024-02-29"];
const FUNCTIONS = [...OFFERED_FUNCTIONS.values()].filter(({ usage }) => !/^(VARIANCE|STDDEV)\(/.test(usage));

export const randomParsedQuery: fc.Arbitrary<UnplacedQuery> = fc.gen().map((g) => {
  const values = drawValues(g);
  const keys = g(fc.integer, { min: 0, max: 2 });
  const functions = g(fc.integer, { min: 1, max: 3 });
  const select = [
    ...Array.from({ length: keys }, () => drawKeyItem(g)),
    ...Array.from({ length: functions }, () => drawFunctionItem(g, values)),
  ];
  return {
    table: { name: "trial" },
    select,
    where: g(fc.boolean) ? drawTree(g, values, 4) : undefined,
    groupBy: Array.from({ length: g(fc.integer, { min: 0, max: 2 }) }, () => drawKey(g)),
  };
});

const column = (g: Draw): { name: string } => ({ name: g(fc.constantFrom<string[]>, ...NAMES) });
const number = (g: Draw): string => g(fc.constantFrom<string[]>, ...NUMBERS);
const text = (g: Draw): string => g(fc.constantFrom<string[]>, ...TEXTS);
const constant = (g: Draw): { kind: "number" | "text"; text: string } =>
  g(fc.boolean) ? { kind: "number", text: number(g) } : { kind: "text", text: text(g) };

/** Parameters are numbered by first appearance, and values are drawn in the order they are written. */
function drawValues(g: Draw): () => Unplaced<Value> {
  let parameters = 0;
  return () => {
    if (parameters === 60 || g(fc.boolean)) return constant(g);
    const index = g(fc.integer, { min: 0, max: parameters });
    parameters = Math.max(parameters, index + 1);
    return { kind: "parameter", index };
  };
}

function drawCondition(g: Draw, values: () => Unplaced<Value>): Unplaced<Condition> {
  const of = column(g);
  switch (g(fc.integer, { min: 0, max: 3 })) {
    case 0: {
      const relation = g(fc.constantFrom<("=" | "<>" | "<" | "<=" | ">" | ">=")[]>, "=", "<>", "<", "<=", ">", ">=");
      return { kind: "compare", column: of, relation, value: values() };
    }
    case 1:
      return { kind: "between", column: of, negated: g(fc.boolean), lo: values(), hi: values() };
    case 2: {
      const listed = Array.from({ length: g(fc.integer, { min: 1, max: 3 }) }, values);
      return { kind: "in", column: of, negated: g(fc.boolean), values: listed };
    }
    default:
      return { kind: "null", column: of, negated: g(fc.boolean) };
  }
}

function drawTree(g: Draw, values: () => Unplaced<Value>, depth: number, not?: string): Unplaced<ConditionTree> {
  const kinds = ["leaf", ...(depth === 0 ? [] : ["and", "or", "not"])].filter((kind) => kind !== not);
  const kind = g(fc.constantFrom<string[]>, ...kinds);
  if (kind === "not") return { kind, part: drawTree(g, values, depth - 1) };
  if (kind !== "and" && kind !== "or") return drawCondition(g, values);
  const length = g(fc.integer, { min: 2, max: 3 });
  return { kind, parts: Array.from({ length }, () => drawTree(g, values, depth - 1, kind)) };
}

function drawArgument(g: Draw, form: ArgumentForm, values: () => Unplaced<Value>): Unplaced<Argument> {
  switch (form) {
    case "column":
      return { kind: "column", column: column(g) };
    case "predictor":
      if (g(fc.boolean)) return { kind: "column", column: column(g) };
      return { kind: "indicator", condition: drawCondition(g, values) };
    case "event": {
      const of = column(g);
      if (g(fc.boolean)) {
        return { kind: "condition", condition: { kind: "compare", column: of, relation: "=", value: values() } };
      }
      return { kind: "condition", condition: { kind: "in", column: of, negated: false, values: [values(), values()] } };
    }
    case "condition":
      return { kind: "condition", condition: drawCondition(g, values) };
    case "break":
      return constant(g);
    case "number":
      return { kind: "number", text: number(g) };
  }
}

function drawOption(g: Draw, name: OptionName): Unplaced<Option> {
  const numbers = (length: number): Unplaced<Argument>[] =>
    Array.from({ length }, () => ({
      kind: "number" as const,
      text: g(fc.constantFrom<string[]>, ...NUMBERS.filter((written) => !written.startsWith("-"))),
    }));
  switch (name) {
    case "TYPE":
      return { name, values: [{ kind: "number", text: g(fc.constantFrom, "1", "7") }] };
    case "STRATA":
      return { name, values: [{ kind: "column", column: column(g) }] };
    case "PRIOR":
      return { name, values: numbers(2) };
    case "POWER":
    case "WEIGHT":
      return { name, values: numbers(1) };
    case "EXTERNAL":
      return { name, values: numbers(g(fc.constantFrom, 2, 4)) };
    case "GRID":
      return { name, values: numbers(g(fc.integer, { min: 1, max: 4 })) };
  }
}

function drawFunctionItem(g: Draw, values: () => Unplaced<Value>): Unplaced<SelectItem> {
  const { aggregate, takes, more, options } = g(fc.constantFrom<OfferedFunction[]>, ...FUNCTIONS);
  const star = aggregate === OFFERED_FUNCTIONS.get("count")?.aggregate && g(fc.boolean);
  const extra = more === undefined ? 0 : g(fc.integer, { min: more.minimum, max: more.minimum + 3 });
  const forms = [...takes, ...Array.from({ length: extra }, () => more?.form ?? "column")];
  return {
    aggregate,
    key: undefined,
    arguments: star ? [] : forms.map((form) => drawArgument(g, form, values)),
    options: g(fc.shuffledSubarray<OptionName>, [...options]).map((name) => drawOption(g, name)),
    alias: drawAlias(g),
  };
}

function drawKeyItem(g: Draw): Unplaced<SelectItem> {
  return { aggregate: undefined, key: drawKey(g), arguments: [], options: [], alias: drawAlias(g) };
}

function drawKey(g: Draw): Unplaced<GroupKey> {
  if (g(fc.boolean)) return { column: column(g), cuts: undefined };
  const cuts = Array.from({ length: g(fc.integer, { min: 1, max: 3 }) }, () => constant(g));
  return { column: column(g), cuts };
}

function drawAlias(g: Draw): string | undefined {
  return g(fc.boolean) ? column(g).name : undefined;
}
