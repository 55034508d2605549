/** What a study's policy lets queries use: refused where the text asks for more, and where bytes do, whoever made them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CodedError } from "../../../workers/errors.ts";
import { type Descriptor, NO_FACTOR, type ParameterBound } from "../../../workers/messages/descriptor.ts";
import { AtomOp } from "../../../workers/messages/descriptor.ts";
import { decodeDescriptor } from "../../../workers/messages/decodeDescriptor.ts";
import { EVERYTHING_PERMITTED, type FieldRules, NO_FIELD_RULES } from "../../../workers/messages/fieldRules.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import { type Forbidden, forbiddenUse } from "../../../workers/query/permittedFields.ts";
import type { SqlErrorDetail } from "../../../workers/query/sqlError.ts";
import { parseFieldRules } from "../../../workers/schema/parseFieldRules.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { trialSchema } from "./trialSchema.ts";

const rulesOf = (...fields: readonly Record<string, unknown>[]): FieldRules =>
  parseFieldRules(JSON.stringify({ fields }), trialSchema);

const COARSE = rulesOf(
  { name: "arm", use: ["split"] },
  { name: "age", use: ["split", "sum"], cutPoints: [40, 60] },
  { name: "response", use: ["sum"] },
  { name: "grade", use: ["split"] },
  { name: "Mixed", use: ["split"] },
  { name: "weight", use: ["split", "sum"], cutPoints: [] },
);
const COARSE_PERMITS = { closedSite: 0, fieldRules: COARSE };
const SITE = trialSchema.fields.findIndex(({ name }) => name === "site");
const CLOSED = { closedSite: SITE + 1, fieldRules: NO_FIELD_RULES };

async function refusal(sql: string, permits = COARSE_PERMITS): Promise<readonly [SqlErrorDetail, string]> {
  try {
    await compileQuery(sql, trialSchema, { permits });
  } catch (error) {
    assert.ok(error instanceof CodedError, String(error));
    return [error.detail as SqlErrorDetail, error.message];
  }
  throw new assert.AssertionError({ message: `compiled: ${sql}` });
}

const T = "SELECT COUNT(*) FROM trial";

describe("a text that asks for more than the policy permits", () => {
  for (const [sql, fragment, at, says] of [
    [`${T} WHERE biomarker = 'positive'`, "biomarker", "1:34", /not permit the use of biomarker; .*: arm, age, grade/],
    [`${T} WHERE response >= 0`, "response", "1:34", /permits sums of response, but no condition .*arm, age, grade/],
    [`${T} GROUP BY biomarker`, "biomarker", "1:37", /not permit the use of biomarker/],
    [`${T} WHERE NOT (response IS NULL)`, "response", "1:39", /but no condition/],
    [
      "SELECT AVG(grade) FROM trial",
      "grade",
      "1:12",
      /permits conditions on grade .* no sums .*: age, response, weight/,
    ],
    ["SELECT COUNT(biomarker) FROM trial", "biomarker", "1:14", /not permit the use of biomarker/],
    ["SELECT CROSSTAB(arm, biomarker) FROM trial", "biomarker", "1:22", /not permit/],
    ["SELECT T_TEST(grade) FROM trial GROUP BY arm", "grade", "1:15", /no sums of it/],
    ["SELECT HISTOGRAM(response, 0, 7.24) FROM trial", "response", "1:18", /but no condition/],
    ["SELECT QUANTILE(response, 0.5) FROM trial", "response", "1:17", /but no condition/],
    [
      "SELECT LINEAR_REGRESSION(age, INDICATOR(biomarker = 'positive')) FROM trial",
      ...(["biomarker", "1:41", /not permit/] as const),
    ],
  ] as const)
    it(`${sql}: is refused at ${at}`, async () => {
      const [detail, message] = await refusal(sql);
      assert.deepEqual(
        [detail.code, detail.fragment, `${detail.line}:${detail.column}`],
        ["SQL_NOT_PERMITTED", fragment, at],
      );
      assert.match(message, says);
      await compileQuery(sql, trialSchema, { permits: EVERYTHING_PERMITTED });
    });

  for (const [sql, fragment, says] of [
    [`${T} WHERE age >= 50`, "age >= 50", /age >= 50, which is not a cut-point .*policy permits; .* 40 and 60/],
    [`${T} WHERE weight >= 80`, "weight >= 80", /weight has no cut-points in the study's schema/],
    [`${T} WHERE Mixed = 1 AND age < 45`, "age < 45", /policy permits/],
    [`${T} GROUP BY BIN(age, 40, 50)`, "BIN(age, 40, 50)", /age >= 50.*policy permits/],
    ["SELECT HISTOGRAM(age, 18, 50, 89) FROM trial", "HISTOGRAM(age, 18, 50, 89)", /policy permits/],
  ] as const)
    it(`${sql}: is refused as too fine`, async () => {
      const [detail, message] = await refusal(sql);
      assert.deepEqual([detail.code, detail.fragment], ["SQL_NO_CUT_POINT", fragment]);
      assert.match(message, says);
    });

  it("squares a category's numbers as a product where they may not be told apart", async () => {
    const fieldRules = rulesOf({ name: "grade", use: ["sum"] }, { name: "age", use: ["sum"] });
    const permits = { closedSite: 0, fieldRules };
    for (const sql of ["SELECT VAR_SAMP(grade) FROM trial", "SELECT CORR(age, grade) FROM trial"]) {
      const { descriptorBytes } = await compileQuery(sql, trialSchema, { permits });
      const { atoms } = decodeDescriptor(descriptorBytes);
      assert.ok(
        atoms.every(({ op }) => op !== AtomOp.EQ),
        sql,
      );
      const free = decodeDescriptor((await compileQuery(sql, trialSchema)).descriptorBytes);
      assert.ok(
        free.atoms.some(({ op }) => op === AtomOp.EQ),
        sql,
      );
    }
  });

  it("says where nothing is permitted, and where nothing is left to cut at", async () => {
    const none = { closedSite: 0, fieldRules: rulesOf({ name: "arm", use: ["split"] }) };
    assert.match((await refusal("SELECT AVG(age) FROM trial", none))[1], /no column is permitted so/);
    const uncut = { closedSite: 0, fieldRules: rulesOf({ name: "age", use: ["split"], cutPoints: [] }) };
    assert.match((await refusal(`${T} WHERE age >= 40`, uncut))[1], /age has no cut-points that the study's policy/);
  });

  it("compiles to the same bytes where it asks for no more", async () => {
    for (const sql of [
      `${T} WHERE age >= 40 AND age < 60 AND arm = 'control'`,
      "SELECT arm, COUNT(*), AVG(response), COUNT(response), VAR_SAMP(age) FROM trial GROUP BY arm",
      "SELECT BIN(age, 40, 60), COUNT(*) FROM trial GROUP BY BIN(age, 40, 60)",
      `${T} WHERE age IS NULL OR weight IS NOT NULL`,
      `${T} WHERE Mixed >= :m AND grade = :g`,
    ]) {
      const [through, without] = [
        await compileQuery(sql, trialSchema, { permits: COARSE_PERMITS }),
        await compileQuery(sql, trialSchema),
      ];
      assert.deepEqual(
        [through.descriptorBytes, through.boundsBytes, through.manifest],
        [without.descriptorBytes, without.boundsBytes, without.manifest],
        sql,
      );
    }
  });

  it("gives a parameter only values that may be cut at, and statistics of the order only those lines", async () => {
    const { bounds } = await compileQuery(`${T} WHERE age >= :lo`, trialSchema, { permits: COARSE_PERMITS });
    assert.deepEqual(bounds[0]!.allowed, [18n, 40n, 60n]);
    const sql = "SELECT QUANTILE(age, 0.5) FROM trial";
    const { descriptor } = await compileQuery(sql, trialSchema, { permits: COARSE_PERMITS });
    assert.deepEqual(descriptor.steps[0]!.axes[0]!.cuts, [40n, 60n]);
  });

  it("cannot compare by digits where cut-points are listed, and can where they are not", async () => {
    const field = { type: "integer", minimum: 0, maximum: 300, cutPoints: [100, 200], search: "digits" };
    const schema = parseSchema(
      JSON.stringify({ name: "d", table: "trial", subject: "id", fields: [{ name: "x", ...field }] }),
    );
    const rules = (rule: Record<string, unknown>) =>
      parseFieldRules(JSON.stringify({ fields: [{ name: "x", use: ["split"], ...rule }] }), schema);
    const coarse = { closedSite: 0, fieldRules: rules({ cutPoints: [200] }) };
    const anywhere = { closedSite: 0, fieldRules: rules({}) };
    const sql = `${T} WHERE x > :p`;
    const { bounds } = await compileQuery(sql, schema, { permits: coarse });
    assert.deepEqual(bounds[0]!.allowed, []);
    assert.deepEqual([bounds[0]!.minimum, bounds[0]!.maximum], [199n, 199n]);
    await assert.rejects(compileQuery(`${T} WHERE x > 150`, schema, { permits: coarse }), { code: "SQL_NO_CUT_POINT" });
    const digits = await compileQuery(sql, schema, { permits: anywhere });
    assert.equal(digits.bounds[0]!.maximum, 299n);
    const { descriptor } = digits;
    assert.deepEqual(forbiddenUse(descriptor, digits.bounds, coarse)?.kind, "cut");
    assert.equal(forbiddenUse(descriptor, digits.bounds, anywhere), undefined);
  });

  it("asks for survival on the grid that may be cut at", async () => {
    const schema = parseSchema(
      JSON.stringify({
        name: "s",
        table: "trial",
        subject: "id",
        fields: [
          { name: "days", type: "integer", minimum: 0, maximum: 400, cutPoints: [100, 200, 300], required: true },
          { name: "dead", type: "category", categories: ["0", "1"], required: true },
        ],
        timeToEvent: [{ name: "survival", time: "days", status: "dead", event: ["1"], grid: [100, 200, 300] }],
      }),
    );
    const fields = [
      { name: "days", use: ["split"], cutPoints: [200] },
      { name: "dead", use: ["split"] },
    ];
    const permits = { closedSite: 0, fieldRules: parseFieldRules(JSON.stringify({ fields }), schema) };
    const sql = "SELECT KAPLAN_MEIER(days, dead = 1) FROM trial";
    const { descriptor } = await compileQuery(sql, schema, { permits });
    assert.deepEqual(descriptor.steps[0]!.axes[0]!.cuts, [200n]);
    assert.deepEqual((await compileQuery(sql, schema)).descriptor.steps[0]!.axes[0]!.cuts, [100n, 200n, 300n]);
  });

  it("may not use a closed site for anything, and may where it is open", async () => {
    for (const [sql, at] of [
      [`${T} GROUP BY site`, "1:37"],
      [`${T} WHERE site = '東京'`, "1:34"],
      ["SELECT COUNT(site) FROM trial", "1:14"],
      ["SELECT CROSSTAB(arm, site) FROM trial", "1:22"],
    ] as const) {
      const [detail, message] = await refusal(sql, CLOSED);
      assert.deepEqual([detail.code, `${detail.line}:${detail.column}`], ["SQL_NOT_PERMITTED", at]);
      assert.match(message, /site is the site, which .* group by, filter by or stratify by/);
      await compileQuery(sql, trialSchema);
    }
    await compileQuery(`${T} GROUP BY arm`, trialSchema, { permits: CLOSED });
  });
});

/** The field of `age` among the fields of the trial; its edges 18, 40, 60 and 91. */
const AGE = 2;

