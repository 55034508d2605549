import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { CodedError } from "../../../workers/errors.ts";
import type { CsvErrorDetail } from "../../../workers/encoding/csvReport.ts";
import { MAX_PROBLEMS } from "../../../workers/encoding/csvReport.ts";
import type { Table } from "../../../workers/encoding/readTable.ts";
import { readTable } from "../../../workers/encoding/readTable.ts";
import { summarizeTable } from "../../../workers/encoding/summarizeTable.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { csvOf, randomStudy } from "./randomStudy.ts";

const schema = parseSchema(
  JSON.stringify({
    name: "demo",
    table: "trial",
    subject: "patient_id",
    missingValues: ["", "NA"],
    fields: [
      { name: "arm", type: "category", categories: ["control", "agent"], required: true },
      { name: "age", type: "integer", minimum: 18, maximum: 90 },
      { name: "temp", type: "number", decimals: 1, minimum: 30, maximum: 45, missingValues: ["?"] },
      { name: "visit", type: "date", minimum: "2020-01-01", maximum: "2021-12-31" },
    ],
  }),
);
const HEADER = "patient_id,arm,age,temp,visit";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (text: string | Uint8Array): Table =>
  readTable(typeof text === "string" ? bytes(text) : text, schema, "site.csv");

function refusal(text: string | Uint8Array): CodedError<CsvErrorDetail> {
  try {
    read(text);
  } catch (error) {
    assert(error instanceof CodedError && error.code === "CSV_INVALID", String(error));
    return error as CodedError<CsvErrorDetail>;
  }
  return assert.fail("the file was accepted");
}

/** "code line column" of each problem. */
function problems(text: string | Uint8Array): string[] {
  return refusal(text).detail.problems.map(({ code, line, column }) => `${code} ${line} ${column ?? "-"}`);
}

