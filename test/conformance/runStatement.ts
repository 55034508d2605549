/** One statement: compiled, computed, finished, compared and judged. */
import type { CompiledQuery } from "../../workers/query/compileQuery.ts";
import { compileForGate } from "../../workers/disclosure/checkQuery.ts";
import { isCoded } from "../../workers/errors.ts";
import type { RandomBytes } from "../../workers/field/field.ts";
import { compileQuery } from "../../workers/query/compileQuery.ts";
import { finishAnswer } from "../../workers/statistics/finishAnswer.ts";
import type { AnswerTable, AnswerValue } from "../../workers/statistics/finishAnswer.ts";
import { isHidden } from "../../workers/statistics/hidden.ts";
import { conditionOf } from "./columnUses.ts";
import type { DerivedStudy } from "./derivedStudy.ts";
import { judge, openCells } from "./judge/judge.ts";
import type { JudgedQuery } from "./judge/judge.ts";
import type { JudgedCell, Part } from "./judge/judgedAnswer.ts";
import { K, openGated, openUncontrolled } from "./openRequest.ts";
import type { Opened } from "./openRequest.ts";
import type { CsvTable } from "./referenceDirectory.ts";
import type { SharedStudy } from "./sharedStudy.ts";
import { namingOf, statementSql } from "./statementSql.ts";
import type { Statement, Translation } from "./translations/translation.ts";

export interface AskedTable {
  readonly table: CsvTable;
  readonly study: DerivedStudy;
  readonly shared: SharedStudy;
  /** Of each row. */
  readonly hospitals: readonly number[];
  readonly disclosureControl: boolean;
  readonly randomBytes: RandomBytes;
}

export interface StatementReport {
  readonly verdict: "pass" | "refused" | "unsupported" | "FAIL";
  readonly reason: string;
  readonly got: unknown;
}

/** What the language does not have, or has no room for. */
const NOT_OFFERED = ["SQL_UNSUPPORTED", "SQL_TOO_LARGE"];

/** What the compiler says of such a condition before there are data. */
const NOBODY = "no row can satisfy the condition";

/**
 * @param name of the request, unlike all others
 * @param expectsNobody the reference has no row that satisfies the condition
 */
export async function runStatement(
  place: AskedTable,
  name: string,
  translation: Translation,
  statement: Statement,
  expectsNobody: boolean,
): Promise<StatementReport> {
  const tokens = conditionOf(translation, place.table.columns);
  const judged: JudgedQuery = {
    table: place.table,
    fields: place.study.fields,
    hospitals: place.hospitals,
    condition: translation,
    tokens,
    shape: statement.judged ?? { axes: [], present: [] },
    k: K,
  };
  try {
    const sql = statementSql(place.study, statement, tokens);
    const { schema } = place.study;
    const compiled = await (place.disclosureControl
      ? compileForGate(sql, schema)
      : compileQuery(sql, schema, { withoutGate: true }));
    return await ask(place, name, statement, compiled, judged);
  } catch (error) {
    const isNobody = !place.disclosureControl && expectsNobody && isCoded(error, "SQL_NEVER_TRUE");
    return isNobody ? { verdict: "pass", reason: NOBODY, got: { n: 0 } } : explain(error, judged);
  }
}

async function ask(
  place: AskedTable,
  name: string,
  statement: Statement,
  { descriptor }: CompiledQuery,
  judged: JudgedQuery,
): Promise<StatementReport> {
  const { shared, study, randomBytes, disclosureControl } = place;
  const request = { name, descriptor, study: shared, randomBytes };
  const opened = await (disclosureControl ? openGated(request) : openUncontrolled(request));
  const cells = disclosureControl ? judgedCells(opened, judged) : openCells(judged);
  if ("verdict" in cells) return cells;
  if (opened.refused) return failed(`it is refused without disclosure control: ${opened.reason}`);
  const options = { linesAreValues: !disclosureControl };
  const answer = finishAnswer(descriptor, study.schema, opened.outputs, opened.hidden, options);
  const got = answerJson(answer, statement);
  const problems = statement.compare(answer, cells, namingOf(study));
  if (problems.length > 0) return { verdict: "FAIL", reason: problems.join("; "), got };
  return { verdict: "pass", reason: hiddenReason(cells), got };
}

