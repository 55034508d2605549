/**
 * SQL text and a study schema to a query that can be vetted: descriptor, parameter bounds, disclosure manifest, cost.
 * A pure function of its inputs, to the byte: a vetter or auditor recompiles and compares. White space, comments, the
 * case of keywords and the order of ANDed conditions do not change the descriptor.
 */
import assert from "node:assert/strict";
import type { Descriptor, ParameterBound } from "../messages/descriptor.ts";
import { DESCRIPTOR_FORMAT, encodeBounds, encodeDescriptor } from "../messages/descriptor.ts";
import {
  decodeBounds,
  decodeDescriptor,
  MAX_BOUNDS_BYTES,
  MAX_DESCRIPTOR_BYTES,
  MAX_OUTPUTS,
} from "../messages/decodeDescriptor.ts";
import { EVERYTHING_PERMITTED, type Permits } from "../messages/fieldRules.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import { startAssembly } from "./assembleDescriptor.ts";
import { clauseParameters } from "./filters.ts";
import { writeManifest } from "./manifest.ts";
import { assembleMeasures } from "./measures.ts";
import { normalizeConditions } from "./normalizeConditions.ts";
import { collectParameterUses } from "./parameterUses.ts";
import { MAX_OPENED_VALUES } from "./openedValues.ts";
import { parseSql } from "./parseSql.ts";
import { forbiddenUse } from "./permittedFields.ts";
import { permittedSchema } from "./permittedSchema.ts";
import type { QueryCost } from "./queryCost.ts";
import { queryCost } from "./queryCost.ts";
import { checkTable } from "./resolveNames.ts";
import type { Selection } from "./selectColumns.ts";
import { selectColumns } from "./selectColumns.ts";
import type { SqlText } from "./sqlText.ts";
import { assembleAxis } from "./tableAxes.ts";
import { refuse, tokenFrom } from "./sqlText.ts";
import { DEFAULT_MAX_ROWS, SUM_LIMIT, worstCaseSums } from "./worstCase.ts";

export interface CompiledQuery {
  /** As given. */
  readonly sql: string;
  readonly descriptor: Descriptor;
  readonly descriptorBytes: string;
  readonly bounds: readonly ParameterBound[];
  readonly boundsBytes: string;
  readonly manifest: string;
  readonly cost: QueryCost;
}

export interface CompileOptions {
  /** Rows that sums must fit for; default 2^28. */
  readonly maxRows?: bigint;
  /**
   * Also what the gate cannot open yet, on a table line for every cut-point, and of any size: for checking statistics on public
   * data. No contract and no worker takes the result.
   */
  readonly withoutGate?: boolean;
  /** What the study's policy lets queries use; default: everything. Neither the catalogue nor a worker takes more. */
  readonly permits?: Permits;
}

/** @throws CodedError SQL_*, with the fragment, line and column of what is refused */
export async function compileQuery(
  text: string,
  whole: StudySchema,
  { maxRows = DEFAULT_MAX_ROWS, withoutGate = false, permits = EVERYTHING_PERMITTED }: CompileOptions = {},
): Promise<CompiledQuery> {
  const schema = permittedSchema(whole, permits);
  const parsed = await parseSql(text);
  const { sql } = parsed;
  checkTable(parsed, schema);
  const uses = collectParameterUses(sql);
  const context = { sql, schema, uses };
  const selection = selectColumns(context, parsed, normalizeConditions(context, parsed.where), withoutGate);
  refuseIdleParameters(sql, selection);
  const bounds = uses.bounds();
  const assembly = startAssembly();
  const { clauses, measures, axes, columns } = selection;
  const outputs = assembleMeasures(assembly, { clauses, measures, grouped: axes.length > 0 }, schema);
  const lines = axes.map((axis) => assembleAxis(assembly, schema, axis));
  const descriptor: Descriptor = {
    format: DESCRIPTOR_FORMAT,
    schemaHash: schema.hash,
    ...assembly.finish(),
    steps: [{ axes: lines, outputs }],
    columns,
  };
  assert(forbiddenUse(descriptor, bounds, permits) === undefined, "the view of the schema permits no more");
  const cost = queryCost(descriptor, schema);
  if (!withoutGate) refuseLarge(sql, selection, cost);
  const worstCase = refuseOverflow(sql, descriptor, schema, maxRows);
  const manifest = writeManifest({ schema, selection, bounds, cost, worstCase, maxRows });
  const bytes = withoutGate ? uncheckedBytes(descriptor, bounds) : encoded(sql, descriptor, bounds);
  return { sql: text, ...bytes, manifest, cost };
}

/** Where its condition is always or never TRUE, a parameter would be asked for and change nothing. */
function refuseIdleParameters(sql: SqlText, { clauses, measures }: Selection): void {
  const indicators = measures.flatMap(({ variables }) =>
    variables.flatMap((variable) => (variable.kind === "indicator" ? [variable.clause] : [])),
  );
  const used = new Set([...clauses, ...indicators].flatMap(clauseParameters));
  const idle = sql.parameters.findIndex((_, index) => !used.has(index));
  if (idle < 0) return;
  const problem = `the parameter :${sql.parameters[idle]} decides nothing: its condition is always or never TRUE`;
  throw refuse(sql, tokenFrom(sql, 0), problem, "SQL_PARAMETER");
}

function refuseLarge(sql: SqlText, { measures }: Selection, { openedValues }: QueryCost): void {
  if (openedValues <= MAX_OPENED_VALUES && measures.length <= MAX_OUTPUTS) return;
  const problem = `the answer would open ${openedValues} numbers, at most ${MAX_OPENED_VALUES} are allowed; group by fewer columns`;
  throw refuse(sql, tokenFrom(sql, 0), problem, "SQL_TOO_LARGE");
}

function refuseOverflow(sql: SqlText, descriptor: Descriptor, schema: StudySchema, maxRows: bigint): bigint {
  const worst = worstCaseSums(descriptor, schema, maxRows).reduce((a, b) => (a > b ? a : b), 0n);
  if (worst < SUM_LIMIT) return worst;
  const problem = `a sum over ${maxRows} rows could exceed the field that holds it; the schema's bounds are too wide`;
  throw refuse(sql, tokenFrom(sql, 0), problem, "SQL_OVERFLOW");
}

type EncodedQuery = Pick<CompiledQuery, "descriptor" | "descriptorBytes" | "bounds" | "boundsBytes">;

function uncheckedBytes(descriptor: Descriptor, bounds: readonly ParameterBound[]): EncodedQuery {
  return { descriptor, descriptorBytes: encodeDescriptor(descriptor), bounds, boundsBytes: encodeBounds(bounds) };
}

/** Decoding what was encoded proves that workers will accept it. */
function encoded(sql: SqlText, descriptor: Descriptor, bounds: readonly ParameterBound[]): EncodedQuery {
  const descriptorBytes = encodeDescriptor(descriptor);
  const boundsBytes = encodeBounds(bounds);
  const sizes = [
    [descriptorBytes, MAX_DESCRIPTOR_BYTES],
    [boundsBytes, MAX_BOUNDS_BYTES],
  ] as const;
  for (const [hex, limit] of sizes) {
    const size = (hex.length - 2) / 2;
    if (size <= limit) continue;
    const problem = `the compiled query has ${size} bytes, at most ${limit} fit a contract; use fewer conditions or constants`;
    throw refuse(sql, tokenFrom(sql, 0), problem, "SQL_TOO_LARGE");
  }
  return {
    descriptor: decodeDescriptor(descriptorBytes),
    descriptorBytes,
    bounds: decodeBounds(boundsBytes),
    boundsBytes,
  };
}
