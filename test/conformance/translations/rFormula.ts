/** A formula of R as far as references use it: `y ~ x1 + x2 + I(x3 == 'v')`. */

export type Term =
  | { readonly kind: "column"; readonly column: string }
  /** 1 where the column is that text, else 0. */
  | { readonly kind: "indicator"; readonly column: string; readonly value: string };

export interface Formula {
  readonly response: string;
  readonly terms: readonly Term[];
}

const NAME = "[A-Za-z.][A-Za-z0-9._]*|`[^`]+`";
const COLUMN = new RegExp(`^(?:${NAME})$`);
const INDICATOR = new RegExp(`^I\\((${NAME})\\s*==\\s*(?:'([^']*)'|"([^"]*)"|(-?[0-9.]+))\\)$`);

/** Undefined when the formula has anything else: an interaction, a function, no intercept. */
export function readFormula(text: string): Formula | undefined {
  const [left = "", right, more] = text.split("~").map((side) => side.trim());
  if (right === undefined || more !== undefined || !COLUMN.test(left)) return undefined;
  const terms = splitTerms(right).map(readTerm);
  const known = terms.filter((term) => term !== undefined);
  return known.length === terms.length ? { response: bare(left), terms: known } : undefined;
}

/** At each + that is not in quotes or parentheses. */
function splitTerms(text: string): string[] {
  return (
    text.match(/(?:'[^']*'|"[^"]*"|`[^`]*`|\((?:'[^']*'|"[^"]*"|[^()'"])*\)|[^+])+/g)?.map((term) => term.trim()) ?? []
  );
}

function readTerm(text: string): Term | undefined {
  const match = INDICATOR.exec(text);
  if (match !== null) {
    const [, column = "", single, double, number] = match;
    return { kind: "indicator", column: bare(column), value: single ?? double ?? number ?? "" };
  }
  return COLUMN.test(text) ? { kind: "column", column: bare(text) } : undefined;
}

function bare(name: string): string {
  return name.startsWith("`") ? name.slice(1, -1) : name;
}