/** What the judge allows to be shown; or a verdict, where it or the gate refuses. */
function judgedCells(opened: Opened, judged: JudgedQuery): readonly JudgedCell[] | StatementReport {
  const { judgement, maySumsTell } = judge(judged);
  if (judgement.kind === "never true") return failed("it was computed, though no row can satisfy its condition");
  if (judgement.kind === "refused") {
    const rules = judgement.rules.join("; ");
    return opened.refused ? refused(rules) : failed(`it must be refused and was answered: ${rules}`);
  }
  if (opened.refused) return failed(`it is refused, and no rule says so: ${opened.reason}`);
  return maySumsTell ? withHidden(judgement.cells, opened) : judgement.cells;
}

/** What is hidden for what sums of values may tell, the judge does not know: it is taken as it is. */
function withHidden(cells: readonly JudgedCell[], { outputs, hidden }: Opened & { refused: false }): JudgedCell[] {
  const width = outputs.length / cells.length;
  return cells.map((cell, index) => {
    const isHidden = Array.from({ length: width }, (_, at) => hidden.has(index * width + at));
    const parts = new Set<Part>([
      ...cell.hidden,
      ...(isHidden[0] === true ? (["count"] as const) : []),
      ...(isHidden.includes(true) ? (["sum"] as const) : []),
    ]);
    return parts.size === cell.hidden.size ? cell : { ...cell, hidden: parts, rules: [...cell.rules, VALUES] };
  });
}

const VALUES = "what sums of values may tell, which is not judged";

/** A refusal of the compiler or of the plan: unsupported, or what the judge expects, or a failure. */
function explain(error: unknown, judged: JudgedQuery): StatementReport {
  if (!(error instanceof Error)) throw error;
  if (!isCoded(error)) return failed(error.message);
  const reason = `${error.code}: ${error.message}`;
  if (NOT_OFFERED.includes(error.code) || (error.code === "SQL_NO_CUT_POINT" && isOfOneValue(judged)))
    return { verdict: "unsupported", reason, got: null };
  if (error.code === "SQL_NEVER_TRUE" && judge(judged).judgement.kind === "never true") return refused(reason);
  if (error.code === "DISCLOSURE_UNSUPPORTED" && judge(judged).untold !== undefined) return refused(reason);
  return failed(reason);
}

/** All values whose order is asked are one: there is no cut-point to have. */
function isOfOneValue({ fields, shape }: JudgedQuery): boolean {
  const field = fields.find(({ column }) => column === shape.order?.column);
  return field !== undefined && field.type !== "category" && field.cuts.length === 0;
}

function refused(reason: string): StatementReport {
  return { verdict: "refused", reason, got: null };
}

function failed(reason: string): StatementReport {
  return { verdict: "FAIL", reason, got: null };
}

function hiddenReason(cells: readonly JudgedCell[]): string {
  const hidden = cells.filter((cell) => cell.hidden.size > 0);
  if (hidden.length === 0) return "every cell is shown";
  const rules = [...new Set(hidden.flatMap((cell) => cell.rules))];
  return `${hidden.length} of ${cells.length} cells are hidden, wholly or in part: ${rules.join("; ")}`;
}

/** Without groups the one row; else a list of groups, as references have it. */
function answerJson({ columns, rows }: AnswerTable, statement: Statement): unknown {
  const names = statement.columns.length === columns.length ? statement.columns : columns;
  const objects = rows.map((row) => Object.fromEntries(row.map((value, index) => [names[index], valueJson(value)])));
  return statement.groupBy.length === 0 && objects.length === 1 ? objects[0] : { groups: objects };
}

function valueJson(value: AnswerValue): unknown {
  return isHidden(value) ? { suppressed: true } : value;
}
