/** A random study that grows between queries: in the clear, with its gate, and as the attacker sees it. */
import fc from "fast-check";

import { bindParameters } from "../../../workers/query/bindParameters.ts";
import { buildCircuit } from "../../../workers/query/buildCircuit.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import { clearColumns, evaluateClear } from "../query/clearCircuit.ts";
import { Population } from "./attacker.ts";
import { AttackStory } from "./attackStory.ts";
import type { ClearAnswer, ClearRequest, Row } from "./clearStudy.ts";
import { ClearStudy } from "./clearStudy.ts";
import type { AskedQuery } from "./randomStudy.ts";
import { drawFields, drawRows, QuerySource, schemaOf } from "./randomStudy.ts";

/** A study of a few owners whose data grow now and then, in the clear and as the attacker sees it. */
export class GrowingStudy {
  readonly clear: ClearStudy;
  readonly population: Population;
  readonly story: AttackStory;
  readonly queries: QuerySource;
  readonly #g: fc.GeneratorValue;
  /** Bits of segments, by owner. */
  readonly #segments: bigint[][];
  /** Rows, by owner and version. */
  readonly #rows: Row[][][];

  constructor(g: fc.GeneratorValue) {
    this.#g = g;
    const fields = drawFields(g);
    const k = g(fc.integer, { min: 5, max: 7 });
    this.clear = new ClearStudy(schemaOf(fields), k);
    this.population = new Population(fields);
    this.story = new AttackStory(this.population, k);
    this.queries = new QuerySource(fields);
    const owners = g(fc.integer, { min: 1, max: 3 });
    this.#segments = Array.from({ length: owners }, () => []);
    this.#rows = Array.from({ length: owners }, () => []);
    for (let owner = 0; owner < owners; owner++) this.#grow(owner, g(fc.integer, { min: 20, max: 80 }));
  }

  growSometimes(): void {
    const g = this.#g;
    if (g(fc.integer, { min: 0, max: 2 }) > 0) return;
    const most = g(fc.boolean) ? 4 : 20;
    this.#grow(g(fc.nat, { max: this.#segments.length - 1 }), g(fc.integer, { min: 1, max: most }));
  }

  /** Mostly the newest data of all owners; else fewer owners or an older version. */
  drawVersions(): number[] {
    const g = this.#g;
    const newest = this.#segments.map(({ length }) => length);
    if (g(fc.integer, { min: 0, max: 4 }) > 0) return newest;
    const chosen = newest.map((version) => g(fc.integer, { min: 0, max: version }));
    return chosen.some((version) => version > 0) ? chosen : newest;
  }

  async ask(query: AskedQuery, versions: readonly number[]): Promise<ClearAnswer> {
    return this.clear.ask(this.#request(query, versions));
  }

  async plan(query: AskedQuery, versions: readonly number[]): ReturnType<ClearStudy["plan"]> {
    return this.clear.plan(this.#request(query, versions));
  }

  #request({ request }: AskedQuery, versions: readonly number[]): ClearRequest {
    return {
      ...request,
      versions: Object.fromEntries(versions.map((version, owner) => [`owner ${owner}`, version])),
    };
  }

  /** All outputs, as if there were no gate. Undefined: empty by construction. */
  async open(query: AskedQuery, versions: readonly number[]): Promise<bigint[] | undefined> {
    const { schema } = this.clear;
    const { descriptor, bounds } = await compileQuery(query.request.sql, schema);
    const built = buildCircuit(descriptor, bindParameters(bounds, schema, query.request.parameters ?? {}), schema);
    const rows = versions.flatMap((version, owner) => this.#rows[owner]!.slice(0, version).flat());
    const values = schema.fields.map(({ name }) => rows.map((row) => row[name] ?? null));
    return built.empty ? undefined : evaluateClear(built.circuit, clearColumns(schema, values, rows.length, 0));
  }

  async tell(query: AskedQuery, versions: readonly number[], outputs: readonly (bigint | undefined)[]): Promise<void> {
    const { descriptor } = await compileQuery(query.request.sql, this.clear.schema);
    const owners = versions.map((version, owner) =>
      this.#segments[owner]!.slice(0, version).reduce((bits, segment) => bits | segment, 0n),
    );
    this.story.tell({ query, descriptor, owners: owners.filter((bits) => bits !== 0n), outputs });
  }

  #grow(owner: number, count: number): void {
    const rows = drawRows(this.#g, this.population.fields, count);
    this.clear.contribute(`owner ${owner}`, rows);
    const segment = this.population.add(rows);
    this.#rows[owner]!.push(rows);
    this.#segments[owner]!.push(segment);
    this.story.publish(segment);
  }
}
