/**
 * The `where` of a reference query as tokens: which columns it names, and which constants it compares with each, so that
 * the fields of a study can be chosen and the text be written again with the study's names. What it means is for the
 * compiler, and for the judge's own database.
 */

export interface ConditionToken {
  readonly kind: "column" | "text" | "number" | "other";
  /** As written. */
  readonly source: string;
  /** Without quotes. */
  readonly value: string;
  /** The column that it is, or that a constant is compared with. */
  readonly column: string | undefined;
  /** Of a constant: it is compared by order, not only by equality. */
  readonly isOrdered: boolean;
}

const TOKEN =
  /(?<space>\s+)|(?<text>'(?:[^']|'')*')|(?<quoted>"(?:[^"]|"")*")|(?<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<word>[\p{L}_][\p{L}\p{N}_$]*)|(?<symbol><>|!=|<=|>=|.)/gsu;

/** Names resolve as in SQL: in any case, and exactly if that is not one column. */
export function readCondition(text: string, columns: readonly string[]): ConditionToken[] {
  const tokens = [...text.matchAll(TOKEN)].map(({ groups = {}, 0: source }) => tokenOf(source, groups, columns));
  return attachConstants(tokens);
}

/** The same text, columns and constants written anew. */
export function writeCondition(
  tokens: readonly ConditionToken[],
  columnText: (column: string) => string,
  constantText: (constant: ConditionToken, column: string) => string,
): string {
  return tokens
    .map((token) => {
      if (token.column === undefined) return token.source;
      return token.kind === "column" ? columnText(token.column) : constantText(token, token.column);
    })
    .join("");
}

export function columnsIn(tokens: readonly ConditionToken[]): string[] {
  return [
    ...new Set(tokens.flatMap(({ kind, column }) => (kind === "column" && column !== undefined ? [column] : []))),
  ];
}

export function constantsOf(tokens: readonly ConditionToken[], column: string): ConditionToken[] {
  return tokens.filter((token) => token.kind !== "column" && token.column === column);
}

/** A text constant of SQL. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function tokenOf(
  source: string,
  groups: Readonly<Record<string, string | undefined>>,
  columns: readonly string[],
): ConditionToken {
  const token = (kind: ConditionToken["kind"], value: string, column?: string): ConditionToken => ({
    kind,
    source,
    value,
    column,
    isOrdered: false,
  });
  if (groups["text"] !== undefined) return token("text", source.slice(1, -1).replaceAll("''", "'"));
  if (groups["number"] !== undefined) return token("number", source);
  const name = groups["quoted"] !== undefined ? source.slice(1, -1).replaceAll('""', '"') : groups["word"];
  if (name === undefined) return token("other", source);
  const column = resolveColumn(name, columns);
  if (column !== undefined) return token("column", name, column);
  return token("other", source);
}

function resolveColumn(name: string, columns: readonly string[]): string | undefined {
  if (columns.includes(name)) return name;
  const near = columns.filter((column) => column.toLowerCase() === name.toLowerCase());
  return near.length === 1 ? near[0] : undefined;
}

/** Constants belong to the column of their comparison, on whichever side: AND, but for BETWEEN's, and OR end one. */
function attachConstants(tokens: readonly ConditionToken[]): ConditionToken[] {
  const comparisons = comparisonsOf(tokens);
  const subjects = new Map<number, string>();
  tokens.forEach(({ kind, column }, index) => {
    if (kind === "column" && column !== undefined) subjects.set(comparisons[index]!, column);
  });
  const ordered = new Set(comparisons.filter((_, index) => isOrder(tokens[index]!)));
  return tokens.map((token, index) => {
    const isConstant = token.kind === "text" || token.kind === "number";
    if (!isConstant) return token;
    const comparison = comparisons[index]!;
    return { ...token, column: subjects.get(comparison), isOrdered: ordered.has(comparison) };
  });
}

function isOrder({ kind, value }: ConditionToken): boolean {
  return kind === "other" && /^(?:<|<=|>|>=|between)$/i.test(value);
}

/** Which comparison each token belongs to. */
function comparisonsOf(tokens: readonly ConditionToken[]): number[] {
  let comparison = 0;
  let isBetween = false;
  return tokens.map(({ kind, value }) => {
    const word = kind === "other" ? value.toUpperCase() : "";
    if (word === "BETWEEN") isBetween = true;
    else if (word === "OR" || (word === "AND" && !isBetween)) comparison += 1;
    else if (word === "AND") isBetween = false;
    return comparison;
  });
}
