/**
 * Ways in which an owner may poison a dataset, each as a change of one row of an honest one. The study has a required
 * and an optional field of both kinds; columns are indexed as `sharedColumnIds(POISONED_STUDY)`.
 */
import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import type { EncodedSegment } from "../../../workers/encoding/encodeTable.ts";
import { encodeTable } from "../../../workers/encoding/encodeTable.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { seededBytes } from "../encoding/seededBytes.ts";

export const POISONED_STUDY = parseSchema(
  JSON.stringify({
    name: "poisoned",
    table: "t",
    subject: "id",
    fields: [
      { name: "arm", type: "category", categories: ["a", "b"], required: true },
      { name: "site", type: "category", categories: ["x", "y"] },
      { name: "age", type: "integer", minimum: 18, maximum: 90, cutPoints: [50, 51, 66], required: true },
      { name: "dose", type: "number", decimals: 1, minimum: "-2.0", maximum: "3.5", cutPoints: ["0.0"] },
      { name: "flag", type: "integer", minimum: 7, maximum: 7 },
    ],
  }),
);

/** Committed columns in order, then the witnesses of age and dose; `flag` needs none. */
export const COLUMN = {
  active: 0,
  armA: 1,
  armB: 2,
  siteX: 3,
  siteY: 4,
  siteMissing: 5,
  age: 6,
  age50: 7,
  age51: 8,
  age66: 9,
  dose: 10,
  doseValid: 11,
  dose0: 12,
  flag: 13,
  flagValid: 14,
  ageBits: 15,
  doseBits: 20,
} as const;
/** The widest pieces: 18 … 49 and 0.0 … 3.5 in tenths. */
export const AGE_BITS = 5;
export const DOSE_BITS = 6;

type Row = Partial<Record<keyof typeof COLUMN, bigint>>;

const ROWS: readonly (readonly [arm: bigint, site: bigint | null, age: bigint, dose: bigint | null])[] = [
  [0n, 0n, 18n, -20n],
  [1n, null, 49n, null],
  [0n, 1n, 50n, -1n],
  [1n, 1n, 51n, 0n],
  [0n, null, 65n, 35n],
  [1n, 0n, 66n, 17n],
  [0n, 0n, 90n, null],
];

/** All kinds of rows, `times` over. Row k has the values of `ROWS[k mod 7]`: slots are not permuted. */
export function honestSegment(times = 1): EncodedSegment {
  const rows = Array.from({ length: times }, () => ROWS).flat();
  const [arms, sites, ages, doses] = [0, 1, 2, 3].map((field) => rows.map((row) => row[field] ?? null));
  const flags = rows.map((_, row) => (row % 2 === 0 ? 7n : null));
  const subjects = rows.map((_, row) => `s${row}`);
  const table = { rowCount: rows.length, subjects, values: [arms!, sites!, ages!, doses!, flags] };
  return encodeTable(table, POISONED_STUDY, seededBytes("slots"));
}

/** Columns and witnesses, by the row of the table instead of its slot. */
export function honestColumns(times = 1): bigint[][] {
  const { columns, witnesses, slotOfRow } = honestSegment(times);
  return [...columns, ...witnesses].map((column) => [...slotOfRow].map((slot) => column[slot] as bigint));
}

export interface Poisoning {
  readonly name: string;
  /** Row of the honest columns that is changed. */
  readonly row: number;
  readonly change: Row;
}

const INVALID_BITS = [2n, -1n, BN254_FR_MODULUS - 1n, 1n << 128n];
const INDICATORS = (Object.keys(COLUMN) as (keyof typeof COLUMN)[]).filter(
  (name) => !["age", "dose", "flag"].includes(name),
);

export const POISONINGS: readonly Poisoning[] = [
  ...INDICATORS.flatMap((name) =>
    INVALID_BITS.map((value) => ({ name: `${name} = ${value}`, row: 3, change: { [name]: value } as Row })),
  ),
  { name: "a patient in no arm", row: 0, change: { armA: 0n } },
  { name: "a patient in two arms", row: 0, change: { armB: 1n } },
  { name: "a patient half in each arm", row: 0, change: { armA: 2n, armB: -1n } },
  { name: "missing and present at once", row: 0, change: { siteMissing: 1n } },
  { name: "neither missing nor present", row: 1, change: { siteMissing: 0n } },
  { name: "an active row of weight 0 with everything in it", row: 0, change: { active: 0n } },
  { name: "a value above the maximum, bits as for it", row: 6, change: { age: 91n } },
  { name: "a value above the maximum, with its excess in a bit of 2", row: 4, change: { dose: 36n, doseBits: 2n } },
  { name: "a value below the minimum", row: 0, change: { age: 17n } },
  { name: "a negative value where the minimum is positive", row: 0, change: { age: -18n } },
  { name: "a value of 10^30", row: 0, change: { age: 10n ** 30n } },
  { name: "a value that is not the constant", row: 0, change: { flag: 8n } },
  { name: "a thermometer one too low", row: 2, change: { age50: 0n } },
  { name: "a thermometer one too high", row: 2, change: { age51: 1n } },
  { name: "a thermometer that falls and rises", row: 5, change: { age51: 0n } },
  { name: "a thermometer that is 1 only at the end", row: 0, change: { age66: 1n } },
  { name: "another value in another piece, thermometers unchanged", row: 0, change: { age: 50n } },
  { name: "a value where it is missing", row: 1, change: { dose: 5n } },
  { name: "a thermometer where the value is missing", row: 1, change: { dose0: 1n } },
  { name: "validity 0 where there is a value", row: 3, change: { doseValid: 0n } },
  { name: "validity 1 where there is none", row: 1, change: { doseValid: 1n } },
  { name: "wrong bits", row: 0, change: { ageBits: 1n } },
];

/** Every row kind inactive: all zero is allowed, anything else is not. */
export const INACTIVE_POISONINGS: readonly Poisoning[] = (
  ["armA", "siteMissing", "age", "age66", "dose", "doseValid", "dose0", "flag", "flagValid"] as const
).map((name) => ({ name: `${name} on an inactive row`, row: 2, change: { [name]: 1n } as Row }));

export function poison(columns: readonly (readonly bigint[])[], { row, change }: Poisoning): bigint[][] {
  const changed = columns.map((column) => [...column]);
  for (const [name, value] of Object.entries(change)) changed[COLUMN[name as keyof typeof COLUMN]]![row] = value;
  return changed;
}

/** The row as if it were absent or withdrawn: zero in every column. */
export function withdraw(columns: readonly (readonly bigint[])[], row: number): bigint[][] {
  return columns.map((column) => column.map((value, at) => (at === row ? 0n : value)));
}
