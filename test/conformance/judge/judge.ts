/**
 * An independent judge of the rules for a single request with an empty history: what must be refused, and which cells of an answer
 * must be hidden, decided in clear over the rows of the file.
 *
 * It shares no code with compiler, gate or protocols. Conditions are evaluated by SQLite; sets are compared over all rows that
 * there could be, where the product reasons on classes of fields; what follows from sums is found by looking at every set of points
 * (`toldSets.ts`). Shared with the rest of the kit, and so with what is asked of the product: which field each column became
 * (`studyField.ts`), whose row each is (`hospitals.ts`), and which constants a condition has (`conditionText.ts`).
 *
 * Taken over from the product as a specification, for want of another: the order in which complementary cells are chosen, which sets
 * the sums of one regression are over, how lines of values are merged (`mergedLines.ts`), and the limit of 512 sets, before lines
 * are merged. `judge.test.ts` compares it with the gate's plans, `judgeOrder.test.ts` with what the committee opens.
 */
import type { CsvTable } from "../referenceDirectory.ts";
import type { StudyField } from "../studyField.ts";
import { columnsIn } from "../conditionText.ts";
import type { ConditionToken } from "../conditionText.ts";
import type { ClearRows } from "./cellLines.ts";
import type { ClearSet } from "./clearSet.ts";
import { isEmpty, sizeOf } from "./clearSet.ts";
import type { ClearCondition } from "./clearTable.ts";
import { matchingRows } from "./clearTable.ts";
import { readLines, singleLines, valueStarts } from "./cellsOfOrder.ts";
import type { OrderedLines } from "./cellsOfOrder.ts";
import { hiddenGroups, MOST_SETS } from "./complementaryRules.ts";
import type { JudgedCell, JudgedRequest, JudgedShape } from "./judgedAnswer.ts";
import { judgedSets, setsIn } from "./judgedSets.ts";
import { mergeLines, withLostIntervals } from "./mergedLines.ts";
import { missingness } from "./missingness.ts";
import { possibleRows } from "./possibleRows.ts";
import { cohortRules, groupRules, smallTableRules } from "./sizeRules.ts";
import type { RuleFacts } from "./sizeRules.ts";
import type { SummedRows } from "./valueRules.ts";
import { maySumsTell } from "./valueRules.ts";

/** The rule of cells that have enough rows, but would tell others. */
export const COMPLEMENTARY = "complementary suppression";

export interface JudgedQuery {
  readonly table: CsvTable;
  /** Of the study: what can be missing, and which values there are. */
  readonly fields: readonly StudyField[];
  /** Of each row. */
  readonly hospitals: readonly number[];
  readonly condition: ClearCondition;
  /** The condition's text. */
  readonly tokens: readonly ConditionToken[];
  readonly shape: JudgedShape;
  readonly k: number;
}

export function judge(query: JudgedQuery): JudgedRequest {
  const { facts, lines, summed } = factsOf(query);
  const { sets } = facts;
  const count = setsIn(sets).length + 1;
  const untold = sets.hasFewNumbers
    ? "few values, not told apart"
    : count > MOST_SETS
      ? "more sets than can be told apart"
      : undefined;
  if (isEmpty(sets.cohort)) return { untold: undefined, maySumsTell: false, judgement: { kind: "never true" } };
  const small = smallTableRules(facts);
  const refused = small.length > 0 ? small : cohortRules(facts);
  if (refused.length > 0) return { untold, maySumsTell: false, judgement: { kind: "refused", rules: refused } };
  const cells = judgedCells(facts, lines);
  const hidden = new Set(cells.flatMap((cell, index) => (cell.hidden.has("sum") ? [index] : [])));
  return { untold, maySumsTell: maySumsTell(facts, summed, hidden), judgement: { kind: "answered", cells } };
}

/**
 * The same cells with nothing hidden: what an answer without disclosure control has. None of a statistic of order, which has
 * every value by itself then.
 */
export function openCells(query: JudgedQuery): JudgedCell[] {
  return query.shape.order === undefined ? cellsOf(factsOf(query).facts, new Set(), []) : [];
}

/** @param lines of values, where the statistic is of their order */
function judgedCells(unmerged: RuleFacts, lines: OrderedLines | undefined): JudgedCell[] {
  const facts = lines === undefined ? unmerged : { ...unmerged, sets: mergeLines(unmerged, lines) };
  const { groups } = facts.sets;
  const rules = groupRules(facts);
  const own = new Set(rules.flatMap((failed, group) => (failed.length > 0 ? [group] : [])));
  // A count that is too small hides its cell's sums.
  const failed = groups.flatMap(({ cell }, group) =>
    own.has(group) ||
    groups.some((other, index) => other.cell === cell && other.parts.includes("count") && own.has(index))
      ? [group]
      : [],
  );
  const hidden = hiddenGroups(facts, new Set(failed));
  return cellsOf(facts, lines === undefined ? hidden : withLostIntervals(facts.sets, hidden), rules);
}

