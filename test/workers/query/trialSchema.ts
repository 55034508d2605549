/** A small study with every kind of field, and awkward names and categories. */
import { parseSchema } from "../../../workers/schema/parseSchema.ts";

export const trialSchemaText = JSON.stringify({
  name: "adaptive trial",
  table: "trial",
  subject: "patient_id",
  fields: [
    { name: "arm", type: "category", categories: ["control", "drug A", "drug B"], required: true },
    { name: "biomarker", type: "category", categories: ["positive", "negative"] },
    { name: "age", type: "integer", unit: "years", minimum: 18, maximum: 90, cutPoints: { from: 20, to: 90, step: 5 } },
    {
      name: "response",
      type: "number",
      decimals: 2,
      minimum: "-10",
      maximum: "10",
      cutPoints: ["-2.5", "0", "0.01", "7.25"],
    },
    { name: "grade", type: "category", categories: ["0", "1", "2", "3", "4", "5"] },
    {
      name: "enrolled",
      type: "date",
      minimum: "2019-01-01",
      maximum: "2024-12-31",
      cutPoints: ["2020-02-29", "2020-03-01", "2022-01-01"],
    },
    {
      name: "site",
      type: "category",
      categories: ["O'Brien", "Zürich/Basel", "東京", "a; DROP TABLE trial --", "two\nlines", ":lo"],
    },
    { name: "Mixed", type: "integer", minimum: 0, maximum: 3, cutPoints: [1, 2, 3], required: true },
    { name: "weight", type: "integer", minimum: 0, maximum: 300 },
  ],
});

export const trialSchema = parseSchema(trialSchemaText);

export const DEMO_SQL =
  "SELECT arm, COUNT(*), AVG(response), AVG(age), VAR_SAMP(age) FROM trial " +
  "WHERE age BETWEEN :lo AND :hi AND biomarker = :marker GROUP BY arm";
