/**
 * What the gate could never open an answer of is refused when it is written, vetted and asked, not when it is computed: with
 * the functions that plan the gate, before there are data, and of a query also before there are parameters.
 */
import { isCoded } from "../errors.ts";
import type { Descriptor } from "../messages/descriptor.ts";
import type { CompiledQuery, CompileOptions } from "../query/compileQuery.ts";
import { compileQuery } from "../query/compileQuery.ts";
import { locate, readSqlText } from "../query/sqlText.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import { withClasses } from "./classCatalogue.ts";
import type { VettedRequest } from "./disclosedSets.ts";
import { disclosedSets, MAX_SETS, setsIn } from "./disclosedSets.ts";
import type { DisclosureErrorDetail, NamedField, SqlPlace } from "./errors.ts";
import { unsupported } from "./errors.ts";
import { openFields } from "./openFields.ts";
import type { RowSet } from "./rowSet.ts";

/** Any data: whether sets can be told does not depend on them. */
const SEGMENTS = 1n;

/**
 * As `compileQuery`, for what is to be published.
 *
 * @throws CodedError SQL_* | DISCLOSURE_UNSUPPORTED, with the place of the column that is its cause, if one is
 */
export async function compileForGate(
  text: string,
  schema: StudySchema,
  options: CompileOptions = {},
): Promise<CompiledQuery> {
  const compiled = await compileQuery(text, schema, options);
  try {
    checkQuery(compiled.descriptor, schema);
  } catch (error) {
    if (!isCoded(error, "DISCLOSURE_UNSUPPORTED")) throw error;
    const { problem, field } = error.detail as DisclosureErrorDetail;
    throw unsupported(problem, field, field === undefined ? undefined : await placeOf(text, field));
  }
  return compiled;
}

/** @throws CodedError DISCLOSURE_UNSUPPORTED: no parameters would help */
export function checkQuery(descriptor: Descriptor, schema: StudySchema): void {
  const disclosed = setsOf({ descriptor }, schema);
  const open = openFields(descriptor);
  // Lines of a table that parameters choose among are not all there at once.
  const isCertain = descriptor.steps[0]!.axes.every(({ field }) => !open.has(field));
  if (isCertain) requireFew(disclosed.length);
}

/** @throws CodedError DISCLOSURE_UNSUPPORTED | CIRCUIT_*: no data and no history would help */
export function checkRequest(request: VettedRequest): void {
  requireFew(setsOf(request, request.schema).length);
}

/** Whether no row of any data can satisfy its conditions, as with a lower parameter above the upper. @throws as `checkRequest` */
export function selectsNobody(request: VettedRequest): boolean {
  const { made } = withClasses(request.schema, [request], (classes) => disclosedSets(request, SEGMENTS, classes));
  return made.cohort === undefined;
}

function setsOf(request: Pick<VettedRequest, "descriptor"> & Partial<VettedRequest>, schema: StudySchema): RowSet[] {
  return setsIn(withClasses(schema, [request], (classes) => disclosedSets(request, SEGMENTS, classes)).made);
}

/** All patients are one more, with no history at all. */
function requireFew(sets: number): void {
  if (sets + 1 <= MAX_SETS) return;
  throw unsupported(`${sets} sets; at most ${MAX_SETS - 1} can be told apart; group by fewer columns`);
}

/** Where the column stands by itself among what is in parentheses, as what is summed does. */
async function placeOf(text: string, { name }: NamedField): Promise<SqlPlace | undefined> {
  const sql = await readSqlText(text);
  const tokens = sql.tokens.filter(({ comment }) => !comment);
  const isName = (written: string): boolean => written === `"${name}"` || written.toLowerCase() === name.toLowerCase();
  let depth = 0;
  const found = tokens.find(({ text: written }, index) => {
    depth += written === "(" ? 1 : written === ")" ? -1 : 0;
    const [before, after] = [tokens[index - 1]?.text ?? "", tokens[index + 1]?.text ?? ""];
    return depth > 0 && isName(written) && /^[(.,]$/.test(before) && /^[),]$/.test(after);
  });
  if (found === undefined) return undefined;
  const { line, column } = locate(sql, { start: found.start, last: found.start, exact: true });
  return { line, column };
}
