/** A random study that grows between queries: in the clear, with its gate, and as the attacker sees it. */

import { bindParameters } from "../../../workers/query/bindParameters.ts";
import { buildCircuit } from "../../../workers/query/buildCircuit.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import { fc } from "../../support/fastCheck.ts";
import { clearColumns, evaluateClear } from "../query/clearCircuit.ts";
import { Population } from "./attacker.ts";
import { AttackStory } from "./attackStory.ts";
import type { AskedAs, ClearAnswer, ClearRequest, Row } from "./clearStudy.ts";
import { ClearStudy } from "./clearStudy.ts";
import type { AskedQuery } from "./randomStudy.ts";
import { countOf, drawFields, drawRows, QuerySource, schemaOf } from "./randomStudy.ts";

/** Rows of one version that withdraw their consent, and give it again, together; to the attacker a segment of its own. */
interface Piece {
  readonly bit: bigint;
  /** Positions in the version. */
  readonly positions: readonly number[];
  readonly rows: readonly Row[];
  isOut: boolean;
  /** Of every answer about its version, whether it was out. Pieces of one version that differ in it are parts to the gate. */
  answers: string;
}

/** Whom answers are sealed to; undefined: PUBLIC. */
export type Reader = "board" | "sponsor" | undefined;
const READERS: readonly Reader[] = [undefined, "board", "sponsor"];

/**
 * A study of a few owners whose data grow, or lose consent, now and then, and of whom one may retire, in the clear and as the
 * attacker sees it.
 */
export class GrowingStudy {
  readonly clear: ClearStudy;
  readonly population: Population;
  /** What each reader writes down: all PUBLIC answers, and those sealed to it, which may be about as few as their own k. */
  readonly stories: ReadonlyMap<Reader, AttackStory>;
  readonly queries: QuerySource;
  readonly #g: fc.GeneratorValue;
  readonly #mayLoseConsent: boolean;
  readonly #sealedK: number;
  /** By owner and version. */
  readonly #pieces: Piece[][][];
  readonly #retired = new Set<number>();

