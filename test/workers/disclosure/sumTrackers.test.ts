/** Counts of a few patients that follow from sums, or from a disjunction over missing values: each way told against the gate (k = 11). */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { ClearStudy } from "./clearStudy.ts";

const category = (name: string, categories: readonly string[], required = true): object => {
  return { name, type: "category", categories, required };
};
const schema = parseSchema(
  JSON.stringify({
    name: "sums",
    table: "t",
    subject: "id",
    fields: [
      category("lab", ["low", "high"], false),
      category("village", ["p", "q", "r"]),
      category("hiv", ["no", "yes"]),
      category("grade", ["0", "1", "2", "3"]),
      category("a", ["0", "1"], false),
      category("b", ["0", "1"], false),
      category("visits", ["0", "1", "2"]),
      { name: "age", type: "integer", minimum: 18, maximum: 90, cutPoints: [60, 62], required: true },
      { name: "weight", type: "integer", minimum: 30, maximum: 200, search: "digits", required: true },
    ],
  }),
);

type Row = Readonly<Record<string, bigint | undefined>>;
type Outputs = readonly (bigint | undefined)[];

const SOMEBODY = { lab: 0n, village: 1n, hiv: 0n, grade: 0n, a: 0n, b: 0n, visits: 0n, age: 40n, weight: 70n };

function people(count: number, row: Row = {}): Record<string, bigint>[] {
  const present = Object.entries({ ...SOMEBODY, ...row }).filter(([, value]) => value !== undefined);
  return Array.from({ length: count }, () => Object.fromEntries(present) as Record<string, bigint>);
}

function study(...rows: readonly Record<string, bigint>[][]): ClearStudy {
  const made = new ClearStudy(schema, 11);
  made.contribute("one", rows.flat());
  return made;
}

/** Everything hidden when it is refused. */
async function outputs(of: ClearStudy, sql: string): Promise<Outputs> {
  const answer = await of.ask({ sql });
  return answer.kind === "answered" ? answer.outputs : [];
}

function isShown(...values: Outputs): boolean {
  return values.every((value) => value !== undefined);
}

describe("the gate against a disjunction over who lacks a column", () => {
  const data = (hiv: bigint): ClearStudy =>
    study(
      people(80),
      people(40, { lab: undefined }),
      people(40, { lab: undefined, hiv: 1n }),
      people(1, { lab: undefined, village: 0n, hiv }),
    );

  it("does not take who is chosen among them for a number of missing values, in one answer or two", async () => {
    const chosen = "lab IS NOT NULL OR (village = 'p' AND hiv = 'yes')";
    const [all, present] = await outputs(data(1n), `SELECT COUNT(*), COUNT(lab) FROM t WHERE ${chosen}`);
    assert.ok(!isShown(all, present));
    const later = data(1n);
    assert.deepEqual(await outputs(later, "SELECT COUNT(lab) FROM t"), [80n]);
    assert.deepEqual(await outputs(later, `SELECT COUNT(*) FROM t WHERE ${chosen}`), []);
  });

  it("shows how many lack a column, as it always does", async () => {
    assert.deepEqual(await outputs(study(people(80), people(3, { lab: undefined })), "SELECT COUNT(*), COUNT(lab) FROM t"), [83n, 80n]); // prettier-ignore
  });

  it("does not tell by inclusion and exclusion who has both of two columns", async () => {
    const rows = study(
      people(40, { a: 1n }),
      people(40, { b: 1n }),
      people(40),
      people(1, { a: 1n, b: 1n }),
      people(20, { a: 1n, b: undefined }),
      people(20, { a: undefined, b: 1n }),
    );
    const [all, , ofA, , ofB] = await outputs(rows, "SELECT COUNT(*), AVG(a), AVG(b) FROM t WHERE a = 1 OR b = 1");
    assert.ok(!isShown(all, ofA, ofB));
  });
});

describe("the gate against a mean of few values", () => {
  const data = (): ClearStudy =>
    study(people(60), people(40, { grade: 1n }), people(30, { grade: 2n }), people(1, { grade: 3n }));
  const table = "SELECT grade, COUNT(*) FROM t GROUP BY grade";
  const mean = "SELECT AVG(grade) FROM t";

  it("does not tell the hidden cells of a table, whichever is asked first", async () => {
    const first = data();
    assert.deepEqual((await outputs(first, table)).slice(2), [undefined, undefined]);
    assert.ok(!isShown(...(await outputs(first, mean)).slice(1)));
    const second = data();
    assert.deepEqual(await outputs(second, mean), [131n, 103n]);
    const [none, one] = await outputs(second, table);
    assert.ok(!isShown(none, one));
  });

  it("does not tell the hidden rates of grades, in two answers or one", async () => {
    const two = data();
    const [, one, more, most] = await outputs(two, "SELECT TOXICITY(grade) FROM t");
    assert.equal(most, undefined);
    const [, sum] = await outputs(two, mean);
    assert.ok(!isShown(one, more, sum));
    const rows = study(people(60), people(1, { grade: 1n }), people(40, { grade: 2n }), people(40, { grade: 3n }));
    const [n, atLeastOne, , three, total] = await outputs(rows, "SELECT TOXICITY(grade), AVG(grade) FROM t");
    assert.ok(!isShown(n, atLeastOne, three, total));
  });

  it("does not tell the number with one of three values by those with the others", async () => {
    const rows = (): ClearStudy => study(people(60), people(1, { visits: 1n }), people(40, { visits: 2n }));
    const [n, sum, , zero] = await outputs(
      rows(),
      "SELECT AVG(visits), LINEAR_REGRESSION(age, INDICATOR(visits = 1), INDICATOR(visits = 0)) FROM t",
    );
    assert.ok(!isShown(n, sum, zero));
    const two = rows();
    assert.deepEqual(await outputs(two, "SELECT AVG(visits) FROM t"), [101n, 81n]);
    const [ofTwo] = await outputs(two, "SELECT COUNT(*) FROM t WHERE visits = 2");
    assert.equal(ofTwo, undefined);
    // Many with each value: nothing to hide.
    const many = study(people(60), people(30, { visits: 1n }), people(40, { visits: 2n }));
    assert.deepEqual(await outputs(many, "SELECT AVG(visits) FROM t"), [130n, 110n]);
    assert.deepEqual(await outputs(many, "SELECT COUNT(*) FROM t WHERE visits = 2"), [40n]);
  });
});

