/**
 * The real heart-disease data of four hospitals as a study, when the reference data are there. They are never copied
 * into the repository.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "csv-parse/sync";

const PACKAGE_ROOT = fileURLToPath(new URL("../..", import.meta.url));
let announced = false;

/**
 * The directory of the reference data: OPALINE_REFERENCE_DATA, by default ../shared/data from the package root. When it
 * is absent, prints one line and returns undefined; with OPALINE_REQUIRE_REFERENCE=1 absence is an error.
 */
export function referenceData(): string | undefined {
  const directory = process.env["OPALINE_REFERENCE_DATA"] ?? join(PACKAGE_ROOT, "..", "shared", "data");
  if (existsSync(join(directory, "datapackage.json"))) return directory;
  if (process.env["OPALINE_REQUIRE_REFERENCE"] === "1") throw new Error(`reference data are required: ${directory}`);
  if (!announced) console.log("skipped: reference data");
  announced = true;
  return undefined;
}

export interface ReferenceStudy {
  readonly schemaText: string;
  /** One CSV per real hospital, the lines of the original file unchanged. */
  readonly sites: readonly { readonly name: string; readonly csv: string }[];
}

interface DictionaryField {
  readonly name: string;
  readonly missing?: number;
  readonly description?: string;
  readonly maxDecimals?: number;
  readonly constraints?: { readonly minimum?: number; readonly maximum?: number; readonly enum?: readonly string[] };
}
interface Dictionary {
  readonly resources: readonly {
    readonly name: string;
    readonly schema: { readonly fields: readonly DictionaryField[] };
  }[];
}

const SUBJECT = "id";
const SITE = "site";
/** Codes, not quantities: one-hot. */
const CATEGORIES = ["sex", "cp", "fbs", "restecg", "exang", "slope", "ca", "thal", "num", "disease"];

/** Each threshold c gives the filter "value >= c"; `BETWEEN 50 AND 65` needs 50 and 66, `> 0` needs the next step. */
const CUT_POINTS: Readonly<Record<string, readonly (number | string)[]>> = {
  age: [30, 35, 40, 45, 50, 55, 60, 65, 66, 70, 75],
  trestbps: [90, 120, 140, 160, 180],
  chol: [1, 200, 240, 300],
  thalach: [100, 120, 140, 160, 180],
  oldpeak: ["0", "0.1", "1", "2", "3", "4"],
};

/** @throws Error when the reference data are absent: ask `referenceData()` first */
export function heartStudy(): ReferenceStudy {
  const directory = referenceData();
  if (directory === undefined) throw new Error("heartStudy() needs the reference data");
  const text = readFileSync(join(directory, "heart.csv"), "utf8");
  const dictionary = JSON.parse(readFileSync(join(directory, "datapackage.json"), "utf8")) as Dictionary;
  const heart = dictionary.resources.find(({ name }) => name === "heart");
  if (heart === undefined) throw new Error("datapackage.json does not describe heart.csv");
  return { schemaText: heartSchema(heart.schema.fields, valuesByColumn(text)), sites: splitBySite(text) };
}

function heartSchema(fields: readonly DictionaryField[], values: ReadonlyMap<string, readonly string[]>): string {
  return JSON.stringify({
    name: "heart-disease",
    title: "UCI heart disease, four hospitals",
    table: "heart",
    subject: SUBJECT,
    fields: fields
      .filter(({ name }) => name !== SUBJECT)
      .map((field) => schemaField(field, values.get(field.name) ?? [])),
  });
}

function schemaField(field: DictionaryField, values: readonly string[]): Record<string, unknown> {
  const shared = { name: field.name, title: field.description, required: (field.missing ?? 0) === 0 };
  if (field.name === SITE) return { ...shared, type: "category", categories: field.constraints?.enum };
  if (CATEGORIES.includes(field.name)) {
    const categories = [...new Set(values)].filter((text) => text !== "").sort((a, b) => Number(a) - Number(b));
    return { ...shared, type: "category", categories };
  }
  const decimals =
    field.maxDecimals === undefined ? { type: "integer" } : { type: "number", decimals: field.maxDecimals };
  const { minimum, maximum } = field.constraints ?? {};
  return { ...shared, ...decimals, minimum, maximum, cutPoints: CUT_POINTS[field.name] };
}

function valuesByColumn(text: string): Map<string, string[]> {
  const [header = [], ...rows] = parse(text) as string[][];
  return new Map(header.map((name, column) => [name, rows.map((row) => row[column] ?? "")]));
}

/** heart.csv has one record per line and no quoted cell, so its lines can be dealt out as they are. */
function splitBySite(text: string): { name: string; csv: string }[] {
  if (text.includes('"')) throw new Error("heart.csv has quoted cells: its lines cannot be split");
  const [header = "", ...lines] = text.trimEnd().split("\n");
  const column = header.split(",").indexOf(SITE);
  const siteOf = (line: string): string => line.split(",")[column] ?? "";
  const names = [...new Set(lines.map(siteOf))].sort();
  return names.map((name) => ({
    name,
    csv: [header, ...lines.filter((line) => siteOf(line) === name), ""].join("\n"),
  }));
}
