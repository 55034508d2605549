/** Derived fields against SQLite over the same events, and everything that an owner's event file may have wrong. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import type { CsvErrorDetail } from "../../../workers/encoding/csvReport.ts";
import { readTable } from "../../../workers/encoding/readTable.ts";
import { CodedError } from "../../../workers/errors.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import type { StudySchema } from "../../../workers/schema/studySchema.ts";
import { formatFieldValue } from "../../../workers/schema/values.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";

type Json = Readonly<Record<string, unknown>>;

const COLUMNS: readonly Json[] = [
  { name: "term", type: "text" },
  { name: "grade", type: "integer", minimum: 1, maximum: 5 },
  { name: "dose", type: "number", decimals: 1 },
  { name: "onset", type: "date" },
  { name: "related", type: "category", categories: ["no", "yes"] },
];
const NAMES = COLUMNS.map(({ name }) => String(name));
const HEADER = ["pid", ...NAMES].join(",");

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function schemaOf(fields: readonly Json[], table: Json = {}): StudySchema {
  const events = { name: "ae", subject: "pid", columns: COLUMNS, ...table };
  const derived = fields.map((field, index) => ({
    name: `f${index}`,
    ...field,
    derived: { from: "ae", ...(field["derived"] as Json) },
  }));
  return parseSchema(JSON.stringify({ name: "d", table: "t", subject: "id", eventTables: [events], fields: derived }));
}

function derive(schema: StudySchema, subjects: readonly string[], events: string): (string | null)[][] {
  const csv = bytes(["id", ...subjects].join("\n"));
  const table = readTable(csv, schema, "patients.csv", [{ table: "ae", csv: bytes(events), fileName: "ae.csv" }]);
  assert.deepEqual([table.rowCount, table.subjects], [subjects.length, subjects]);
  return table.values.map((column, f) =>
    column.map((value) => (value === null ? null : formatFieldValue(schema.fields[f]!, value))),
  );
}

/** One field, one subject. */
function deriveOne(field: Json, ...events: readonly string[]): string | null {
  return derive(schemaOf([field]), ["a"], [HEADER, ...events].join("\n"))[0]![0]!;
}

function problems(schema: StudySchema, subjects: readonly string[], events: string): readonly string[] {
  try {
    derive(schema, subjects, events);
  } catch (error) {
    assert(error instanceof CodedError && error.code === "CSV_INVALID", String(error));
    const { file, problems: found } = error.detail as CsvErrorDetail;
    return found.map(({ code, line, column }) => `${code} ${file}:${line} ${column ?? "-"}`);
  }
  return assert.fail("the files were accepted");
}

const INTEGER: Json = { type: "integer", minimum: "-1000000", maximum: 1_000_000 };
const NUMBER: Json = { type: "number", decimals: 2, minimum: "-1000000", maximum: 1_000_000 };
const DATE: Json = { type: "date", minimum: "1900-01-01", maximum: "2099-12-31" };
const TERMS: Json = { type: "category", categories: ["x", "y", "1", "2020-01-01"] };