describe("the gate against two sums that differ by few values", () => {
  const rows = (few: number): ClearStudy =>
    study(
      people(40, { age: 70n, weight: 90n }),
      people(30),
      people(few, { age: 60n, weight: 80n }),
      people(12, { age: 61n, weight: 81n }),
    );

  it("does not count the patients with each, by cut-points or by digits", async () => {
    const cut = rows(1);
    assert.ok(isShown(...(await outputs(cut, "SELECT AVG(age) FROM t WHERE age >= 60"))));
    assert.ok(!isShown((await outputs(cut, "SELECT AVG(age) FROM t WHERE age >= 62"))[1]));
    const digits = rows(1);
    assert.ok(isShown(...(await outputs(digits, "SELECT AVG(weight) FROM t WHERE weight >= 80"))));
    assert.ok(!isShown((await outputs(digits, "SELECT AVG(weight) FROM t WHERE weight >= 82"))[1]));
  });

  it("shows both where many have each", async () => {
    const digits = rows(15);
    assert.ok(isShown(...(await outputs(digits, "SELECT AVG(weight) FROM t WHERE weight >= 80"))));
    assert.ok(isShown(...(await outputs(digits, "SELECT AVG(weight) FROM t WHERE weight >= 82"))));
  });
});

describe("a sum over patients whom two columns choose", () => {
  // Few have one of the two conditions without the other.
  const rows = (): ClearStudy =>
    study(people(40, { age: 70n, hiv: 1n }), people(40), people(2, { age: 70n }), people(1, { hiv: 1n }));
  const chosen = "SELECT AVG(weight) FROM t WHERE age >= 60 AND hiv = 'yes'";

  it("hides nothing of all patients, whose conditions are not told one by one", async () => {
    const before = rows();
    assert.deepEqual(await outputs(before, chosen), [40n, 2_800n]);
    assert.deepEqual(await outputs(before, "SELECT COUNT(*) FROM t"), [83n]);
    assert.ok(isShown(...(await outputs(before, "SELECT AVG(weight) FROM t"))));
    const after = rows();
    assert.deepEqual(await outputs(after, "SELECT COUNT(*) FROM t"), [83n]);
    assert.deepEqual(await outputs(after, chosen), [40n, 2_800n]);
  });

  it("is hidden beside one over those whom one of the columns chooses", async () => {
    const before = rows();
    assert.deepEqual(await outputs(before, chosen), [40n, 2_800n]);
    assert.deepEqual(await outputs(before, "SELECT AVG(weight) FROM t WHERE age >= 60"), []);
  });
});

describe("the gate against three sums of one answer", () => {
  const number = (name: string, required = false) => ({ name, type: "integer", minimum: 0, maximum: 1000, required });
  const arm = { name: "arm", type: "category", categories: ["A", "B"], required: true };
  const fields = [number("value", true), number("x"), number("y"), arm];
  const schema = parseSchema(JSON.stringify({ name: "t", table: "t", subject: "id", fields }));

  function made(both: number): ClearStudy {
    const rows = (count: number, own: Record<string, bigint>): Record<string, bigint>[] =>
      Array.from({ length: count }, (_, at) => ({ value: BigInt(100 + (at % 7)), arm: 0n, ...own }));
    const trial = new ClearStudy(schema);
    const all = [rows(40, { x: 3n }), rows(40, { y: 5n }), rows(both, { x: 4n, y: 4n })];
    trial.contribute("one", [...all.flat(), ...rows(60, { arm: 1n, x: 3n, y: 5n })]);
    return trial;
  }

  it("does not tell one patient's value, who has both of two columns of which the others have one each", async () => {
    const outputs = "AVG(value), COVAR_POP(value, x), COVAR_POP(value, y)";
    for (const sql of [
      `SELECT ${outputs} FROM t WHERE arm = 'A'`,
      `SELECT arm, ${outputs} FROM t GROUP BY arm`,
      `SELECT ${outputs.replaceAll("COVAR_POP", "CORR")} FROM t WHERE arm = 'A'`,
    ]) {
      const isWhole = async (both: number): Promise<boolean> => {
        const answer = await made(both).ask({ sql });
        return answer.kind === "answered" && answer.outputs.every((output) => output !== undefined);
      };
      assert.deepEqual([await isWhole(1), await isWhole(0), await isWhole(11)], [false, true, true], sql);
    }
  });
});