describe("readTable", () => {
  it("reads scaled integers, categories, dates and missing values", () => {
    const table = read(`${HEADER}\np1,agent,63,36.6,2020-01-02\np2,control,NA,?,\n`);
    assert.deepEqual(table, {
      rowCount: 2,
      subjects: ["p1", "p2"],
      events: [],
      values: [
        [1n, 0n],
        [63n, null],
        [366n, null],
        [18_263n, null],
      ],
    });
  });

  it("takes a BOM, CRLF, quotes, any column order, further columns, blank lines and a missing last line end", () => {
    const table = read(
      '\ufeffage,note,"temp",visit,arm,patient_id\r\n63,"a, ""b""\r\nc",36.6,,agent,"p,1"\r\n\r\n64,x,37,,control,p2',
    );
    assert.deepEqual(table.subjects, ["p,1", "p2"]);
    assert.deepEqual(table.values[1], [63n, 64n]);
  });

  it("reads back every table that is written", () => {
    fc.assert(
      fc.property(randomStudy, fc.constantFrom("\n", "\r\n"), fc.boolean(), (study, lineEnd, quoted) => {
        const table = readTable(csvOf(study, lineEnd, quoted), study.schema, "random.csv");
        assert.deepEqual(table.subjects, study.subjects);
        assert.deepEqual(table.values, study.values);
      }),
      { numRuns: budget.propertyRuns },
    );
  });

  it("names file, line, column, rule and remedy", () => {
    assert.equal(
      refusal(`${HEADER}\np1,agent,17,36.6,\n`).message,
      "site.csv: 1 problem; nothing was read\n" +
        '  site.csv:2: column "age": value is below the minimum 18; correct it, or leave the cell as missing',
    );
  });

  it("counts lines through quoted line breaks and blank lines", () => {
    const text = `${HEADER},note\r\np1,agent,63,36.6,,"two\r\nlines\nor three"\r\n\r\np2,agent,91,36.6,,\r\n`;
    assert.deepEqual(problems(text), ["CSV_OUT_OF_RANGE 6 age"]);
  });

  it("reports every problem of the file at once", () => {
    const rows = [
      "p1,agent,17,36.6,", // 2
      "p2,agent,91,36.66,", // 3
      "p3,Agent,x,36.6,2020-02-30", // 4
      "p1,agent,63,36.6,", // 5
      ",agent,63,36.6,", // 6
      "p4,,63,36.6,", // 7
      "p5,agent,63", // 8
      "p6 ,agent, 63,36.6,", // 9
      "NA,agent,63,36.6,2022-01-01", // 10
    ];
    const text = [HEADER, ...rows].join("\n");
    assert.deepEqual(problems(text), [
      "CSV_OUT_OF_RANGE 2 age",
      "CSV_OUT_OF_RANGE 3 age",
      "CSV_TOO_MANY_DECIMALS 3 temp",
      "CSV_UNKNOWN_CATEGORY 4 arm",
      "CSV_WRONG_TYPE 4 age",
      "CSV_WRONG_TYPE 4 visit",
      "CSV_DUPLICATE_SUBJECT 5 patient_id",
      "CSV_EMPTY_SUBJECT 6 patient_id",
      "CSV_MISSING_VALUE 7 arm",
      "CSV_RAGGED_ROW 8 -",
      "CSV_SUBJECT_SPACES 9 patient_id",
      "CSV_WRONG_TYPE 9 age",
      "CSV_EMPTY_SUBJECT 10 patient_id",
      "CSV_OUT_OF_RANGE 10 visit",
    ]);
    const { message } = refusal(text);
    assert.match(message, /site\.csv:5: column "patient_id": same subject id as line 2;/);
    assert.match(message, /site\.csv:4: column "arm": value is not one of the categories "control", "agent";/);
    assert.match(message, /site\.csv:9: column "age": .*; remove the spaces around it/);
  });

  it(`lists the first ${MAX_PROBLEMS} problems and counts the rest`, () => {
    const rows = Array.from({ length: 60 }, (_, index) => `p${index},agent,17,36.6,`);
    const error = refusal([HEADER, ...rows].join("\n"));
    assert.equal(error.detail.problems.length, MAX_PROBLEMS);
    assert.equal(error.detail.total, 60);
    assert.match(error.message, /60 problems.*\n(.*\n)+ {2}… and 10 more$/);
  });

  it("reports missing and repeated columns, and still checks the others", () => {
    assert.deepEqual(problems("patient_id,arm,Age,visit,visit\np1,x,63,,\n"), [
      "CSV_MISSING_COLUMN 1 age",
      "CSV_MISSING_COLUMN 1 temp",
      "CSV_DUPLICATE_HEADER 1 visit",
      "CSV_UNKNOWN_CATEGORY 2 arm",
    ]);
    assert.match(
      refusal("patient_id,arm,Age,temp,visit\n").message,
      /rename column 3, which differs by case or spaces only/,
    );
    assert.match(
      refusal(`${HEADER.replaceAll(",", ";")}\np1;agent;63;36.6;\n`).message,
      /separate the columns with commas/,
    );
  });

  it("refuses a file without rows", () => {
    assert.deepEqual(problems(""), ["CSV_EMPTY_FILE 1 -"]);
    assert.deepEqual(problems("\ufeff"), ["CSV_EMPTY_FILE 1 -"]);
    assert.deepEqual(problems(`${HEADER}\n`), ["CSV_EMPTY_FILE 1 -"]);
  });

  it("refuses misplaced quotes at the row where they are, keeping earlier findings", () => {
    const start = `${HEADER}\np1,agent,17,36.6,\n`;
    const expected = ["CSV_OUT_OF_RANGE 2 age", "CSV_BAD_QUOTES 3 -"];
    assert.deepEqual(problems(`${start}p2,"agent,63,36.6,\np3,agent,63,36.6,\n`), expected);
    assert.deepEqual(problems(`${start}p2,"ag"ent,63,36.6,\n`), expected);
    assert.deepEqual(problems(`${start}p2,ag"ent,63,36.6,\n`), expected);
  });

  it("refuses bytes that are not UTF-8, at their line", () => {
    const latin = Uint8Array.from([...bytes(`${HEADER}\np1,agent,63,36.6,\np`), 0xfc, ...bytes(",agent,63,36.6,\n")]);
    assert.deepEqual(problems(latin), ["CSV_NOT_UTF8 3 -"]);
    assert.deepEqual(problems(Uint8Array.of(0xff, 0xfe, 0x70, 0x00)), ["CSV_NOT_UTF8 1 -"]);
  });

  it("never repeats a value, a subject id or a header of the file", () => {
    const secret = /SECRET/;
    const texts = [
      `${HEADER}\nSECRET,SECRET,SECRET,SECRET,SECRET\nSECRET,agent,63,36.6,\n`,
      `${HEADER}\nSECRET ,agent,63,36.6,\n`,
      `${HEADER}\np1,"agent"SECRET,63,36.6,\n`,
      `${HEADER}\np1,SECRET"x,63,36.6,\n`,
      `${HEADER}\np1,"SECRET\n`,
      "SECRET1,agent,63,36.6,\nSECRET2,agent,63,36.6,\n",
      `${HEADER}\nSECRET\n`,
    ];
    for (const text of texts) {
      const error = refusal(text);
      assert.doesNotMatch(`${error.message}${JSON.stringify(error.detail)}${String(error.cause)}`, secret, text);
    }
  });
});

describe("summarizeTable", () => {
  it("counts rows and missing values per field", () => {
    const table = read(`${HEADER}\np1,agent,63,36.6,\np2,control,NA,?,\n`);
    assert.deepEqual(summarizeTable(table, schema), {
      rowCount: 2,
      fields: [
        { name: "arm", present: 2, missing: 0 },
        { name: "age", present: 1, missing: 1 },
        { name: "temp", present: 1, missing: 1 },
        { name: "visit", present: 0, missing: 2 },
      ],
    });
  });
});
