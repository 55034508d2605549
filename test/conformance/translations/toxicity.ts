/**
 * `toxicity`: subjects by their worst grade, which each owner computes from its events; by arm, and by term where one is told
 * apart. The number of events is not a number of subjects: the statistic does not have it, and it is not compared.
 */
import type { JudgedCell } from "../judge/judgedAnswer.ts";
import { groupAxes } from "../judge/judgedAnswer.ts";
import type { JsonRecord, ReferenceQuery } from "../referenceQuery.ts";
import { EXACT, isSameKey, show, spreadTolerance } from "./compareValues.ts";
import { groupItems, usesOf } from "./selection.ts";
import { compareShown, expectedList, expectedRecords, read, readList } from "./structuredValue.ts";
import type { DerivedColumn, Statement, TranslateKind } from "./translation.ts";

export const translateToxicity: TranslateKind = (query) => {
  const arm = query.text("arm");
  const derived = termsOf(query).map((term) => worstGrade(query, term));
  return {
    table: query.text("population"),
    uses: usesOf([arm, ...derived.map(({ column }) => column)], []),
    where: query.optionalText("population_where"),
    equals: undefined,
    derived,
    statements: derived.map((grade) => statementOf(query, arm, grade)),
  };
};

/** That the expected rates tell apart; undefined: all events together. */
function termsOf(query: ReferenceQuery): (string | undefined)[] {
  if (query.optionalText("term") === undefined) return [undefined];
  const terms = expectedRecords(query, "rates").map(({ term }) => term);
  return [...new Set(terms.filter((term) => typeof term === "string"))];
}

function worstGrade(query: ReferenceQuery, term: string | undefined): DerivedColumn {
  const column = query.optionalText("term");
  return {
    column: [query.id, "worst", query.text("grade"), ...(term === undefined ? [] : [term])].join(" "),
    from: query.text("events"),
    subject: query.text("subject"),
    where: query.optionalText("events_where"),
    equals: column === undefined || term === undefined ? undefined : { column, value: term },
    greatestOf: query.text("grade"),
  };
}

function statementOf(query: ReferenceQuery, arm: string, { column, equals }: DerivedColumn): Statement {
  const rates = expectedRecords(query, "rates").filter(({ term }) => term === equals?.value);
  return {
    select: (naming) => [...groupItems(naming, [arm]), `TOXICITY(${naming.column(column)}) AS rates`],
    groupBy: [arm],
    columns: [arm, equals?.value ?? "rates"],
    judged: { axes: groupAxes([arm]), present: [], counted: { column } },
    compare: ({ rows }, cells) =>
      cells.flatMap((cell) => {
        const row = rows.find(([key]) => key === cell.keys[0]);
        if (row === undefined) return cell.rows === 0 ? [] : [`the arm ${show(cell.keys[0])} is missing`];
        return compareRates(
          row[1],
          rates.filter((rate) => isSameKey(cell.keys[0], rate["arm"])),
          cell,
        );
      }),
  };
}

/** @param expected of the cell's arm */
function compareRates(got: unknown, expected: readonly JsonRecord[], { keys, hidden }: JudgedCell): string[] {
  const arm = show(keys[0]);
  if (hidden.has("count")) return compareShown(`the arm ${arm}`, got, undefined, EXACT, true);
  return expected.flatMap((rate) => {
    const grade = Number(rate["min_grade"]);
    const own = readList(got, "rates").find((each) => read(each, "minGrade") === grade);
    const where = `of ${arm} from grade ${grade}`;
    const mustHide = hidden.has(`at least ${grade}`);
    const counts = [
      ...compareShown(`n_at_risk ${where}`, read(got, "nAtRisk"), rate["n_at_risk"], EXACT, false),
      ...compareShown(`n_with ${where}`, read(own, "nWith"), rate["n_with"], EXACT, mustHide),
    ];
    if (mustHide) return counts;
    const [lower, upper] = expectedList(rate, "ci95_clopper_pearson");
    return [
      ...counts,
      ...compareShown(`rate ${where}`, read(own, "rate"), rate["rate"], spreadTolerance(0), false),
      ...compareShown(`lower limit ${where}`, read(own, "ci95", "lower"), lower, spreadTolerance(1), false),
      ...compareShown(`upper limit ${where}`, read(own, "ci95", "upper"), upper, spreadTolerance(1), false),
    ];
  });
}
