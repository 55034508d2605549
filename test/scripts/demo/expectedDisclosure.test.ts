/** The twin of the gate's first-order rules, on sets small enough to count by hand. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { HIDDEN } from "../../../workers/statistics/hidden.ts";
import { type ClearSets, type PatientSet, type Site, clearSets } from "../../../scripts/demo/clearSets.ts";
import {
  type EarlierSets,
  type ExpectedAnswer,
  NOTHING_EARLIER,
  disclosedSets,
  expectDisclosure,
} from "../../../scripts/demo/expectedDisclosure.ts";
import { findTracker } from "../../../scripts/demo/comparedRequests.ts";
import { DEMO_SQL, REQUESTS, TRACKERS } from "../../../scripts/demo/steps.ts";
import type { DemoParameters } from "../../../scripts/demo/vettedQuery.ts";
import { syntheticTrial } from "../../../scripts/demo/syntheticTrial.ts";

const schema = parseSchema(
  JSON.stringify({
    name: "twin",
    table: "trial",
    subject: "id",
    fields: [
      { name: "arm", type: "category", categories: ["A", "B"], required: true },
      { name: "marker", type: "category", categories: ["x", "y"] },
      { name: "response", type: "category", categories: ["0", "1"] },
      { name: "age", type: "integer", minimum: 0, maximum: 100, cutPoints: { from: 1, to: 100, step: 1 } },
    ],
  }),
);
const K = 5;

type Group = readonly [count: number, arm: string, marker: string, response: string, age: number | string];

function site(name: string, groups: readonly Group[]): Site {
  const lines = groups.flatMap(([count, ...cells]) => Array.from({ length: count }, () => cells.join(",")));
  return { name, csv: ["id,arm,marker,response,age", ...lines.map((line, i) => `${name}${i},${line}`), ""].join("\n") };
}

function setsOf(sites: readonly Site[], sql: string, parameters: Readonly<Record<string, number>> = {}): ClearSets {
  return clearSets(sites, schema, sql, parameters);
}

function size(set: PatientSet): number {
  return set.reduce((sum, one) => sum + one, 0);
}

/** Two owners with many patients in both arms, and whatever is added to the first. */
function sitesWith(...extra: readonly Group[]): Site[] {
  const many: Group[] = [
    [20, "A", "x", "0", 50],
    [20, "A", "x", "1", 50],
    [20, "B", "x", "0", 50],
    [20, "B", "x", "1", 50],
  ];
  return [site("north", [...many, ...extra]), site("south", many)];
}

function expect(sites: readonly Site[], sql: string, earlier: EarlierSets = NOTHING_EARLIER): ExpectedAnswer {
  return expectDisclosure(setsOf(sites, sql), K, earlier);
}

describe("clearSets", () => {
  it("finds the cohort, every cell, empty ones too, and the sets that each column gives away", () => {
    const sites = sitesWith([3, "A", "", "", 30], [2, "B", "y", "1", ""]);
    const sql =
      "SELECT marker, arm, COUNT(*), COUNT(response), AVG(response), AVG(age) FROM trial WHERE age > 29 GROUP BY arm, marker";
    const { cohort, cells, owners, wholeTable } = setsOf(sites, sql);
    assert.deepEqual([size(cohort), owners.map(size), wholeTable], [163, [85, 80], false]);
    assert.deepEqual(
      cells.map(({ keys, rows, columns }) => [keys, size(rows), columns.map((sets) => sets.map(size))]),
      [
        [["x", "A"], 80, [[], [], [80], [80], [80, 40, 40], [80]]],
        [["y", "A"], 0, [[], [], [0], [0], [0, 0, 0], [0]]],
        [[null, "A"], 3, [[], [], [3], [0], [0, 0, 0], [3]]],
        [["x", "B"], 80, [[], [], [80], [80], [80, 40, 40], [80]]],
        [["y", "B"], 0, [[], [], [0], [0], [0, 0, 0], [0]]],
        [[null, "B"], 0, [[], [], [0], [0], [0, 0, 0], [0]]],
      ],
    );
  });

  it("takes two files of one owner as one owner's, and no other form of query", () => {
    const [north, south] = sitesWith();
    const { owners } = setsOf([north!, south!, { ...south!, name: "north" }], "SELECT COUNT(*) FROM trial");
    assert.deepEqual(owners.map(size), [160, 80]);
    assert.throws(() => setsOf([north!], "SELECT 1"), /not a query of the form/);
    assert.throws(() => setsOf([north!], "SELECT marker, COUNT(*) FROM trial GROUP BY arm"), /neither a group column/);
  });
});

