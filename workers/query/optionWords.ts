/**
 * Options of a function, as in `ALLOCATION(outcome = 1, PRIOR 1, 1)`: PostgreSQL's grammar has none, but it has
 * `PRIOR => 1, 1`. Here: which words of a text are options, so that they can be rewritten before it is parsed. A column
 * may have the same name: `COUNT(type)`, `CROSSTAB(type, arm)` and `type = 2` are no options.
 */
import type { OptionName } from "./parsedQuery.ts";
import type { Token } from "./sqlTokens.ts";

export const OPTION_NAMES: readonly OptionName[] = ["TYPE", "STRATA", "PRIOR", "POWER", "EXTERNAL", "WEIGHT", "GRID"];

/** What a value that follows an option starts with: a number, a text, a quoted name or a parameter. */
const VALUE = /^([\d'":]|\.\d)/;

/** An option's name, whatever the case of its letters. */
export function optionName(word: string): OptionName | undefined {
  return OPTION_NAMES.find((name) => name === word.toUpperCase());
}

/**
 * Indices of the tokens that are options: such a word where an argument of a call starts, directly followed by a value
 * or a name.
 */
export function optionWords(tokens: readonly Token[]): ReadonlySet<number> {
  const words = new Set<number>();
  const read = tokens.flatMap((token, index) => (token.comment ? [] : [{ token, index }]));
  const calls: boolean[] = [];
  read.forEach(({ token, index }, at) => {
    const before = read[at - 1]?.token;
    const after = read[at + 1]?.token;
    const startsArgument = calls.at(-1) === true && (before?.text === "(" || before?.text === ",");
    if (startsArgument && optionName(token.text) !== undefined && startsValue(after)) words.add(index);
    if (token.text === "(" || token.text === "[") calls.push(token.text === "(" && before?.functionName === true);
    if (token.text === ")" || token.text === "]") calls.pop();
  });
  return words;
}

function startsValue(token: Token | undefined): boolean {
  if (token === undefined || token.text === "::" || token.text === ":=") return false;
  // BETWEEN may be a column's name to PostgreSQL; after a word it is the comparison.
  return VALUE.test(token.text) || (token.columnName && !/^(between|operator|at)$/i.test(token.text));
}
