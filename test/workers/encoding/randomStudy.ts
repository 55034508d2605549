/** fast-check: a random schema together with random rows that fit it, and the CSV that says so. */
import { formatFieldValue } from "../../../workers/schema/values.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import type { SchemaField, StudySchema } from "../../../workers/schema/studySchema.ts";
import { fc } from "../../support/fastCheck.ts";

export interface RandomStudy {
  readonly schemaText: string;
  readonly schema: StudySchema;
  readonly subjects: readonly string[];
  /** [field][row] */
  readonly values: readonly (readonly (bigint | null)[])[];
}

type FieldForm = Readonly<Record<string, unknown>>;

const CATEGORY_TEXTS = ["a", "0", "1", "Zürich/Basel", 'say "hi"', "x,y", "two\nlines", " spaced ", "-7", "NA"];

const categoryForm = fc.record({
  type: fc.constant("category"),
  required: fc.boolean(),
  categories: fc.uniqueArray(fc.constantFrom(...CATEGORY_TEXTS), { minLength: 1, maxLength: 5 }),
});

/** Bounds and cut-points in steps of 10^-decimals around zero, written as decimal text. */
const numberForm = fc
  .record({
    decimals: fc.integer({ min: 0, max: 4 }),
    required: fc.boolean(),
    bounds: fc.tuple(fc.integer({ min: -2_000, max: 2_000 }), fc.integer({ min: 1, max: 3_000 })),
    cuts: fc.uniqueArray(fc.integer({ min: 1, max: 3_000 }), { maxLength: 5 }),
    search: fc.constantFrom(undefined, "digits"),
  })
  .map(({ decimals, required, bounds: [low, width], cuts, search }): FieldForm => {
    const text = (value: number): string => `${value < 0 ? "-" : ""}${decimalText(Math.abs(value), decimals)}`;
    const inside = cuts.filter((cut) => cut <= width).sort((a, b) => a - b);
    const type = decimals === 0 ? { type: "integer" } : { type: "number", decimals };
    const cutPoints = inside.map((cut) => text(low + cut));
    return { ...type, required, minimum: text(low), maximum: text(low + width), cutPoints, search };
  });

const dateForm = fc.record({
  type: fc.constant("date"),
  required: fc.boolean(),
  minimum: fc.constant("1999-12-31"),
  maximum: fc.constant("2024-02-29"),
  cutPoints: fc.constant({ from: "2000-01-01", to: "2024-02-29", step: 1_000 }),
});

function decimalText(magnitude: number, decimals: number): string {
  const digits = String(magnitude).padStart(decimals + 1, "0");
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

function schemaTextOf(forms: readonly FieldForm[]): string {
  const fields = forms.map((form, index) => ({ name: `f${index}`, ...form }));
  return JSON.stringify({ name: "random", table: "t", subject: "id", fields });
}

function valueOf(field: SchemaField): fc.Arbitrary<bigint | null> {
  const present =
    field.type === "category"
      ? fc.bigInt(0n, BigInt(field.categories.length - 1))
      : fc.oneof(
          fc.bigInt(field.minimum, field.maximum),
          fc.constantFrom(field.minimum, field.maximum, ...field.cutPoints),
        );
  return field.required ? present : fc.option(present, { nil: null, freq: 3 });
}

const subject = fc.stringMatching(/^[A-Za-z0-9ü,"][A-Za-z0-9ü,"-]{0,7}$/);

export const randomStudy: fc.Arbitrary<RandomStudy> = fc
  .array(fc.oneof(categoryForm, numberForm, dateForm), { minLength: 1, maxLength: 4 })
  .chain((forms) => {
    const schemaText = schemaTextOf(forms);
    const schema = parseSchema(schemaText);
    return fc.uniqueArray(subject, { minLength: 1, maxLength: 20 }).chain((subjects) =>
      fc.record({
        schemaText: fc.constant(schemaText),
        schema: fc.constant(schema),
        subjects: fc.constant(subjects),
        values: fc.tuple(
          ...schema.fields.map((field) =>
            fc.array(valueOf(field), { minLength: subjects.length, maxLength: subjects.length }),
          ),
        ),
      }),
    );
  });

/** The study's table as CSV bytes; every cell is quoted when `quoted`, otherwise only where needed. */
export function csvOf({ schema, subjects, values }: RandomStudy, lineEnd: string, quoted: boolean): Uint8Array {
  const cell = (text: string): string => (quoted || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = subjects.map((id, row) => [
    id,
    ...schema.fields.map((field, f) => {
      const value = values[f]?.[row] ?? null;
      return value === null ? "" : formatFieldValue(field, value);
    }),
  ]);
  const header = [schema.subject, ...schema.fields.map(({ name }) => name)];
  return new TextEncoder().encode([header, ...rows].map((cells) => cells.map(cell).join(",")).join(lineEnd) + lineEnd);
}
