/**
 * A study in the clear, with its gate: the plan of every request evaluated on plain numbers, and what it opened remembered
 * as history. Fast, so that trackers can be told as stories; the same plans are evaluated on shares elsewhere.
 */
import assert from "node:assert/strict";

import type { EarlierAnswer, SegmentRef } from "../../../workers/disclosure/historySets.ts";
import type { Gate } from "../../../workers/disclosure/planGate.ts";
import { residue } from "../../../workers/field/bn254.ts";
import { bn254Fr } from "../../../workers/field/bn254Fr.ts";
import { planGate } from "../../../workers/disclosure/planGate.ts";
import type { GatedRequest } from "../../../workers/disclosure/preparedRequest.ts";
import { planLines } from "../../../workers/disclosure/planLines.ts";
import type { Circuit } from "../../../workers/messages/circuit.ts";
import type { GatePlan, LinePlan, SizeTest } from "../../../workers/messages/gatePlan.ts";
import type { Merges } from "../../../workers/messages/merges.ts";
import { valueAxis } from "../../../workers/messages/valueAxis.ts";
import { bindParameters } from "../../../workers/query/bindParameters.ts";
import { buildCircuit } from "../../../workers/query/buildCircuit.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import { mergeOutputs, shownMerges } from "../../../workers/query/mergedLines.ts";
import type { StudySchema } from "../../../workers/schema/studySchema.ts";
import type { Values } from "../query/clearCircuit.ts";
import { clearColumns, evaluateClear } from "../query/clearCircuit.ts";

/** One row: scaled values by field name; absent = missing. */
export type Row = Readonly<Record<string, bigint>>;

export type ClearAnswer =
  | { readonly kind: "refused in public" | "refused" | "empty" }
  | {
      readonly kind: "answered";
      /** By cell, then output; undefined: hidden. */
      readonly outputs: readonly (bigint | undefined)[];
      readonly zerosShown: boolean;
    };

export interface ClearRequest {
  readonly sql: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** Versions by owner; default: the newest of every owner. */
  readonly versions?: Readonly<Record<string, number>>;
  /** By owner and version − 1, positions of rows that consent takes out. */
  readonly excluded?: Readonly<Record<string, readonly (Uint32Array | undefined)[]>>;
}

type OpenUniverse = (Gate & { refused: false })["universe"];

export interface CompiledRequest {
  readonly facts: Omit<EarlierAnswer, "requestId" | "opened">;
  readonly circuit: Circuit | undefined;
}

/** What a release class asks instead of the study's k. */
export interface AskedAs extends Pick<GatedRequest, "jointK" | "historyCap"> {
  readonly k?: number;
  /** The recipients of a SEALED answer: to requests of other readers it counts as told to others. */
  readonly reader?: string;
}

export class ClearStudy {
  readonly schema: StudySchema;
  readonly k: number;
  /** [owner][version − 1] */
  readonly #segments = new Map<string, Row[][]>();
  readonly history: EarlierAnswer[] = [];
  readonly #retired = new Set<string>();
  /** By request, of sealed answers with a lower k. */
  readonly #readers = new Map<string, string>();

  constructor(schema: StudySchema, k = 11) {
    this.schema = schema;
    this.k = k;
  }

  contribute(owner: string, rows: readonly Row[]): void {
    this.#segments.set(owner, [...(this.#segments.get(owner) ?? []), [...rows]]);
  }

  /** The owner's rows are gone: nothing is left but their number, and what was shown of them. */
  retire(owner: string): void {
    this.#retired.add(owner);
    const emptied = this.#segments.get(owner)!.map((rows) => rows.map((): Row => ({})));
    this.#segments.set(owner, emptied);
  }

  /** Versions 1..version of an owner's data. */
  rowsOf(owner: string, version: number): Row[] {
    return this.#segments.get(owner)!.slice(0, version).flat();
  }

  /** Plans, tests, opens, remembers. */
  async ask(request: ClearRequest, as: AskedAs = {}): Promise<ClearAnswer> {
    const { gate, earlier, isRefused } = await this.plan(request, as);
    if (isRefused) return { kind: "refused" };
    if (gate === undefined) return { kind: "empty" };
    if (gate.refused) return { kind: "refused in public" };
    const answer = await runClear(gate.plan, this.#evaluate(gate.plan.circuit, gate));
    if (answer.kind === "answered") this.#post(earlier, answer, as);
    return answer;
  }

  /** An attempt that came as far as that, for all that its workers say, and of which nothing was posted. */
  async leaveUnposted(request: ClearRequest): Promise<void> {
    const { facts } = await this.compile(request);
    this.history.push({ ...facts, requestId: String(this.history.length), opened: "unknown" });
  }

  /** Which outputs of a sealed answer are zero, no worker reads. */
  #post(earlier: EarlierAnswer, answer: ClearAnswer & { kind: "answered" }, { reader, k = this.k }: AskedAs): void {
    const posted = postedAnswer(earlier, answer);
    const { opened } = posted;
    const isSealed = reader !== undefined && opened !== "unknown";
    this.history.push(isSealed ? { ...posted, opened: { ...opened, zeroOutputs: new Set() } } : posted);
    if (reader !== undefined && k < this.k) this.#readers.set(posted.requestId, reader);
  }

