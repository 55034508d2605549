import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { keccak256, toUtf8Bytes } from "ethers";
import { AtomOp, Finish, NO_FACTOR, ParameterKind } from "../../../workers/messages/descriptor.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import { queryHash } from "../../../workers/query/queryHash.ts";
import { DEMO_SQL, trialSchema } from "./trialSchema.ts";

interface Golden {
  readonly sql: string;
  readonly descriptor: string;
  readonly bounds: string;
  readonly manifest: string;
  readonly cost: object;
}

const goldens = JSON.parse(readFileSync(new URL("goldenQueries.json", import.meta.url), "utf8")) as readonly Golden[];

async function bytesOf(sql: string): Promise<string> {
  const { descriptorBytes, boundsBytes } = await compileQuery(sql, trialSchema);
  return `${descriptorBytes} ${boundsBytes}`;
}

async function assertSame(...texts: readonly string[]): Promise<void> {
  const [first, ...others] = await Promise.all(texts.map(bytesOf));
  others.forEach((bytes, index) => assert.equal(bytes, first, `${texts[index + 1]} differs from ${texts[0]}`));
}

describe("compileQuery", () => {
  it("compiles the demonstration to exactly this descriptor", async () => {
    const { descriptor, bounds } = await compileQuery(DEMO_SQL, trialSchema);
    const atom = (op: AtomOp, field: number, lo = 0n, hi = 0n, bind = 0): object => ({ op, field, lo, hi, bind });
    const factors = descriptor.factors.map(({ terms }) =>
      terms.map(({ coefficient, signal }) => [Number(coefficient), signal]),
    );
    assert.deepEqual(descriptor.atoms, [
      atom(AtomOp.EQ, 1, 2n, 0n, 1),
      atom(AtomOp.RANGE, 2, 0n, 1n, 3),
      atom(AtomOp.VALID, 3),
      atom(AtomOp.VALUE, 3),
      atom(AtomOp.VALUE, 2),
    ]);
    // marker, age, cohort, valid, cohort.valid, response, cohort.response, age, cohort.age, cohort.age.age
    assert.deepEqual(
      factors,
      [0, 1, 5, 2, 6, 3, 7, 4, 8, 9].map((signal) => [[1, signal]]),
    );
    assert.deepEqual(descriptor.products, [
      { left: 0, right: 1 },
      { left: 2, right: 3 },
      { left: 2, right: 5 },
      { left: 2, right: 7 },
      { left: 8, right: 7 },
    ]);
    const outputs = [2, 4, 6, 8, 9].map((left) => ({ left, right: NO_FACTOR }));
    assert.deepEqual(descriptor.steps, [{ axes: [{ field: 0, missing: false, cuts: [], lines: [] }], outputs }]);
    const column = (name: string, finish: Finish, sums: readonly number[], ...decimals: readonly number[]): object => {
      return { name, finish, axes: [], sums, decimals, arguments: [] };
    };
    assert.deepEqual(descriptor.columns, [
      column("arm", Finish.GROUP, [0]),
      column("COUNT(*)", Finish.COUNT, [0]),
      column("AVG(response)", Finish.AVG, [1, 2], 2),
      column("AVG(age)", Finish.AVG, [0, 3], 0),
      column("VAR_SAMP(age)", Finish.VAR_SAMP, [0, 3, 4], 0),
    ]);
    assert.deepEqual(
      bounds.map(({ name, kind, field, minimum, maximum }) => [name, kind, field, minimum, maximum]),
      [
        ["lo", ParameterKind.INTEGER, 2, 18n, 90n],
        ["hi", ParameterKind.INTEGER, 2, 19n, 90n],
        ["marker", ParameterKind.CATEGORY, 1, 0n, 1n],
      ],
    );
  });

  for (const { sql, ...expected } of goldens) {
    it(`keeps the bytes of ${sql}`, async () => {
      const { descriptorBytes, boundsBytes, manifest, cost } = await compileQuery(sql, trialSchema);
      const hashes = { descriptor: keccak256(descriptorBytes), bounds: keccak256(boundsBytes) };
      assert.deepEqual({ ...hashes, manifest: keccak256(toUtf8Bytes(manifest)), cost }, expected);
    });
  }

  it("does not depend on white space, comments, keyword case or unquoted case", async () => {
    await assertSame(
      "SELECT arm, COUNT(*) FROM trial WHERE age >= :lo AND biomarker = 'positive' GROUP BY arm",
      "select ARM,count( * )\n\tfrom TRIAL\r\nwhere (AGE>=:lo)and((biomarker='positive')) group by Arm -- :x",
      'SELECT "arm", Count(*) FROM "trial" WHERE /* :y */ trial.age >= :lo AND trial."biomarker" = \'positive\' GROUP BY trial.arm;',
    );
  });

  it("does not depend on the order or the way in which the same conditions are written", async () => {
    const C = "SELECT COUNT(*) FROM trial WHERE ";
    await assertSame(`${C}age BETWEEN 20 AND 64 AND arm = 'control'`, `${C}'control' = arm AND 65 > age AND 20 <= age`);
    await assertSame(
      `${C}grade >= 4`,
      `${C}grade IN (4, 5)`,
      `${C}grade IN ('5', '4', '4')`,
      `${C}grade > 3.5`,
      `${C}grade BETWEEN 4 AND 9 AND grade <> 0`,
    );
    await assertSame(`${C}arm <> 'control'`, `${C}arm NOT IN ('control')`, `${C}arm IN ('drug B', 'drug A')`);
    await assertSame(
      `${C}mixed IN (1, 2)`,
      `${C}mixed BETWEEN 1 AND 2`,
      `${C}mixed <> 0 AND mixed < 3`,
      `${C}"Mixed" NOT IN (0, 3)`,
    );
    await assertSame(
      `${C}age BETWEEN :lo AND :hi`,
      `${C}age >= :lo AND :hi >= age`,
      `${C}age IS NOT NULL AND age >= :lo AND age <= :hi AND age > 0`,
    );
    await assertSame(
      "SELECT VARIANCE(age), STDDEV(age) FROM trial",
      "SELECT VAR_SAMP(age), STDDEV_SAMP(age) FROM trial",
    );
    await assertSame("SELECT COUNT(arm) AS n FROM trial", "SELECT COUNT(*) AS n FROM trial");
  });

  it("leaves strings, quoted identifiers and comments alone when it looks for parameters", async () => {
    const { bounds, descriptor } = await compileQuery(
      `SELECT COUNT(*) AS ":a" FROM trial WHERE site IN (':lo', 'a; DROP TABLE trial --', 'O''Brien', 'two\nlines', :s) /* :c */`,
      trialSchema,
    );
    assert.deepEqual(
      bounds.map(({ name }) => name),
      ["s"],
    );
    assert.equal(descriptor.columns[0]!.name, ":a");
    const categories = descriptor.atoms.filter(({ bind }) => bind === 0).map(({ lo }) => Number(lo));
    assert.deepEqual(categories, [0, 3, 4, 5]);
  });

  it("multiplies as little as it can", async () => {
    const products = async (sql: string): Promise<number> => (await compileQuery(sql, trialSchema)).cost.products;
    const T = "FROM trial";
    assert.equal(await products(`SELECT COUNT(*) ${T}`), 0);
    assert.equal(await products(`SELECT COUNT(*) ${T} WHERE age >= :a AND biomarker = :m`), 0);
    assert.equal(await products(`SELECT COUNT(*), AVG(age), VAR_POP(age) ${T}`), 0);
    assert.equal(await products(`SELECT AVG(response) ${T} WHERE age BETWEEN :lo AND :hi`), 0);
    assert.equal(await products(`SELECT VAR_POP(response) ${T} WHERE age BETWEEN :lo AND :hi`), 1);
    assert.equal(await products(`SELECT arm, COUNT(*), AVG(age), VAR_POP(grade) ${T} GROUP BY arm`), 0);
    assert.equal(await products(`SELECT arm, biomarker, COUNT(*) ${T} GROUP BY arm, biomarker`), 3);
  });

  it("gives each parameter the values that all its uses allow", async () => {
    const C = "SELECT COUNT(*) FROM trial WHERE ";
    const allowed = async (condition: string): Promise<(bigint | readonly bigint[])[]> => {
      const { bounds } = await compileQuery(C + condition, trialSchema);
      return [bounds[0]!.minimum, bounds[0]!.maximum, bounds[0]!.allowed];
    };
    assert.deepEqual(await allowed("mixed >= :p"), [0n, 3n, []]);
    assert.deepEqual(await allowed("mixed > :p"), [0n, 2n, []]);
    assert.deepEqual(await allowed("mixed < :p"), [1n, 3n, []]);
    assert.deepEqual(await allowed("mixed = :p"), [0n, 3n, []]);
    assert.deepEqual(await allowed("response >= :p"), [-1000n, 725n, [-1000n, -250n, 0n, 1n, 725n]]);
    assert.deepEqual(await allowed("response <= :p"), [-251n, 1000n, [-251n, -1n, 0n, 724n, 1000n]]);
    assert.deepEqual(await allowed("response = :p"), [0n, 0n, []]);
    assert.deepEqual(await allowed("mixed >= :p AND weight <= 300 AND mixed < :p"), [1n, 3n, []]);
    assert.deepEqual(await allowed("enrolled < :p"), [18321n, 18993n, [18321n, 18322n, 18993n]]);
  });

  it("writes a manifest in which no name or category can imitate a line", async () => {
    const sql = "SELECT COUNT(*) AS \"x\n  2. nothing\" FROM trial WHERE site = 'two\nlines'";
    const { manifest } = await compileQuery(sql, trialSchema);
    assert.match(manifest, /- "x\\n {2}2\. nothing": number 1/);
    assert.match(manifest, /"site" is "two\\nlines"/);
    assert.match(manifest, /In all 1 number, but for those that are hidden/);
  });

  it("binds every part into the query hash", () => {
    const parts = [`0x${"11".repeat(32)}`, "0x1234", "SELECT", "0x56", "manifest", "agreement"] as const;
    const whole = queryHash(...parts);
    assert.equal(whole, "0x585fe23e9a6951a620020b8b54b7bd043ea7ee4e95f54f6ab589ff6f3892e476");
    parts.forEach((_, index) => {
      const changed = parts.map((part, at) =>
        at === index ? part.replace(/.$/, "7") : part,
      ) as unknown as typeof parts;
      assert.notEqual(queryHash(...changed), whole);
    });
  });
});