describe("derived fields", () => {
  it("count the events of each subject, and are 0 without any", () => {
    const schema = schemaOf([
      { ...INTEGER, derived: { aggregate: "count" } },
      { type: "category", categories: ["0", "1"], required: true, derived: { aggregate: "exists" } },
      { ...NUMBER, derived: { aggregate: "exists", where: [{ column: "grade", relation: ">=", value: 3 }] } },
    ]);
    const events = `${HEADER}\na,x,3,,,\nb,x,2,,,\na,y,,,,\n`;
    assert.deepEqual(derive(schema, ["a", "b", "c"], events), [
      ["2", "1", "0"],
      ["1", "1", "0"],
      ["1", "0", "0"],
    ]);
    assert.deepEqual(derive(schema, ["a"], HEADER), [["0"], ["0"], ["0"]], "a file without events");
  });

  it("are missing, or their default, where no event has a value", () => {
    for (const aggregate of ["max", "sum", "sumSquares", "latest"]) {
      const derived = { aggregate, of: "grade", ...(aggregate === "latest" ? { by: "onset" } : {}) };
      assert.equal(deriveOne({ ...INTEGER, derived }, "a,x,,,2020-01-01,"), null);
      assert.equal(deriveOne({ ...INTEGER, derived: { ...derived, default: 7 } }, "a,x,,,2020-01-01,"), "7");
      assert.equal(deriveOne({ ...INTEGER, derived: { ...derived, default: 7 } }, "a,x,1,,2020-01-01,"), "1");
    }
  });

  it("take of two latest events the later row, and none whose time is missing", () => {
    const derived = { aggregate: "latest", of: "grade", by: "onset" };
    const field = { ...INTEGER, derived };
    assert.equal(deriveOne(field, "a,x,1,,2020-02-01,", "a,x,2,,2020-02-01,", "a,x,3,,2020-01-31,"), "2");
    assert.equal(deriveOne(field, "a,x,1,,2020-02-01,", "a,x,,,2020-03-01,", "a,x,3,,,"), "1");
    const text = { ...TERMS, derived: { aggregate: "latest", of: "term", by: "dose" } };
    assert.equal(deriveOne(text, "a,y,,10.5,,", "a,x,,9.5,,"), "y");
  });

  it("are exact where floating point is not", () => {
    const wide = { type: "number", decimals: 1, minimum: 0, maximum: "400000000000000000" };
    const events = Array.from({ length: 3 }, () => "a,,,100000000000000000.1,,");
    assert.equal(deriveOne({ ...wide, derived: { aggregate: "sum", of: "dose" } }, ...events), "300000000000000000.3");
    const squares = { ...NUMBER, derived: { aggregate: "sumSquares", of: "dose" } };
    assert.equal(deriveOne(squares, "a,,,0.1,,", "a,,,-0.3,,"), "0.1");
  });

  it("may pass through sums beyond what a column can hold", () => {
    const field = { ...NUMBER, derived: { aggregate: "sum", of: "dose" } };
    const [most, least] = ["461168601842738790.3", "-461168601842738790.3"];
    assert.equal(
      deriveOne(field, `a,,,${most},,`, `a,,,${most},,`, `a,,,${least},,`, `a,,,${least},,`, "a,,,1,,"),
      "1",
    );
  });

  it("are as a category the text of the result", () => {
    assert.equal(deriveOne({ ...TERMS, derived: { aggregate: "count" } }, "a,,,,,"), "1");
    assert.equal(deriveOne({ ...TERMS, derived: { aggregate: "max", of: "onset" } }, "a,,,,2020-01-01,"), "2020-01-01");
    const yes = {
      type: "category",
      categories: ["no", "yes"],
      derived: { aggregate: "latest", of: "related", by: "grade" },
    };
    assert.equal(deriveOne(yes, "a,,1,,,yes", "a,,2,,,no"), "no");
  });
});

/** A JSON condition, and the same in SQL. */
const constants: Readonly<Record<string, readonly (string | number)[]>> = {
  term: ["x", "y", "X"],
  grade: [1, 2, 3, 5],
  dose: ["-0.5", "0", "0.5", "12.0"],
  onset: ["2019-12-31", "2020-01-01", "2020-02-29"],
  related: ["no", "yes"],
};
const literal = (column: string, value: string | number): string =>
  column === "grade" || column === "dose" ? String(value) : `'${value}'`;

const randomCondition = fc.constantFrom(...NAMES).chain((column) => {
  const isOrdered = ["grade", "dose", "onset"].includes(column);
  const value = fc.constantFrom(...constants[column]!);
  const sql = (relation: string, ...values: (string | number)[]): string =>
    `${column} ${relation} ${values.map((each) => literal(column, each)).join(" AND ")}`;
  const compared = fc
    .tuple(fc.constantFrom("=", "<>", ...(isOrdered ? ["<", "<=", ">", ">="] : [])), value)
    .map(([relation, constant]) => [{ column, relation, value: constant }, sql(relation, constant)] as const);
  const listed = fc
    .uniqueArray(value, { minLength: 1, maxLength: 3 })
    .map(
      (values) =>
        [
          { column, relation: "in", values },
          `${column} IN (${values.map((each) => literal(column, each)).join(", ")})`,
        ] as const,
    );
  const between = fc.tuple(value, value).map(([a, b]) => {
    const all = constants[column]!;
    const values = all.indexOf(a) <= all.indexOf(b) ? [a, b] : [b, a];
    return [{ column, relation: "between", values }, sql("BETWEEN", ...values)] as const;
  });
  const nulls = fc.constantFrom(
    [{ column, relation: "isNull" }, `${column} IS NULL`] as const,
    [{ column, relation: "isNotNull" }, `${column} IS NOT NULL`] as const,
  );
  return fc.oneof(compared, listed, nulls, ...(isOrdered ? [between] : []));
});

const randomEvents = fc.array(
  fc.tuple(
    fc.constantFrom("a", "b", "c"),
    ...NAMES.map((name) => fc.option(fc.constantFrom(...constants[name]!), { nil: null, freq: 4 })),
  ),
  { maxLength: 25 },
);