  /** Lines of values are merged; refused where that opens that the cohort is. */
  async plan(
    request: ClearRequest,
    { k = this.k, reader, ...limits }: AskedAs = {},
  ): Promise<{ readonly gate: Gate | undefined; readonly earlier: EarlierAnswer; readonly isRefused?: true }> {
    const { facts, circuit } = await this.compile(request);
    const earlier = { ...facts, requestId: String(this.history.length), opened: "unknown" as const };
    if (circuit === undefined) return { gate: undefined, earlier };
    const history = this.knownHistory(reader);
    if (valueAxis(facts.descriptor) === undefined) {
      return { gate: await planGate({ ...facts, ...limits, circuit }, history, k, bn254Fr), earlier };
    }
    const lines = planLines({ ...facts, ...limits, circuit }, history, k, bn254Fr);
    if (lines.refused) return { gate: lines, earlier };
    const merges = chooseClear(lines.plan, this.#evaluate(lines.plan.circuit, lines));
    if (merges === undefined) return { gate: undefined, earlier, isRefused: true };
    const outputs = mergeOutputs(circuit.outputs, facts.descriptor, this.schema, merges);
    const merged = { ...facts, ...limits, merges, circuit: { ...circuit, outputs } };
    return { gate: await planGate(merged, history, k, bn254Fr), earlier };
  }

  /** As workers know it now, who have erased what was retired, for a request of these readers. */
  knownHistory(reader?: string): EarlierAnswer[] {
    const withErased = (segment: SegmentRef): SegmentRef =>
      this.#retired.has(segment.datasetId) ? { ...segment, isErased: true } : segment;
    return this.history.map((answer) => {
      const sealedTo = this.#readers.get(answer.requestId);
      const told = sealedTo === undefined || sealedTo === reader ? answer : toldToOthers(answer);
      return { ...told, segments: told.segments.map(withErased) };
    });
  }

  /** What workers read off the chain; the circuit is undefined when it selects nothing by construction. */
  async compile({ sql, parameters = {}, versions, excluded }: ClearRequest): Promise<CompiledRequest> {
    const compiled = await compileQuery(sql, this.schema);
    const values = bindParameters(compiled.bounds, this.schema, parameters);
    const { descriptor } = compiled;
    const segments = this.#refs(versions, excluded);
    const facts = { descriptor, parameters: values, schema: this.schema, segments };
    const built = buildCircuit(descriptor, values, this.schema);
    return { facts, circuit: built.empty ? undefined : built.circuit };
  }

  #refs(versions: ClearRequest["versions"], excluded: ClearRequest["excluded"] = {}): SegmentRef[] {
    const there = [...this.#segments].filter(([datasetId]) => !this.#retired.has(datasetId));
    return there.flatMap(([datasetId, segments]) => {
      const newest = versions === undefined ? segments.length : (versions[datasetId] ?? 0);
      return segments.slice(0, newest).map((rows, index) => {
        const ref = { datasetId, version: BigInt(index + 1), rowCount: BigInt(rows.length) };
        const without = excluded[datasetId]?.[index];
        return without === undefined ? ref : { ...ref, excluded: without };
      });
    });
  }

  /** All outputs of a plan's circuit: measures, then sizes. */
  #evaluate(
    circuit: Circuit,
    { columns, universe }: Pick<Gate & { refused: false }, "columns"> & { readonly universe: OpenUniverse },
  ): bigint[] {
    const segments = universe.segments.map(
      ({ datasetId, version }) => this.#segments.get(datasetId)![Number(version) - 1]!,
    );
    const whole = columnsOfRows(this.schema, segments.flat());
    const isThere = universe.segments.map(({ isErased }) => (isErased ? 0n : 1n));
    const there = segments.flatMap((rows, segment) => rows.map(() => isThere[segment]!));
    const partOf = segments.flatMap((rows, segment) => rows.map((_, row) => partWith(universe, segment, row)));
    const loaded = new Map(
      columns.map(({ columnId, parts: wanted }, index) => {
        const column = whole.get(columnId)!.map((value, row) => ((wanted >> partOf[row]!) & there[row]!) * value);
        return [circuit.columns[index]!, column] as const;
      }),
    );
    assert.equal(loaded.size, circuit.columns.length, "column names are distinct");
    return evaluateClear(circuit, loaded);
  }
}

/** As workers read it off the chain. */
function postedAnswer(earlier: EarlierAnswer, answer: ClearAnswer & { kind: "answered" }): EarlierAnswer {
  const opened = openedBy(answer);
  const { descriptor, schema } = earlier;
  if (opened === "unknown" || valueAxis(descriptor) === undefined) return { ...earlier, opened };
  return { ...earlier, opened, merges: shownMerges(descriptor, schema, opened.hiddenOutputs) };
}

