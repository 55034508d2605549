/** Options of a function, as in `PRIOR 1, 1, POWER 1`: a word and the arguments up to the next word. */
import type { ArgumentForm } from "./offeredFunctions.ts";
import { optionName } from "./optionWords.ts";
import type { CallPlace } from "./parseArguments.ts";
import { parseArgument } from "./parseArguments.ts";
import type { NameScope } from "./parseColumn.ts";
import type { Argument, Option, OptionName } from "./parsedQuery.ts";
import type { Span } from "./sqlText.ts";
import { refuse } from "./sqlText.ts";
import { asText, kinded, spanOf } from "./syntaxTree.ts";

/** Cuts between which values are counted, before any are merged. */
export const MAX_GRID = 64;
/** Two numbers for each group of patients of other trials. */
const MAX_EXTERNAL = 64;

interface OptionForm {
  readonly usage: string;
  readonly takes: ArgumentForm & ("column" | "number" | "break");
  readonly minimum: number;
  readonly maximum: number;
  /** The number of values is a multiple of it. */
  readonly multiple: number;
  /** The only numbers taken. */
  readonly among?: readonly string[];
}

const one = { minimum: 1, maximum: 1, multiple: 1 };
const FORMS: Readonly<Record<OptionName, OptionForm>> = {
  TYPE: { usage: "TYPE 7 or TYPE 1", takes: "number", ...one, among: ["1", "7"] },
  STRATA: { usage: "STRATA and one column", takes: "column", ...one },
  PRIOR: { usage: "PRIOR and two numbers, as in PRIOR 1, 1", takes: "number", minimum: 2, maximum: 2, multiple: 2 },
  POWER: { usage: "POWER and one number, as in POWER 0.5", takes: "number", ...one },
  WEIGHT: { usage: "WEIGHT and one number, as in WEIGHT 0.5", takes: "number", ...one },
  EXTERNAL: {
    usage: "EXTERNAL and pairs of numbers, patients and successes, as in EXTERNAL 40, 12",
    takes: "number",
    minimum: 2,
    maximum: MAX_EXTERNAL,
    multiple: 2,
  },
  GRID: {
    usage: "GRID and cuts, as in GRID 90, 180, 365",
    takes: "break",
    minimum: 1,
    maximum: MAX_GRID,
    multiple: 1,
  },
};

/**
 * @param nodes a call's arguments from the first option on
 * @param offered by the call's function
 * @throws CodedError SQL_UNSUPPORTED
 */
export function parseOptions(
  scope: NameScope,
  nodes: readonly unknown[],
  offered: readonly OptionName[],
  call: CallPlace,
): Option[] {
  const options: Option[] = [];
  for (const group of groupByWord(nodes)) {
    const option = parseOption(scope, group, offered, call);
    if (options.some(({ name }) => name === option.name)) {
      throw refuse(scope.sql, option.span, `${option.name} stands here twice; write it once`);
    }
    options.push(option);
  }
  return options;
}

export function isOption(node: unknown): boolean {
  return kinded(node).kind === "NamedArgExpr";
}

/** Each named argument with the positional ones after it. */
function groupByWord(nodes: readonly unknown[]): unknown[][] {
  const groups: unknown[][] = [];
  for (const node of nodes) {
    if (isOption(node)) groups.push([node]);
    else groups.at(-1)?.push(node);
  }
  return groups;
}

function parseOption(
  scope: NameScope,
  group: readonly unknown[],
  offered: readonly OptionName[],
  call: CallPlace,
): Option {
  const { sql } = scope;
  const [word, ...rest] = group;
  const { body } = kinded(word);
  const span = spanOf(sql, group, call.span);
  const name = optionName(asText(body["name"]));
  if (name === undefined || !sql.optionWords.has(span.start)) {
    throw refuse(sql, span, `arguments have no names here; an option is its word and its values; write ${call.usage}`);
  }
  if (!offered.includes(name)) throw refuse(sql, span, `${name} is not an option here; write ${call.usage}`);
  const form = FORMS[name];
  const values = [body["arg"], ...rest].map((node) =>
    parseArgument(scope, node, form.takes, { span, usage: form.usage }),
  );
  requireCount(scope, values, form, span);
  return { name, values, span };
}

function requireCount({ sql }: NameScope, values: readonly Argument[], form: OptionForm, span: Span): void {
  const { length } = values;
  if (length < form.minimum || length % form.multiple !== 0) throw refuse(sql, span, `write ${form.usage}`);
  const excess = values[form.maximum];
  if (excess !== undefined) throw refuse(sql, excess.span, `one too many; write ${form.usage}`);
  const refused = values.find((value) => value.kind === "number" && form.among?.includes(value.text) === false);
  if (refused !== undefined) throw refuse(sql, refused.span, `write ${form.usage}`);
}