  constructor(g: fc.GeneratorValue, { mayLoseConsent = true } = {}) {
    this.#g = g;
    this.#mayLoseConsent = mayLoseConsent;
    const fields = drawFields(g);
    const k = g(fc.integer, { min: 5, max: 7 });
    this.clear = new ClearStudy(schemaOf(fields), k);
    this.population = new Population(fields);
    this.#sealedK = g(fc.integer, { min: 3, max: k });
    this.stories = new Map(
      READERS.map((reader) => [reader, new AttackStory(this.population, reader === undefined ? k : this.#sealedK, k)]),
    );
    this.queries = new QuerySource(fields);
    const owners = g(fc.integer, { min: 1, max: 3 });
    this.#pieces = Array.from({ length: owners }, () => []);
    for (let owner = 0; owner < owners; owner++) this.#grow(owner, g(fc.integer, { min: 20, max: 80 }));
  }

  growSometimes(): void {
    const g = this.#g;
    if (g(fc.integer, { min: 0, max: 2 }) > 0) return;
    const most = g(fc.boolean) ? 4 : 20;
    this.#grow(this.#drawOwner(), g(fc.integer, { min: 1, max: most }));
  }

  /** Mostly takes some rows out, else back in. */
  consentSometimes(): void {
    const g = this.#g;
    if (g(fc.integer, { min: 0, max: 2 }) > 0) return;
    const pieces = this.#pieces.flat(2);
    const piece = pieces[g(fc.nat, { max: pieces.length - 1 })]!;
    piece.isOut = !piece.isOut;
  }

  /** All but one owner may: the workers erase its data, the attacker keeps what it was told of them. */
  retireSometimes(): boolean {
    const g = this.#g;
    if (this.#pieces.length - this.#retired.size < 2 || g(fc.integer, { min: 0, max: 5 }) > 0) return false;
    const owner = this.#drawOwner();
    this.#retired.add(owner);
    this.clear.retire(`owner ${owner}`);
    return true;
  }

  /** Of all who have not retired. */
  newestVersions(): number[] {
    return this.#pieces.map(({ length }, owner) => (this.#retired.has(owner) ? 0 : length));
  }

  /** Mostly the newest data of all owners; else fewer owners or an older version. */
  drawVersions(): number[] {
    const g = this.#g;
    const newest = this.newestVersions();
    if (g(fc.integer, { min: 0, max: 4 }) > 0) return newest;
    const chosen = newest.map((version) => g(fc.integer, { min: 0, max: version }));
    return chosen.some((version) => version > 0) ? chosen : newest;
  }

  /** Undefined: a new one. What one reader was told or refused, others ask, or how many patients it was about. */
  drawAgain(queries: readonly AskedQuery[]): AskedQuery | undefined {
    const g = this.#g;
    if (queries.length === 0 || g(fc.boolean)) return undefined;
    const query = queries[g(fc.nat, { max: queries.length - 1 })]!;
    return g(fc.boolean) || query.ordered !== undefined ? query : countOf(query);
  }

  /** Every other one is PUBLIC. */
  drawReader(): Reader {
    return this.#g(fc.constantFrom<Reader[]>, undefined, ...READERS);
  }

  /** Sets that are open to someone. */
  get size(): number {
    const known = this.stories.get(undefined)!.size;
    return [...this.stories.values()].reduce((sum, { size }) => sum + size - known, known);
  }

  /** Who wrote them down, with what each found. */
  conclude(): string[] {
    return [...this.stories].flatMap(([reader, story]) =>
      story.conclude().map((found) => (reader === undefined ? found : `${found} (to the ${reader})`)),
    );
  }

  async ask(query: AskedQuery, versions: readonly number[], reader: Reader): Promise<ClearAnswer> {
    return this.clear.ask(this.#request(query, versions), this.#as(reader));
  }

  async plan(query: AskedQuery, versions: readonly number[], reader: Reader): ReturnType<ClearStudy["plan"]> {
    return this.clear.plan(this.#request(query, versions), this.#as(reader));
  }

  /** Of what became nothing, workers may say that it came far. */
  async leaveUnpostedSometimes(query: AskedQuery, versions: readonly number[]): Promise<boolean> {
    if (this.#g(fc.integer, { min: 0, max: 5 }) > 0) return false;
    await this.clear.leaveUnposted(this.#request(query, versions));
    return true;
  }

  #as(reader: Reader): AskedAs {
    return reader === undefined ? {} : { k: this.#sealedK, jointK: this.clear.k, reader };
  }

  #storiesOf(reader: Reader): AttackStory[] {
    return [...this.stories].flatMap(([each, story]) => (reader === undefined || each === reader ? [story] : []));
  }

  #drawOwner(): number {
    const owners = [...this.#pieces.keys()].filter((owner) => !this.#retired.has(owner));
    return owners[this.#g(fc.nat, { max: owners.length - 1 })]!;
  }

  #request({ request }: AskedQuery, versions: readonly number[]): ClearRequest {
    const byOwner = <T>(value: (owner: number) => T): Record<string, T> =>
      Object.fromEntries(versions.map((_, owner) => [`owner ${owner}`, value(owner)]));
    return {
      ...request,
      versions: byOwner((owner) => versions[owner]!),
      excluded: byOwner((owner) => this.#pieces[owner]!.map(excludedIn)),
    };
  }

  /** All outputs, as if there were no gate. Undefined: empty by construction. */
  async open(query: AskedQuery, versions: readonly number[]): Promise<bigint[] | undefined> {
    const { schema } = this.clear;
    const { descriptor, bounds } = await compileQuery(query.request.sql, schema);
    const built = buildCircuit(descriptor, bindParameters(bounds, schema, query.request.parameters ?? {}), schema);
    const rows = versions.flatMap((version, owner) => this.#used(owner, version).flatMap((piece) => piece.rows));
    const values = schema.fields.map(({ name }) => rows.map((row) => row[name] ?? null));
    return built.empty ? undefined : evaluateClear(built.circuit, clearColumns(schema, values, rows.length, 0));
  }

  /** @returns of how many margins of a table sums were told */
  async tell(
    query: AskedQuery,
    versions: readonly number[],
    reader: Reader,
    outputs: readonly (bigint | undefined)[],
  ): Promise<number> {
    const { descriptor } = await compileQuery(query.request.sql, this.clear.schema);
    const owners = versions.map((version, owner) =>
      this.#used(owner, version).reduce((bits, { bit }) => bits | bit, 0n),
    );
    this.#publishParts(versions);
    const told = { query, descriptor, owners: owners.filter((bits) => bits !== 0n), outputs };
    return Math.max(...this.#storiesOf(reader).map((story) => story.tell(told)));
  }

  /** Rows that answers have told apart by their masks: their number is on chain. */
  #publishParts(versions: readonly number[]): void {
    for (const pieces of versions.flatMap((version, owner) => this.#pieces[owner]!.slice(0, version))) {
      for (const piece of pieces) piece.answers += piece.isOut ? "-" : "+";
      const parts = new Map<string, bigint>();
      for (const { answers, bit } of pieces) parts.set(answers, (parts.get(answers) ?? 0n) | bit);
      parts.forEach((bits) => this.#publish(bits));
    }
  }

  #grow(owner: number, count: number): void {
    const rows = drawRows(this.#g, this.population.fields, count);
    this.clear.contribute(`owner ${owner}`, rows);
    const pieces = this.#cut(count).map((positions): Piece => {
      const own = positions.map((position) => rows[position]!);
      return { bit: this.population.add(own), positions, rows: own, isOut: false, answers: "" };
    });
    this.#pieces[owner]!.push(pieces);
    this.#publish(pieces.reduce((bits, { bit }) => bits | bit, 0n));
  }

  #publish(segments: bigint): void {
    for (const story of this.stories.values()) story.publish(segments);
  }

  /** Every second version in one piece, others with a few that may leave it. */
  #cut(count: number): number[][] {
    const g = this.#g;
    const positions = Array.from({ length: count }, (_, position) => position);
    const pieces: number[][] = [];
    if (this.#mayLoseConsent && g(fc.boolean)) {
      for (let left = g(fc.integer, { min: 1, max: 2 }); left > 0 && positions.length > 1; left--) {
        const most = Math.min(positions.length - 1, g(fc.boolean) ? 3 : 20);
        pieces.push(
          positions.splice(g(fc.nat, { max: positions.length - 1 - most }), g(fc.integer, { min: 1, max: most })),
        );
      }
    }
    return [positions, ...pieces];
  }

  /** Pieces of versions 1..version that consent leaves in. */
  #used(owner: number, version: number): Piece[] {
    const pieces = this.#pieces[owner]!.slice(0, version).flat();
    return pieces.filter(({ isOut }) => !isOut);
  }
}

/** Of one version. */
function excludedIn(pieces: readonly Piece[]): Uint32Array | undefined {
  const positions = pieces.filter(({ isOut }) => isOut).flatMap((piece) => piece.positions);
  return positions.length === 0 ? undefined : Uint32Array.from(positions).sort();
}