/** As workers read it for another reader than its recipients. */
export function toldToOthers({ merges: _, ...answer }: EarlierAnswer): EarlierAnswer {
  const { descriptor, opened } = answer;
  const isPlain = opened !== "unknown" && valueAxis(descriptor) === undefined;
  const hidden = isPlain ? { hiddenFromAll: opened.hiddenOutputs } : {};
  return { ...answer, opened: "unknown", isToldToOthers: true, ...hidden };
}

/** The part of a universe that a row of a segment is in. */
function partWith({ parts }: OpenUniverse, segment: number, row: number): bigint {
  const found = parts.findIndex((part) => part.segment === segment && (part.rows?.includes(row) ?? true));
  assert.ok(found >= 0, "every row is in a part");
  return BigInt(found);
}

type Passes = (test: SizeTest, zerosShown: boolean) => boolean;

function passesOn(sizes: readonly bigint[]): Passes {
  return ({ terms, constant, zero, last }, zerosShown) => {
    const x = residue(
      terms.reduce((sum, [index, coefficient]) => sum + BigInt(coefficient) * sizes[index]!, BigInt(constant)),
    );
    assert.ok(x >= 0n && x < 1n << 80n, `a test on ${x}`);
    return x === 0n ? zero === "passes" || (zero === "ifShown" && zerosShown) : x > BigInt(last);
  };
}

/** The choice of lines on plain numbers; undefined: refused. */
export function chooseClear(plan: LinePlan, sizes: readonly bigint[]): Merges | undefined {
  const passes = passesOn(sizes);
  if (!plan.cohort.every((test) => passes(test, false))) return undefined;
  const zerosShown = plan.zeros.every((test) => passes(test, false));
  const all = (tests: readonly SizeTest[]): boolean => tests.every((test) => passes(test, zerosShown));
  const slices = Array.from({ length: plan.slices }, (_, slice) => slice).filter((slice) =>
    plan.starts.every((_, output) => all(plan.tests(output, slice, 0, plan.lines - 1))),
  );
  return plan.starts.map((starts, output) => {
    const fits = (first: number, end: number): boolean =>
      slices.every((slice) => all(plan.tests(output, slice, first, end - 1)));
    return slices.length === 0 ? [0] : mergeClear(starts, plan.lines, fits);
  });
}

/** Cuts off what fits, as little as it can; the rest goes to the last that was cut off, or further back. */
function mergeClear(starts: readonly number[], end: number, fits: (first: number, end: number) => boolean): number[] {
  const cut: number[] = [];
  let from = starts[0]!;
  for (const next of [...starts.slice(1), end]) {
    if (!fits(from, next)) continue;
    cut.push(from);
    from = next;
  }
  if (from === end) return cut;
  const kept = cut.findLastIndex((start) => fits(start, end));
  return kept <= 0 ? [starts[0]!] : cut.slice(0, kept + 1);
}

/** The gate on plain numbers, word for word as `GatePlan` says. */
export async function runClear(plan: GatePlan, values: readonly bigint[]): Promise<ClearAnswer> {
  const passes = passesOn(values.slice(plan.measures));
  if (!plan.cohort.every((test) => passes(test, false))) return { kind: "refused" };
  const zerosShown = plan.zeros.every((test) => passes(test, false));
  const fails = plan.groups.map(({ tests }) => !tests.every((test) => passes(test, zerosShown)));
  let hidden = new Set(
    plan.groups.flatMap(({ within }, index) =>
      fails[index] || (within !== undefined && fails[within]) ? [index] : [],
    ),
  );
  for (;;) {
    const closure = await plan.close(hidden);
    const failing = closure.lines.filter(({ tests }) => !tests.every((test) => passes(test, zerosShown)));
    const sacrificed = new Set<number>();
    for (const { sacrifice, groups = [] } of failing)
      if (!groups.some((group) => sacrificed.has(group))) for (const group of sacrifice) sacrificed.add(group);
    hidden = new Set([...closure.hidden, ...sacrificed]);
    if (failing.length === 0) break;
  }
  const outputs: (bigint | undefined)[] = values.slice(0, plan.measures);
  for (const index of hidden) for (const output of plan.groups[index]!.outputs) outputs[output] = undefined;
  return { kind: "answered", outputs, zerosShown };
}

/** The whole columns of some rows, by id. */
export function columnsOfRows(schema: StudySchema, rows: readonly Row[]): Map<string, bigint[]> {
  const values: Values = schema.fields.map(({ name }) => rows.map((row) => row[name] ?? null));
  return clearColumns(schema, values, rows.length, 0);
}

export function openedBy({ outputs }: ClearAnswer & { kind: "answered" }): EarlierAnswer["opened"] {
  const indices = (which: (value: bigint | undefined) => boolean): Set<number> =>
    new Set(outputs.flatMap((value, index) => (which(value) ? [index] : [])));
  return { hiddenOutputs: indices((value) => value === undefined), zeroOutputs: indices((value) => value === 0n) };
}
