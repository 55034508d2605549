/** Which tokens a refusal quotes. */
import type { Span } from "./sqlText.ts";
import type { Token } from "./sqlTokens.ts";

const FRAGMENT_END =
  /^(,|\)|;|and|or|as|from|where|group|having|order|limit|offset|fetch|for|union|intersect|except|window|into)$/i;

/**
 * From the span's first token to the last one before a comma, closing parenthesis or clause that ends it.
 *
 * @param all a text's tokens
 * @param length of the text: where an empty fragment stands if no token is left
 */
export function fragmentBounds(
  all: readonly Token[],
  { start, last, exact }: Span,
  length: number,
): [from: number, to: number] {
  const tokens = all.filter(({ comment }) => !comment);
  const found = tokens.findIndex((token) => token.start >= start);
  if (found < 0) return [length, length];
  if (exact === true) return [tokens[found]!.start, tokens[endOfName(tokens, found)]!.end];
  let first = found;
  let end = first;
  let depth = 0;
  for (let index = first; index < tokens.length; index += 1) {
    const token = tokens[index]!;
    if (index > first && token.start > last && depth <= 0 && FRAGMENT_END.test(token.text)) break;
    if (token.text === "(" || token.text === "[") depth += 1;
    if (token.text === ")" || token.text === "]") depth -= 1;
    end = index;
  }
  while (depth < 0 && first > 0) {
    first -= 1;
    if (tokens[first]!.text === "(") depth += 1;
    if (tokens[first]!.text === ")") depth -= 1;
  }
  return [tokens[first]!.start, tokens[end]!.end];
}

/** Index of the last token of `a.b.c`, `-5`, `:name` or a lone token. */
function endOfName(tokens: readonly Token[], first: number): number {
  let end = first;
  if (/^[-:]$/.test(tokens[first]!.text) && first + 1 < tokens.length) end += 1;
  while (tokens[end + 1]?.text === "." && end + 2 < tokens.length) end += 2;
  return end;
}