describe("bytes that use more than the policy permits", () => {
  const range = (lo: bigint, hi: bigint, bind = 0) => ({ op: AtomOp.RANGE, field: AGE, lo, hi, bind });
  const bound = (minimum: bigint, maximum: bigint, allowed: bigint[] = []): ParameterBound => ({
    ...{ name: "p", kind: 0, field: AGE, decimals: 0 },
    ...{ minimum, maximum, allowed },
  });
  type Atoms = Descriptor["atoms"];
  const of = (atoms: Atoms, bounds: readonly ParameterBound[] = [], permits = COARSE_PERMITS) =>
    forbiddenUse({ atoms, steps: [] }, bounds, permits);
  const onAxis = (field: number, cuts: readonly bigint[] = [], permits = COARSE_PERMITS): Forbidden | undefined => {
    const axis = { field, missing: false, cuts, lines: [] };
    const outputs = [{ left: 0, right: NO_FACTOR }];
    return forbiddenUse({ atoms: [], steps: [{ axes: [axis], outputs }] }, [], permits);
  };
  const cutAt = (cut: bigint): Forbidden => ({ kind: "cut", field: AGE, cut });

  it("are told by a range's ends", () => {
    for (const [lo, hi] of [
      [18n, 39n],
      [40n, 59n],
      [60n, 90n],
      [18n, 90n],
    ] as const)
      assert.equal(of([range(lo, hi)]), undefined);
    assert.deepEqual(of([range(19n, 39n)]), cutAt(19n));
    assert.deepEqual(of([range(18n, 40n)]), cutAt(41n));
    assert.deepEqual(of([range(40n, 59n), range(18n, 44n)]), cutAt(45n));
  });

  it("are told by every value that a parameter may take", () => {
    assert.equal(of([range(0n, 90n, 1)], [bound(18n, 60n, [18n, 40n, 60n])]), undefined);
    assert.deepEqual(of([range(0n, 90n, 1)], [bound(18n, 60n, [18n, 40n, 50n])]), cutAt(50n));
    assert.deepEqual(of([range(0n, 90n, 1)], [bound(40n, 60n)]), cutAt(41n), "anything between");
    assert.equal(of([range(0n, 90n, 1)], [bound(40n, 40n)]), undefined);
    assert.equal(of([range(18n, 0n, 2)], [bound(39n, 59n, [39n, 59n])]), undefined);
    assert.deepEqual(of([range(18n, 0n, 2)], [bound(39n, 60n, [39n, 60n])]), cutAt(61n));
    assert.deepEqual(of([range(1n, 90n, 1)], [bound(18n, 18n)]), { kind: "bind", field: AGE });
    assert.deepEqual(of([range(-1n, 90n, 1)], [bound(18n, 18n)]), { kind: "bind", field: AGE });
  });

  it("are told by an atom's use of a field, known to the rules or beyond them", () => {
    const atom = (op: AtomOp, field: number) => ({ op, field, lo: 0n, hi: 0n, bind: 0 });
    for (const [op, field] of [
      [AtomOp.VALUE, 0],
      [AtomOp.EQ, 1],
      [AtomOp.VALID, 1],
      [AtomOp.RANGE, 3],
      [AtomOp.EQ, 900],
    ] as const)
      assert.deepEqual(of([atom(op, field)]), { kind: "use", field });
    for (const [op, field] of [
      [AtomOp.EQ, 0],
      [AtomOp.VALID, 0],
      [AtomOp.VALID, 3],
      [AtomOp.VALUE, 3],
      [AtomOp.ACTIVE, 65_535],
    ] as const)
      assert.equal(of([atom(op, field)]), undefined);
    assert.deepEqual(of([{ ...atom(AtomOp.DIGIT, AGE), lo: 33n }]), cutAt(33n));
  });

  it("are told by an axis, which has no atoms where it is of a category", () => {
    assert.equal(onAxis(0), undefined);
    assert.deepEqual(onAxis(1), { kind: "use", field: 1 });
    assert.deepEqual(onAxis(3), { kind: "use", field: 3 });
    assert.equal(onAxis(AGE, [40n, 60n]), undefined);
    assert.deepEqual(onAxis(AGE, [40n, 50n]), cutAt(50n));
    assert.equal(onAxis(7, [1n, 2n]), undefined, "anywhere");
  });

  it("are told by the site, closed or open", () => {
    const atom = { op: AtomOp.EQ, field: SITE, lo: 0n, hi: 0n, bind: 0 };
    const site = { kind: "site", field: SITE };
    assert.deepEqual(of([atom], [], CLOSED), site);
    assert.deepEqual(onAxis(SITE, [], CLOSED), site);
    assert.equal(of([atom], [], EVERYTHING_PERMITTED), undefined);
    assert.equal(of([{ ...atom, field: SITE - 1 }], [], CLOSED), undefined);
  });
});
