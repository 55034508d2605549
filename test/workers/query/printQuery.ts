/** A parsed query as the tokens of a text, in one of the spellings that mean the same, and tokens as a text. */
import assert from "node:assert/strict";
import { OFFERED_FUNCTIONS } from "../../../workers/query/offeredFunctions.ts";
import type {
  Argument,
  Condition,
  ConditionTree,
  GroupKey,
  SelectItem,
  Value,
} from "../../../workers/query/parsedQuery.ts";
import { fc } from "../../support/fastCheck.ts";
import type { Unplaced, UnplacedQuery } from "./randomParsedQuery.ts";

/** Chooses among spellings; always `options[0]` is the plain one. */
export type Choose = <T>(...spellings: readonly T[]) => T;

export const plainly: Choose = (...spellings) => {
  const [first] = spellings;
  assert.ok(first !== undefined);
  return first;
};

export function randomly(g: fc.GeneratorValue): Choose {
  return <T>(...spellings: readonly T[]): T => g(fc.constantFrom<T[]>, ...spellings);
}

const FLIPPED = { "=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<=" } as const;

export function printQuery({ select, where, groupBy }: UnplacedQuery, choose: Choose): string[] {
  return [
    word("SELECT", choose),
    ...list(select.map((item) => printItem(item, choose))),
    word("FROM", choose),
    choose("trial", "TRIAL", '"trial"'),
    ...(where === undefined ? [] : [word("WHERE", choose), ...printTree(where, choose)]),
    ...(groupBy.length === 0 ? [] : [word("GROUP", choose), word("BY", choose)]),
    ...list(groupBy.map((key) => printKey(key, choose))),
    ...choose([], [";"]),
  ];
}

/** Tokens need nothing between them only beside punctuation; comments say what must not be read. */
export function joinTokens(tokens: readonly string[], choose: Choose): string {
  return tokens.reduce((text, token) => {
    const touching = /[(),]$/.test(text) || /^[(),]/.test(token);
    return text + choose(" ", "\n", "\t  ", " /* , TYPE 7 :x ' */ ", " -- GRID 1, '\n", touching ? "" : " ") + token;
  });
}

const word = (written: string, choose: Choose): string =>
  choose(written, written.toLowerCase(), written.charAt(0) + written.slice(1).toLowerCase());

function list(items: readonly (readonly string[])[]): string[] {
  return items.flatMap((item, index) => (index === 0 ? item : [",", ...item]));
}

function identifier(name: string, choose: Choose): string {
  const quoted = `"${name}"`;
  if (!/^[a-z東京]+$/.test(name) || name === "or") return quoted;
  return choose(name, name.toUpperCase(), quoted);
}

function printColumn({ name }: { readonly name: string }, choose: Choose): string {
  return choose("", "", "trial.") + identifier(name, choose);
}

function printValue(value: Unplaced<Value> | Unplaced<Argument>): string {
  assert.ok(value.kind === "number" || value.kind === "text" || value.kind === "parameter");
  if (value.kind === "parameter") return `:p${value.index}`;
  return value.kind === "number" ? value.text : `'${value.text.replaceAll("'", "''")}'`;
}

function printItem({ aggregate, key, arguments: of, options, alias }: Unplaced<SelectItem>, choose: Choose): string[] {
  const named = alias === undefined ? [] : [word("AS", choose), identifier(alias, choose)];
  if (key !== undefined) return [...printKey(key, choose), ...named];
  const names = [...OFFERED_FUNCTIONS].flatMap(([name, offered]) => (offered.aggregate === aggregate ? [name] : []));
  const parts = [
    ...of.map((argument) => printArgument(argument, choose)),
    ...options.map(({ name, values }) => {
      const written = values.map((value) => printArgument(value, choose));
      return [word(name, choose), ...list(written)];
    }),
  ];
  const inside = of.length === 0 ? ["*"] : list(parts);
  return [word(choose(...names).toUpperCase(), choose), "(", ...inside, ")", ...named];
}

function printKey({ column, cuts }: Unplaced<GroupKey>, choose: Choose): string[] {
  if (cuts === undefined) return [printColumn(column, choose)];
  return [
    word("BIN", choose),
    "(",
    ...list([[printColumn(column, choose)], ...cuts.map((cut) => [printValue(cut)])]),
    ")",
  ];
}

function printArgument(argument: Unplaced<Argument>, choose: Choose): string[] {
  switch (argument.kind) {
    case "column":
      return [printColumn(argument.column, choose)];
    case "indicator":
      return [word("INDICATOR", choose), "(", ...printTree(argument.condition, choose), ")"];
    case "condition":
      return printTree(argument.condition, choose);
    default:
      return [printValue(argument)];
  }
}

function printTree(tree: Unplaced<ConditionTree>, choose: Choose): string[] {
  switch (tree.kind) {
    case "and":
    case "or":
      return tree.parts.flatMap((part, index) => {
        const bare = part.kind !== "and" && part.kind !== "or";
        const printed = printTree(part, choose);
        const optional = bare || (tree.kind === "or" && part.kind === "and");
        const joined = optional ? choose(printed, inParentheses(printed)) : inParentheses(printed);
        return index === 0 ? joined : [word(tree.kind.toUpperCase(), choose), ...joined];
      });
    case "not": {
      const printed = printTree(tree.part, choose);
      const bare = tree.part.kind !== "and" && tree.part.kind !== "or";
      return [word("NOT", choose), ...(bare ? choose(printed, inParentheses(printed)) : inParentheses(printed))];
    }
    default:
      return printCondition(tree, choose);
  }
}

const inParentheses = (tokens: readonly string[]): string[] => ["(", ...tokens, ")"];

function printCondition(condition: Unplaced<Condition>, choose: Choose): string[] {
  const column = printColumn(condition.column, choose);
  const not = "negated" in condition && condition.negated ? [word("NOT", choose)] : [];
  switch (condition.kind) {
    case "compare": {
      const { relation } = condition;
      const value = printValue(condition.value);
      const sign = (of: string): string => (of === "<>" ? choose("<>", "!=") : of);
      return choose([column, sign(relation), value], [value, sign(FLIPPED[relation]), column]);
    }
    case "between":
      return [column, ...not, word("BETWEEN", choose), printValue(condition.lo), "AND", printValue(condition.hi)];
    case "in":
      return [
        column,
        ...not,
        word("IN", choose),
        "(",
        ...list(condition.values.map((value) => [printValue(value)])),
        ")",
      ];
    case "null": {
      const short = condition.negated ? "NOTNULL" : "ISNULL";
      return choose([column, word("IS", choose), ...not, word("NULL", choose)], [column, word(short, choose)]);
    }
  }
}