/** The last two are SQL's: an expression, and what follows the conditions. */
const FIELDS: readonly (readonly [field: Json, derived: Json, expression: string, rest?: string])[] = [
  [INTEGER, { aggregate: "count" }, "COUNT(*)"],
  [INTEGER, { aggregate: "exists" }, "COUNT(*) > 0"],
  [INTEGER, { aggregate: "max", of: "grade" }, "MAX(grade)"],
  [NUMBER, { aggregate: "max", of: "dose" }, "MAX(dose)"],
  [DATE, { aggregate: "max", of: "onset" }, "MAX(onset)"],
  [INTEGER, { aggregate: "sum", of: "grade" }, "SUM(grade)"],
  // Halves and their squares are exact in doubles.
  [NUMBER, { aggregate: "sum", of: "dose" }, "SUM(dose)"],
  [NUMBER, { aggregate: "sumSquares", of: "dose" }, "SUM(dose * dose)"],
  [
    { type: "category", categories: ["x", "y", "X"] },
    { aggregate: "latest", of: "term", by: "onset" },
    "term",
    "AND term IS NOT NULL AND onset IS NOT NULL ORDER BY onset DESC, line DESC LIMIT 1",
  ],
  [
    INTEGER,
    { aggregate: "latest", of: "grade", by: "dose" },
    "grade",
    "AND grade IS NOT NULL AND dose IS NOT NULL ORDER BY dose DESC, line DESC LIMIT 1",
  ],
];

describe("derived fields against SQLite", () => {
  it("are what SQL computes of the same events, whatever the conditions", () => {
    fc.assert(
      fc.property(randomEvents, fc.array(randomCondition, { maxLength: 3 }), (events, conditions) => {
        const where = conditions.map(([json]) => json);
        const schema = schemaOf(FIELDS.map(([field, derived]) => ({ ...field, derived: { ...derived, where } })));
        const csv = [HEADER, ...events.map((row) => row.map((cell) => cell ?? "").join(","))].join("\n");
        const found = derive(schema, ["a", "b", "c"], csv);
        const database = new DatabaseSync(":memory:");
        database.exec(
          "CREATE TABLE e (line INTEGER, pid TEXT, term TEXT, grade INTEGER, dose REAL, onset TEXT, related TEXT)",
        );
        const insert = database.prepare("INSERT INTO e VALUES (?, ?, ?, ?, ?, ?, ?)");
        events.forEach((row, line) => insert.run(line, ...row));
        const filter = ["pid = :pid", ...conditions.map(([, sql]) => sql)].join(" AND ");
        FIELDS.forEach(([, , expression, rest = ""], f) => {
          const sql = `SELECT ${expression} AS result FROM e WHERE ${filter} ${rest}`;
          ["a", "b", "c"].forEach((pid, row) => {
            const result = database.prepare(sql).get({ pid })?.["result"] ?? null;
            assert.equal(found[f]![row], result === null ? null : String(result), sql);
          });
        });
        database.close();
      }),
      { numRuns: budget.sqlRuns },
    );
  });
});

