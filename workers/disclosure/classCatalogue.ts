/**
 * The classes of all fields in one plan: they depend on the thresholds that its requests, new and earlier, compare with, so
 * these are collected first. Without its parameters a request has those of its constants.
 *
 * Sums over few values count the patients with each (`levels.ts`): where only some of these values are classes, the rest are
 * asked for, and the sets are read once more. Public facts decide, in a fixed order, so that every worker has the same.
 */
import type { Descriptor } from "../messages/descriptor.ts";
import { AtomOp } from "../messages/descriptor.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import type { FieldClasses } from "./fieldClasses.ts";
import { classesOf } from "./fieldClasses.ts";

type Thresholds = ReadonlyMap<number, readonly bigint[]>;

/** What of a request its thresholds depend on. */
export interface ComparingRequest {
  readonly descriptor: Descriptor;
  readonly parameters?: readonly bigint[] | undefined;
}

export class ClassCatalogue {
  readonly schema: StudySchema;
  readonly #thresholds: Thresholds;
  readonly #classes = new Map<number, FieldClasses>();
  readonly #asked = new Map<number, Set<bigint>>();

  constructor(schema: StudySchema, thresholds: Thresholds) {
    this.schema = schema;
    this.#thresholds = thresholds;
  }

  classes(field: number): FieldClasses {
    let classes = this.#classes.get(field);
    if (classes === undefined) {
      this.#classes.set(field, (classes = classesOf(this.schema, field, this.#thresholds.get(field))));
    }
    return classes;
  }

  /** That each of these values of a field, which is searched by digits, is a class. */
  ask(field: number, values: readonly bigint[]): void {
    const asked = this.#asked.get(field) ?? new Set();
    for (const value of values) asked.add(value).add(value + 1n);
    this.#asked.set(field, asked);
  }

  /** With what was asked for; undefined when nothing was. */
  refined(): ClassCatalogue | undefined {
    if (this.#asked.size === 0) return undefined;
    const thresholds = new Map(this.#thresholds);
    for (const [field, asked] of this.#asked) thresholds.set(field, [...(thresholds.get(field) ?? []), ...asked]);
    return new ClassCatalogue(this.schema, thresholds);
  }
}

/**
 * @param make reads sets; again while it asks for classes, of which a field that is summed over few values has few
 * @returns what it made last, with the classes it had
 */
export function withClasses<T>(
  schema: StudySchema,
  requests: readonly ComparingRequest[],
  make: (catalogue: ClassCatalogue) => T,
): { readonly made: T; readonly catalogue: ClassCatalogue } {
  let catalogue = new ClassCatalogue(schema, thresholdsOf(requests));
  for (;;) {
    const made = make(catalogue);
    const refined = catalogue.refined();
    if (refined === undefined) return { made, catalogue };
    catalogue = refined;
  }
}

function thresholdsOf(requests: readonly ComparingRequest[]): Thresholds {
  const thresholds = new Map<number, bigint[]>();
  const add = (field: number, ...found: bigint[]): void => {
    thresholds.set(field, [...(thresholds.get(field) ?? []), ...found]);
  };
  for (const { descriptor, parameters } of requests) {
    for (const { op, field, lo, bind } of descriptor.atoms) {
      if (op !== AtomOp.DIGIT) continue;
      const value = bind === 0 ? lo : parameters?.[Number(lo)];
      if (value !== undefined) add(field, value, value + 1n);
    }
    for (const { field, cuts } of descriptor.steps[0]?.axes ?? []) add(field, ...cuts);
  }
  return new Map([...thresholds].map(([field, found]) => [field, [...new Set(found)]]));
}
