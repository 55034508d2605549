/** fast-check: schemas with a field of each kind, rows of them, and conditions told twice: in a descriptor and on a row. */

import type { FieldClasses } from "../../../workers/disclosure/fieldClasses.ts";
import type { ClassFunction } from "../../../workers/disclosure/classFunction.ts";
import { AtomOp } from "../../../workers/messages/descriptor.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import type { NumericField, StudySchema } from "../../../workers/schema/studySchema.ts";
import { fc } from "../../support/fastCheck.ts";
import type { HandMade, HandTerm, TypedRow } from "./handMade.ts";
import { negative } from "./handMade.ts";

export const ARM = 0;
export const SEX = 1;
export const CUT = 2;
export const LONG = 3;
export const SHORT = 4;

/** Two categories, a number with cut-points, and two searched by digits: of several, and of one. */
export function typedSchema(minimum: bigint, span: bigint, short: bigint, isRequired: boolean): StudySchema {
  const numeric = { type: "integer", required: isRequired, search: "digits" };
  const fields = [
    { name: "arm", type: "category", categories: ["0", "1", "2"], required: true },
    { name: "sex", type: "category", categories: ["F", "M"], required: false },
    { name: "cut", type: "integer", minimum: 0, maximum: 9, cutPoints: [3, 5], required: false },
    { name: "long", ...numeric, minimum: Number(minimum), maximum: Number(minimum + span) },
    { name: "short", ...numeric, minimum: 5, maximum: Number(5n + short) },
  ];
  return parseSchema(JSON.stringify({ name: "typed", table: "t", subject: "id", fields }));
}

export const schemas: fc.Arbitrary<StudySchema> = fc
  .tuple(
    fc.bigInt(-300n, 300n),
    fc.oneof(fc.bigInt(16n, 40n), fc.bigInt(200n, 9_000n)),
    fc.bigInt(2n, 15n),
    fc.boolean(),
  )
  .map((drawn) => typedSchema(...drawn));

export function valuesIn(schema: StudySchema, field: number): fc.Arbitrary<bigint> {
  const { minimum, maximum } = schema.fields[field] as NumericField;
  return fc.bigInt(minimum, maximum);
}

export function rowsOf(schema: StudySchema, near: readonly bigint[] = []): fc.Arbitrary<TypedRow> {
  const value = (index: number): fc.Arbitrary<bigint | undefined> => {
    const field = schema.fields[index]!;
    const { minimum, maximum } = field as NumericField;
    const close = near.filter((each) => each >= minimum && each <= maximum);
    const present =
      field.type === "category"
        ? fc.bigInt(0n, BigInt(field.categories.length - 1))
        : fc.oneof(valuesIn(schema, index), ...(close.length === 0 ? [] : [fc.constantFrom(...close)]));
    return field.required ? present : fc.option(present, { nil: undefined, freq: 4 });
  };
  return fc.tuple(...schema.fields.map((_, index) => value(index)));
}

/** A condition without its place in a descriptor. */
export type Tree =
  | { readonly kind: "category"; readonly field: number; readonly category: bigint }
  | { readonly kind: "present"; readonly field: number }
  | { readonly kind: "range"; readonly lo: bigint; readonly hi: bigint }
  | { readonly kind: "threshold"; readonly field: number; readonly relation: ">" | ">=" | "="; readonly at: bigint }
  | { readonly kind: "not"; readonly part: Tree }
  | { readonly kind: "and" | "or" | "either"; readonly left: Tree; readonly right: Tree };

export function treesOf(schema: StudySchema): fc.Arbitrary<Tree> {
  const threshold = (field: number): fc.Arbitrary<Tree> =>
    fc.record({
      kind: fc.constant("threshold" as const),
      field: fc.constant(field),
      relation: fc.constantFrom(">" as const, ">=" as const, "=" as const),
      at: valuesIn(schema, field),
    });
  const leaf: fc.Arbitrary<Tree> = fc.oneof(
    fc.bigInt(0n, 2n).map((category): Tree => ({ kind: "category", field: ARM, category })),
    fc.bigInt(0n, 2n).map((category): Tree => ({ kind: "category", field: SEX, category })),
    fc.constantFrom(SEX, CUT, LONG).map((field): Tree => ({ kind: "present", field })),
    fc.constantFrom<Tree[]>(
      { kind: "range", lo: 3n, hi: 4n },
      { kind: "range", lo: 0n, hi: 4n },
      { kind: "range", lo: 5n, hi: 9n },
    ),
    threshold(LONG),
    threshold(SHORT),
  );
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      leaf,
      tie("tree").map((part): Tree => ({ kind: "not", part })),
      fc.record({
        kind: fc.constantFrom("and" as const, "or" as const, "either" as const),
        left: tie("tree"),
        right: tie("tree"),
      }),
    ),
  }));
  return tree;
}

export function holds(tree: Tree, row: TypedRow): boolean {
  switch (tree.kind) {
    case "category":
      return (row[tree.field] ?? 2n) === tree.category;
    case "present":
      return row[tree.field] !== undefined;
    case "range":
      return row[CUT] !== undefined && row[CUT] >= tree.lo && row[CUT] <= tree.hi;
    case "threshold": {
      const value = row[tree.field];
      if (value === undefined) return false;
      return tree.relation === "=" ? value === tree.at : tree.relation === ">" ? value > tree.at : value >= tree.at;
    }
    case "not":
      return !holds(tree.part, row);
    case "and":
      return holds(tree.left, row) && holds(tree.right, row);
    default:
      return holds(tree.left, row) || holds(tree.right, row);
  }
}

/** NOT as active − part; OR as active − ∏ (active − part), or as a + b − a·b. */
export function termsOf(made: HandMade, tree: Tree): HandTerm[] {
  const outside = (terms: readonly HandTerm[]): HandTerm[] => [made.active(), ...negative(terms)];
  switch (tree.kind) {
    case "category":
      return [made.atom(AtomOp.EQ, tree.field, tree.category)];
    case "present":
      return [made.atom(AtomOp.VALID, tree.field)];
    case "range":
      return [made.atom(AtomOp.RANGE, CUT, tree.lo, tree.hi)];
    case "threshold":
      return tree.relation === "=" ? made.equal(tree.field, tree.at) : made.chain(tree.field, tree.at, tree.relation);
    case "not":
      return outside(termsOf(made, tree.part));
  }
  const [left, right] = [termsOf(made, tree.left), termsOf(made, tree.right)];
  if (tree.kind === "and") return [made.product(made.factor(...left), made.factor(...right))];
  if (tree.kind === "either") {
    return [...left, ...right, ...negative([made.product(made.factor(...left), made.factor(...right))])];
  }
  return outside([made.product(made.factor(...outside(left)), made.factor(...outside(right)))]);
}

/** Which class of a field a row is in. */
export function classOf(schema: StudySchema, field: number, classes: FieldClasses, row: TypedRow): number {
  const value = row[field];
  if (value === undefined) return classes.missing!;
  if (schema.fields[field]!.type === "category") return Number(value);
  for (let index = 0; index < classes.count; index++) {
    const bounds = classes.bounds(index);
    if (bounds !== undefined && value >= bounds[0] && value <= bounds[1]) return index;
  }
  throw new RangeError(`${value} is in no class of field ${field}`);
}

export function valueAt(of: ClassFunction, classIn: (field: number) => number): bigint {
  if ("value" in of) return of.value;
  const index = classIn(of.field);
  const [, child] = of.edges.find(([classes]) => ((classes >> BigInt(index)) & 1n) === 1n)!;
  return valueAt(child, classIn);
}