describe("files of events", () => {
  const COUNT = { ...INTEGER, derived: { aggregate: "count" } };
  const schema = schemaOf([COUNT]);

  it("are refused with file, line and column", () => {
    const rows = ["a,x,6,,,", "a,x,1,1.23,,", "a,x,1,,2020-02-30,maybe", "a,x", ",x,,,,", "a ,x,,,,", "a,x, 1,,,"];
    assert.deepEqual(problems(schema, ["a"], [HEADER, ...rows].join("\n")), [
      "CSV_OUT_OF_RANGE ae.csv:2 grade",
      "CSV_TOO_MANY_DECIMALS ae.csv:3 dose",
      "CSV_WRONG_TYPE ae.csv:4 onset",
      "CSV_UNKNOWN_CATEGORY ae.csv:4 related",
      "CSV_RAGGED_ROW ae.csv:5 -",
      "CSV_EMPTY_SUBJECT ae.csv:6 pid",
      "CSV_SUBJECT_SPACES ae.csv:7 pid",
      "CSV_WRONG_TYPE ae.csv:8 grade",
    ]);
    assert.deepEqual(problems(schema, ["a"], ""), ["CSV_EMPTY_FILE ae.csv:1 -"]);
    assert.deepEqual(problems(schema, ["a"], "pid,term,grade,dose,onset\na,x,,,\n"), [
      "CSV_MISSING_COLUMN ae.csv:1 related",
    ]);
    assert.deepEqual(problems(schema, ["a"], "id,term,grade,dose,onset,related\n"), [
      "CSV_MISSING_COLUMN ae.csv:1 pid",
    ]);
  });

  it("may hold further columns, blank lines and missing codes", () => {
    const noted = schemaOf([{ ...INTEGER, derived: { aggregate: "max", of: "grade" } }], { missingValues: ["", "NA"] });
    const events = "note,related,onset,dose,grade,term,pid\n1,NA,,,2,,a\n\n2,,NA,,NA,,a\n";
    assert.deepEqual(derive(noted, ["a"], events), [["2"]]);
  });

  it("of subjects whom the study does not have are refused with their number, or ignored", () => {
    const events = `${HEADER}\na,x,1,,,\nz,x,1,,,\nz,x,1,,,\ny,x,1,,,\n`;
    assert.deepEqual(problems(schema, ["a"], events), ["CSV_UNKNOWN_SUBJECTS ae.csv:3 pid"]);
    assert.throws(() => derive(schema, ["a"], events), {
      message: /study's file: 2, on 3 rows, the first here; leave/,
    });
    assert.deepEqual(derive(schemaOf([COUNT], { unknownSubjects: "ignore" }), ["a"], events), [["1"]]);
  });

  it("whose results the field does not allow are refused at the subject's line of the study's file", () => {
    const few = schemaOf([
      { type: "integer", minimum: 0, maximum: 1, derived: { aggregate: "count" } },
      { ...TERMS, derived: { aggregate: "latest", of: "term", by: "grade" } },
      { ...INTEGER, required: true, derived: { aggregate: "sum", of: "grade" } },
    ]);
    const events = `${HEADER}\nb,z,1,,,\nb,x,1,,,\na,q,1,,,\n`;
    assert.deepEqual(problems(few, ["a", "b", "c"], events), [
      "CSV_OUT_OF_RANGE patients.csv:3 f0",
      "CSV_UNKNOWN_CATEGORY patients.csv:2 f1",
      "CSV_MISSING_VALUE patients.csv:4 f2",
    ]);
    assert.throws(() => derive(few, ["b"], events.replace("a,q,1,,,\n", "")), {
      message:
        /patients.csv:2: column "f0": computed from ae.csv, value is above the maximum 1; check this subject's events/,
    });
  });

  it("leave no place for a column of the same name in the study's file", () => {
    const file = { table: "ae", csv: bytes(HEADER), fileName: "ae.csv" };
    assert.throws(() => readTable(bytes("id,f0\na,1\n"), schema, "patients.csv", [file]), {
      message: /patients.csv:1: column "f0": the field is computed from ae; remove or rename the column/,
    });
  });

  it("must be there, once, for each event table", () => {
    const file = { table: "ae", csv: bytes(HEADER), fileName: "ae.csv" };
    const read = (...files: (typeof file)[]) => readTable(bytes("id\na\n"), schema, "patients.csv", files);
    assert.throws(() => read(), { detail: { code: "EVENT_FILE_MISSING", table: "ae" } });
    assert.throws(() => read(file, file), { detail: { code: "EVENT_FILE_REPEATED", table: "ae" } });
    assert.throws(() => read(file, { ...file, table: "AE" }), { detail: { code: "EVENT_FILE_UNKNOWN", table: "AE" } });
    const plain = parseSchema(
      JSON.stringify({ name: "p", table: "t", subject: "id", fields: [{ name: "f", ...INTEGER }] }),
    );
    assert.throws(() => readTable(bytes("id,f\na,1\n"), plain, "patients.csv", [file]), {
      detail: { code: "EVENT_FILE_UNKNOWN", table: "ae" },
    });
  });

  it("never show a value, a subject id or a header in what is said of them", () => {
    const texts = [
      `${HEADER}\nSECRET,SECRET,SECRET,SECRET,SECRET,SECRET\n`,
      `${HEADER}\na,SECRET,SECRET,SECRET,SECRET,SECRET\n`,
      `${HEADER}\na,SECRET\n`,
      `${HEADER}\n SECRET,x,,,,\n`,
      "SECRET,term\na,x\n",
      `${HEADER}\na,"SECRET\n`,
    ];
    const strict = schemaOf([{ ...TERMS, derived: { aggregate: "latest", of: "term", by: "grade" } }]);
    for (const events of [...texts, `${HEADER}\na,SECRET,1,,,\n`]) {
      assert.throws(
        () => derive(strict, ["a"], events),
        (error) => {
          assert(error instanceof CodedError);
          assert.doesNotMatch(
            `${error.message}${JSON.stringify(error.detail)}${String(error.cause)}`,
            /SECRET/,
            events,
          );
          return true;
        },
      );
    }
  });
});