describe("expectDisclosure", () => {
  const BY_ARM = "SELECT arm, COUNT(*) FROM trial GROUP BY arm";

  it("shows a table of large cells", () => {
    const expected = expect(sitesWith(), BY_ARM);
    assert.equal(expected.request, "shown");
    assert.deepEqual(
      expected.cells.map(({ columns }) => columns),
      [
        ["shown", "shown"],
        ["shown", "shown"],
      ],
    );
  });

  it("refuses a cohort of fewer than k, of nobody, and one that leaves fewer than k", () => {
    const sites = sitesWith([4, "A", "x", "0", 20], [4, "A", "x", "0", 90]);
    const request = (where: string): string => expect(sites, `SELECT COUNT(*) FROM trial WHERE ${where}`).request;
    assert.equal(request("age < 30"), "hidden");
    assert.equal(request("age > 95"), "hidden");
    assert.equal(request("age > 30"), "hidden");
    assert.equal(request("age >= 50 AND arm = 'A'"), "shown");
    assert.equal(
      expect(sites, "SELECT COUNT(*) FROM trial").request,
      "shown",
      "the whole table leaves nobody by construction",
    );
  });

  it("refuses a cohort that is too small beside one owner's own, if there are two", () => {
    const [north, south] = [
      site("north", [
        [20, "A", "x", "0", 20],
        [20, "A", "x", "0", 50],
      ]),
      site("south", [
        [4, "A", "x", "0", 20],
        [20, "A", "x", "0", 50],
      ]),
    ];
    const sql = "SELECT COUNT(*) FROM trial WHERE age < 30";
    assert.equal(expect([north, south], sql).request, "hidden");
    assert.equal(expect([north], sql).request, "shown");
  });

  it("hides a cell of 1 to k-1, and lets complementary suppression hide the others", () => {
    const sites = sitesWith([4, "A", "y", "0", 50]);
    const expected = expect(sites, "SELECT marker, COUNT(*) FROM trial WHERE arm = 'A' GROUP BY marker");
    assert.deepEqual(
      expected.cells.map(({ keys, rows }) => [...keys, rows]),
      [
        ["x", "either"],
        ["y", "hidden"],
        [null, "either"],
      ],
    );
  });

  it("hides a cell that is too small beside one owner's own, but not one that is wholly one owner's", () => {
    const cells = (...extra: Group[]): string[] => {
      const [north, south] = sitesWith([8, "A", "y", "0", 50]) as [Site, Site];
      const more = site("south", [...extra]);
      return expect([north, south, more], "SELECT marker, COUNT(*) FROM trial GROUP BY marker").cells.map(
        ({ rows }) => rows,
      );
    };
    assert.equal(cells()[1], "shown");
    assert.equal(cells([4, "A", "y", "0", 50])[1], "hidden");
    assert.equal(cells([5, "A", "y", "0", 50])[1], "shown");
  });

  it("hides a cell that is an owner's or a file's patients but for a few, and leaves several files open", () => {
    const [north] = sitesWith();
    const table = "SELECT marker, COUNT(*) FROM trial GROUP BY marker";
    const fateOf = (...others: Site[]) => expect([north!, ...others], table).cells.map(({ rows }) => rows)[0];
    const other = (name: string, x: number, y: number): Site =>
      site(name, [
        [x, "A", "x", "0", 50],
        [y, "A", "y", "0", 50],
        [40, "B", "", "1", 50],
      ]);
    assert.equal(fateOf(other("south", 20, 20)), "shown");
    assert.equal(fateOf(other("north", 4, 40)), "hidden", "all of the first file, and four of the second");
    assert.equal(fateOf(other("south", 0, 40)), "either", "all of the first file, and no others");
    const more = site("west", [[20, "A", "x", "0", 50]]);
    assert.equal(fateOf(more, other("south", 0, 40)), "either", "all of two files");
    const single = "SELECT AVG(age) FROM trial";
    const few = site("north", [[4, "A", "x", "0", 50]]);
    assert.deepEqual(expect([north!, few], single).cells[0]!.columns, ["either"], "everyone has an age");
  });

  it("leaves a value's patients open who are nearly those who have another column", () => {
    const apart = (few: number): string[] => {
      const sites = [
        site("north", [
          [40, "A", "x", "1", 50],
          [few, "A", "x", "1", ""],
          [4, "A", "x", "0", 50],
          [20, "A", "x", "0", ""],
          [40, "B", "x", "0", 50],
        ]),
      ];
      const expected = expect(sites, "SELECT COUNT(age), AVG(response) FROM trial WHERE arm = 'A'");
      return [...expected.cells[0]!.columns];
    };
    assert.deepEqual(apart(0), ["either", "either"]);
    assert.deepEqual(apart(1), ["shown", "shown"], "one and four are k");
  });

  it("shows empty cells only in a cohort of k per cell", () => {
    const rows = (count: number): string[] => {
      const half: Group[] = [
        [count, "A", "x", "0", 20],
        [20, "A", "x", "0", 50],
      ];
      const sql = "SELECT marker, COUNT(*) FROM trial WHERE age < 30 GROUP BY marker";
      return expect([site("north", half)], sql).cells.map((cell) => cell.rows);
    };
    assert.deepEqual(rows(15), ["shown", "shown", "shown"]);
    assert.deepEqual(rows(14), ["either", "hidden", "hidden"]);
  });

  it("takes a sum of a two-valued column for a count table, and hides what needs it", () => {
    const sql = "SELECT arm, COUNT(*), COUNT(response), AVG(response), AVG(age) FROM trial WHERE age < 30 GROUP BY arm";
    const sites = sitesWith(
      [20, "A", "x", "0", 20],
      [4, "A", "x", "1", 20],
      [20, "B", "x", "0", 20],
      [20, "B", "x", "1", 20],
    );
    const one = expectDisclosure(setsOf([sites[0]!], sql), K, NOTHING_EARLIER);
    assert.deepEqual(
      one.cells.map(({ columns }) => columns),
      [
        ["shown", "either", "either", "hidden", "either"],
        ["shown", "either", "either", "either", "either"],
      ],
    );
  });

  it("hides everything of a group whose number of rows is hidden", () => {
    const sites = [
      site("north", [
        [4, "A", "x", "0", 50],
        [40, "B", "x", "0", 50],
      ]),
    ];
    const { cells } = expect(sites, "SELECT arm, COUNT(*), AVG(age) FROM trial GROUP BY arm");
    assert.deepEqual(cells[0]!.columns, ["shown", "hidden", "hidden"]);
  });

  it("refuses a cohort, and hides a cell, that differs in fewer than k patients from an earlier set", () => {
    const sites = sitesWith([4, "A", "x", "0", 40], [20, "B", "x", "0", 30]);
    const wide = "SELECT arm, COUNT(*) FROM trial WHERE age > 35 GROUP BY arm";
    const narrow = "SELECT arm, COUNT(*) FROM trial WHERE age > 45 GROUP BY arm";
    const sets = setsOf(sites, wide);
    const shown = disclosedSets(
      sets,
      [
        ["A", 84],
        ["B", 80],
      ],
      [0],
    );
    assert.deepEqual(shown.map(size), [164, 84, 80]);
    const expected = expect(sites, narrow, { disclosed: shown, perhaps: [] });
    assert.equal(expected.request, "hidden");
    assert.deepEqual(
      expected.cells.map(({ rows }) => rows),
      ["hidden", "either"],
    );
    // What may have been disclosed may refuse.
    assert.equal(expect(sites, narrow, { disclosed: [], perhaps: shown }).request, "either");
    // The same cells asked again are the same sets.
    assert.notEqual(expect(sites, wide, { disclosed: shown, perhaps: [] }).request, "hidden");
  });

  it("leaves combinations of three sets open", () => {
    const sites = [
      site("north", [
        [30, "A", "x", "0", 20],
        [30, "A", "x", "0", 40],
        [4, "A", "x", "0", 60],
        [30, "A", "x", "0", 80],
      ]),
    ];
    const of = (where: string): PatientSet => setsOf(sites, `SELECT COUNT(*) FROM trial WHERE ${where}`).cohort;
    const disclosed = [of("age < 30"), of("age < 70")];
    // (< 70) − (< 30) − (40 only) leaves the four.
    const request = (earlier: PatientSet[]): string =>
      expect(sites, "SELECT COUNT(*) FROM trial WHERE age = 40", { disclosed: earlier, perhaps: [] }).request;
    assert.equal(request(disclosed), "either");
    assert.equal(request(disclosed.slice(0, 1)), "shown");
  });

  it("forgets what was hidden", () => {
    const sets = setsOf(sitesWith(), "SELECT arm, COUNT(*), AVG(age) FROM trial WHERE age > 20 GROUP BY arm");
    const shown = disclosedSets(
      sets,
      [
        ["A", HIDDEN, HIDDEN],
        ["B", 80, HIDDEN],
      ],
      [0],
    );
    assert.deepEqual(shown.map(size), [160, 80]);
  });
});

describe("the demonstration's story", () => {
  it("has a hidden cell and a tracker, whoever the made-up patients are", () => {
    for (const seed of ["opaline", "end to end", "3", "4", "5"]) {
      const { sites, schemaText } = syntheticTrial(seed);
      const trial = parseSchema(schemaText);
      const of = (parameters: DemoParameters): ClearSets => clearSets(sites, trial, DEMO_SQL, parameters);
      let disclosed: PatientSet[] = [];
      const answers = REQUESTS.map((parameters) => {
        const sets = of(parameters);
        const expected = expectDisclosure(sets, 11, { disclosed, perhaps: [] });
        disclosed = [...disclosed, ...disclosedSets(sets, [], [0])];
        return expected;
      });
      assert.deepEqual(new Set(answers.map(({ request }) => request)), new Set(["shown"]), seed);
      assert.ok(
        answers.some(({ cells }) => cells.some(({ columns }) => columns.includes("hidden"))),
        seed,
      );
      assert.ok(findTracker(TRACKERS, of, 11, disclosed) !== undefined, seed);
      assert.equal(findTracker(TRACKERS, of, 11, []), undefined, "alone each is large enough");
    }
  });
});