function cellsOf(
  { sets }: RuleFacts,
  hidden: ReadonlySet<number>,
  rules: readonly (readonly string[])[],
): JudgedCell[] {
  return sets.cells.map(({ keys, set, interval }, cell) => {
    const own = sets.groups.map((group, index) => ({ ...group, index })).filter((group) => group.cell === cell);
    const secret = own.filter(({ index }) => hidden.has(index));
    const named = secret.flatMap(({ index }) => (rules[index]?.length ? rules[index] : [COMPLEMENTARY]));
    return {
      keys,
      rows: sizeOf(set),
      ...(interval === undefined ? {} : { interval }),
      hidden: new Set(secret.flatMap(({ parts }) => parts)),
      rules: [...new Set(named)],
    };
  });
}

/** Of a statistic of order, with every line by itself. */
function factsOf(query: JudgedQuery): {
  readonly facts: RuleFacts;
  readonly lines: OrderedLines | undefined;
  readonly summed: SummedRows;
} {
  const { table, fields, hospitals, shape, k, tokens } = query;
  const needed = new Set([...columnsIn(tokens), ...columnsOf(shape)]);
  const count = Math.max(...hospitals) + 1;
  const read = fields.filter(({ column }) => needed.has(column));
  const possible = possibleRows(
    read.map((field) => ({
      field,
      constants: comparedWith(field.column, tokens, shape),
      starts: field.column === shape.order?.column ? valueStarts(field) : [],
      isSummed: shape.summed?.columns.includes(field.column) === true,
    })),
    count,
  );
  const positions = possible.columns.map((column) => table.columns.indexOf(column));
  const rows: ClearRows = { possible, table: table.rows.map((row) => positions.map((at) => row[at] ?? null)) };
  const all = setOf(rows, () => 1);
  const owned = Array.from({ length: count }, (_, owner): ClearSet => ({
    shape: Uint8Array.from(possible.hospitals, (each) => (each === owner ? 1 : 0)),
    rows: Uint8Array.from(hospitals, (each) => (each === owner ? 1 : 0)),
  }));
  const known = new Map(fields.map((field) => [field.column, field]));
  const differInMissing = missingness(possible);
  const own = judgedSets(cohortOf(query, rows), { rows, fields: known, differInMissing }, shape);
  const lines = shape.order === undefined ? undefined : readLines(shape.order, own, rows, known);
  const sets = lines === undefined ? own : singleLines(lines);
  return {
    facts: { k, sets, all, owned, differInMissing },
    lines,
    summed: { rows, fields: known, shape, compared: new Set(columnsIn(tokens)) },
  };
}

/** A constant whose column the text does not tell may be any's. */
function comparedWith(column: string, tokens: readonly ConditionToken[], { axes }: JudgedShape): string[] {
  const isConstant = ({ kind }: ConditionToken): boolean => kind === "number" || kind === "text";
  const compared = tokens.filter((token) => isConstant(token) && (token.column ?? column) === column);
  const breaks = axes.flatMap((axis) => (axis.column === column ? (axis.breaks ?? []) : []));
  return [...compared.map(({ value }) => value), ...breaks.map(String)];
}

function columnsOf({ axes, present, summed, indicators, counted, order }: JudgedShape): string[] {
  const named = [...axes, ...(indicators ?? []), ...[counted, order, order?.ends].filter((each) => each !== undefined)];
  return [...named.map(({ column }) => column), ...present, ...(summed?.columns ?? [])];
}

function setOf({ possible, table }: ClearRows, bit: () => number): ClearSet {
  return { shape: Uint8Array.from(possible.rows, bit), rows: Uint8Array.from(table, bit) };
}

function cohortOf({ table, condition }: JudgedQuery, { possible, table: rows }: ClearRows): ClearSet {
  const columns = possible.columns.map((name) => ({
    name,
    type: table.fields.find((field) => field.name === name)?.type ?? "string",
  }));
  const per = possible.hospitals.filter((hospital) => hospital === 0).length;
  const shape = matchingRows(columns, possible.rows.slice(0, per), condition);
  return {
    shape: Uint8Array.from(possible.hospitals, (_, index) => shape[index % per]!),
    rows: matchingRows(columns, rows, condition),
  };
}
