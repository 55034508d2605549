/** A k of SEALED answers alone: what it lets few readers see, and what it must not change for anyone else. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import type { ClearAnswer } from "./clearStudy.ts";
import { ClearStudy, toldToOthers as asToldToOthers } from "./clearStudy.ts";
import { people, study } from "./trackerStudy.ts";

/** To a board, with k = 3, where PUBLIC answers have 11. */
const SEALED = { k: 3, jointK: 11 } as const;

const COUNT = { sql: "SELECT COUNT(*) FROM trial WHERE arm = 'B'" };
const TABLE = { sql: "SELECT arm, COUNT(*) FROM trial GROUP BY arm" };

function outputsOf(answer: ClearAnswer): readonly (bigint | undefined)[] {
  assert.equal(answer.kind, "answered");
  return answer.kind === "answered" ? answer.outputs : [];
}

/** As workers read it for another reader than the recipients. */
function toldToOthers(trial: ClearStudy): void {
  trial.history.push(asToldToOthers(trial.history.pop()!));
}

const trialWith = (few: number): ClearStudy => study([...people(60), ...people(few, { arm: "B" })]);

describe("the k of a release class", () => {
  it("lets a sealed answer be about three, and a public one about eleven", async () => {
    for (const [few, k] of [
      [3, SEALED],
      [11, {}],
    ] as const) {
      assert.deepEqual(outputsOf(await trialWith(few).ask(COUNT, k)), [BigInt(few)]);
      assert.equal((await trialWith(few - 1).ask(COUNT, k)).kind, "refused");
    }
    assert.equal((await trialWith(10).ask(COUNT)).kind, "refused");
  });

  it("is never below three for SEALED, nor below five for PUBLIC answers", async () => {
    assert.equal((await trialWith(2).ask(COUNT, { k: 1, jointK: 1 })).kind, "refused");
    assert.deepEqual(outputsOf(await trialWith(3).ask(COUNT, { k: 1, jointK: 1 })), [3n]);
    assert.equal((await trialWith(4).ask(COUNT, { k: 1 })).kind, "refused");
    assert.deepEqual(outputsOf(await trialWith(5).ask(COUNT, { k: 1 })), [5n]);
  });

  it("of PUBLIC answers holds for what a sealed answer leaves of all rows, or of an owner's", async () => {
    const near = { sql: "SELECT COUNT(*) FROM trial WHERE arm = 'A'" };
    assert.equal((await trialWith(10).ask(near, SEALED)).kind, "refused", "ten are left of all rows");
    assert.equal((await trialWith(11).ask(near, SEALED)).kind, "answered");
    const two = study([...people(60)]);
    two.contribute("other", people(3));
    assert.equal((await two.ask({ sql: "SELECT COUNT(*) FROM trial" }, SEALED)).kind, "answered");
    assert.equal((await two.ask({ sql: "SELECT COUNT(*) FROM trial" })).kind, "refused in public");
  });

  it("of PUBLIC answers holds for what a sealed answer tells together with an earlier one", async () => {
    const older = { sql: "SELECT COUNT(*) FROM trial WHERE age >= 60" };
    const wider = { sql: "SELECT COUNT(*) FROM trial WHERE age >= 50" };
    for (const [between, kind] of [
      [10, "refused"],
      [11, "answered"],
    ] as const) {
      const rows = [...people(40, { age: 65 }), ...people(between, { age: 55 }), ...people(40, { age: 20 })];
      const trial = study(rows);
      assert.equal((await trial.ask(older)).kind, "answered");
      assert.equal((await trial.ask(wider, SEALED)).kind, kind);
    }
  });

  it("of PUBLIC answers holds for hidden cells together, where their sum follows from the number of all rows", async () => {
    const trial = (): ClearStudy =>
      study([
        ...people(30),
        ...people(30, { arm: "C" }),
        ...people(1, { arm: "B" }),
        ...people(2, { arm: "D" }),
        ...people(30, { arm: "E" }),
      ]);
    const hiddenIn = async (as: Parameters<ClearStudy["ask"]>[1]): Promise<number> =>
      outputsOf(await trial().ask(TABLE, as)).filter((output) => output === undefined).length;
    assert.equal(await hiddenIn(SEALED), 3, "another cell hides the sum of the two");
    assert.equal(await hiddenIn({ k: 3, jointK: 3 }), 2, "were three enough for every reader");
  });

  it("tells a public reader nothing of fewer than eleven, though a sealed answer had it", async () => {
    const trial = trialWith(5);
    assert.deepEqual(outputsOf(await trial.ask(COUNT, SEALED)), [5n]);
    toldToOthers(trial);
    assert.equal((await trial.ask(COUNT)).kind, "refused");
    assert.equal(outputsOf(await trial.ask(TABLE))[1], undefined);
    const same = trialWith(5);
    assert.deepEqual(outputsOf(await same.ask(COUNT, SEALED)), [5n]);
    assert.deepEqual(outputsOf(await same.ask(COUNT, SEALED)), [5n], "its own recipients have seen it");
  });

  it("tells a public reader no difference of fewer than eleven, though a sealed answer had just those", async () => {
    const rows = [...people(40, { arm: "B" }), ...people(40, { sex: "M" }), ...people(60)];
    const few = people(5, { arm: "B", sex: "M" });
    const missing = people(5, { arm: "B", sex: "M", response: null });
    const ask = async (trial: ClearStudy, isTold: boolean): Promise<string> => {
      for (const condition of ["arm = 'B' AND sex = 'M'", "arm = 'B' AND sex = 'M' AND response IS NOT NULL"]) {
        if (!isTold) break;
        await trial.ask({ sql: `SELECT COUNT(*) FROM trial WHERE ${condition}` }, SEALED);
        if (trial.history.length > 0 && trial.history.at(-1)!.isToldToOthers !== true) toldToOthers(trial);
      }
      for (const condition of ["arm = 'B'", "sex = 'M'"]) {
        assert.equal((await trial.ask({ sql: `SELECT COUNT(*) FROM trial WHERE ${condition}` })).kind, "answered");
      }
      return (await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE arm = 'B' OR sex = 'M'" })).kind;
    };
    for (const isTold of [false, true]) {
      assert.equal(await ask(study([...rows, ...few]), isTold), "refused", "a + b - c are five patients");
      assert.equal(await ask(study([...rows, ...few, ...missing, ...few]), isTold), "answered", "fifteen");
    }
  });

  it("keeps a count and a sum apart that would tell fewer than eleven, in whichever class and order they are asked", async () => {
    const sum = { sql: "SELECT SUM(flag) FROM trial WHERE arm = 'B'" };
    const flagged = (few: number): ClearStudy =>
      study([...people(60), ...people(20, { arm: "B" }), ...people(few, { arm: "B", flag: 0 })]);
    const publicLast = flagged(5);
    assert.deepEqual(outputsOf(await publicLast.ask(sum, SEALED)), [25n, 20n]);
    toldToOthers(publicLast);
    assert.equal((await publicLast.ask(COUNT)).kind, "refused", "five are left of it");
    const sealedLast = flagged(5);
    assert.deepEqual(outputsOf(await sealedLast.ask(COUNT)), [25n]);
    assert.equal(outputsOf(await sealedLast.ask(sum, SEALED)).at(-1), undefined);
    const enough = flagged(90);
    assert.deepEqual(outputsOf(await enough.ask(sum, SEALED)), [110n, 20n]);
    toldToOthers(enough);
    assert.deepEqual(outputsOf(await enough.ask(COUNT)), [110n]);
    assert.deepEqual(outputsOf(await enough.ask(sum)), [110n, 20n]);
  });

  it("merges lines of a sealed answer by the k of public ones: all see what was merged", async () => {
    const schema = parseSchema(
      JSON.stringify({
        name: "t",
        table: "trial",
        subject: "id",
        fields: [{ name: "age", type: "integer", minimum: 0, maximum: 90, cutPoints: [30, 40, 50], required: true }],
      }),
    );
    const rows = [20, 35, 45, 60].flatMap((age) => Array.from({ length: 8 }, () => ({ age: BigInt(age) })));
    const shown = async (as: Parameters<ClearStudy["ask"]>[1]): Promise<number> => {
      const trial = new ClearStudy(schema);
      trial.contribute("one", rows);
      const outputs = outputsOf(await trial.ask({ sql: "SELECT QUANTILE(age, 0.5) FROM trial" }, as));
      return outputs.filter((output) => output !== undefined).length;
    };
    const [readers, everybody, few] = [await shown(SEALED), await shown({}), await shown({ k: 3, jointK: 3 })];
    assert.equal(readers, everybody);
    assert.ok(few > everybody);
  });
});

describe("what sealed answers with a lower k, and attempts that were never posted, must not change", () => {
  const board = { ...SEALED, reader: "board" };
  const count = (condition: string): { sql: string } => ({ sql: `SELECT COUNT(*) FROM trial WHERE ${condition}` });
  const required = parseSchema(
    JSON.stringify({
      name: "required",
      table: "trial",
      subject: "id",
      fields: [
        { name: "arm", type: "category", categories: ["A", "B", "C", "D", "E"], required: true },
        { name: "sex", type: "category", categories: ["F", "M"], required: true },
        { name: "response", type: "category", categories: ["0", "1"] },
        { name: "value", type: "integer", minimum: 0, maximum: 1000, required: true },
      ],
    }),
  );

  it("a total tells nobody the hidden cell of a sealed table, though it was asked alone before", async () => {
    const rows = ["A", "C", "D"].flatMap((arm) => people(40, { arm }));
    const trial = study([...rows, ...people(1, { arm: "B" }), ...people(40, { sex: "M" })]);
    const cells = outputsOf(await trial.ask({ sql: `${TABLE.sql.replace("GROUP", "WHERE sex = 'F' GROUP")}` }, board));
    assert.deepEqual(cells, [40n, undefined, 40n, 40n, 0n]);
    const sponsor = { ...SEALED, reader: "sponsor" };
    // Of a sealed answer nobody but its readers knows that a cell is nobody, and all shown ones are too close for the others.
    for (const as of [board, sponsor, {}]) {
      const answer = await trial.ask(count("sex = 'F'"), as);
      assert.ok(answer.kind === "refused" || outputsOf(answer)[0] === undefined);
    }
  });

  it("sums that others were told are not known to a public reader", async () => {
    const rows = ["A", "C", "D", "E"].flatMap((arm) => people(40, { arm }));
    const sum = "SELECT SUM(value) FROM trial";
    const last = async (isTold: boolean): Promise<bigint | undefined> => {
      const trial = study([...rows, ...people(1, { arm: "B", value: 5 })], required);
      await trial.ask({ sql: sum });
      for (const arm of ["A", "C", "D", "E"]) await trial.ask(count(`arm = '${arm}'`));
      for (const arm of isTold ? ["A", "C", "D", "E"] : [])
        await trial.ask({ sql: `${sum} WHERE arm = '${arm}'` }, board);
      return outputsOf(await trial.ask({ sql: `SELECT arm, SUM(value) FROM trial GROUP BY arm` })).at(-1);
    };
    for (const isTold of [false, true]) assert.equal(await last(isTold), undefined);
  });

  it("a small set that was named, and never posted, is not one that was tested", async () => {
    const few = people(1, { arm: "B", sex: "M" });
    const trial = study([...people(40, { arm: "B" }), ...people(40, { sex: "M" }), ...people(60), ...few]);
    for (const condition of ["arm = 'B'", "sex = 'M'"]) await trial.ask(count(condition));
    const either = count("arm = 'B' OR sex = 'M'");
    for (const request of [either, count("arm = 'B' AND sex = 'M'")]) await trial.leaveUnposted(request);
    assert.equal((await trial.ask(either)).kind, "refused");
  });

  it("a sum that was named, and never posted, was not told", async () => {
    const few = people(1, { arm: "B", response: null, value: 3 });
    const trial = study([...people(40), ...people(40, { arm: "B" }), ...few], required);
    await trial.ask({ sql: "SELECT COUNT(*), COUNT(response) FROM trial WHERE arm = 'B'" });
    await trial.ask({ sql: "SELECT SUM(value) FROM trial WHERE arm = 'B'" });
    const near = { sql: "SELECT SUM(value) FROM trial WHERE arm = 'B' AND response IS NOT NULL" };
    await trial.leaveUnposted(near);
    assert.deepEqual(outputsOf(await trial.ask(near)), [undefined, undefined]);
  });
});

describe("the cap of the history", () => {
  const older = { sql: "SELECT COUNT(*) FROM trial WHERE arm = 'A'" };
  const newer = { sql: "SELECT COUNT(*) FROM trial WHERE sex = 'F'" };
  const rows = [...people(40), ...people(40, { arm: "B", sex: "M" }), ...people(40, { arm: "B" })];

  it("refuses a request that more earlier sets would have to be tested against, and never tests fewer", async () => {
    const trial = study(rows);
    assert.equal((await trial.ask(older)).kind, "answered");
    const { gate } = await trial.plan(newer, { historyCap: 1 });
    assert.equal(gate?.refused, false, "one is known");
    assert.equal((await trial.ask({ sql: "SELECT COUNT(*) FROM trial" })).kind, "answered");
    assert.deepEqual((await trial.plan(newer, { historyCap: 1 })).gate, {
      refused: true,
      reason: "more earlier sets than the policy's cap",
    });
    for (const historyCap of [0, 2]) assert.equal((await trial.plan(newer, { historyCap })).gate?.refused, false);
  });

  it("does not count what one participant alone may have named, but what sealed answers told others", async () => {
    const trial = study(rows);
    await trial.ask(older);
    await trial.ask({ sql: "SELECT COUNT(*) FROM trial" });
    const posted = trial.history.pop()!;
    trial.history.push({ ...posted, opened: "unknown" });
    assert.equal((await trial.plan(newer, { historyCap: 1 })).gate?.refused, false);
    toldToOthers(trial);
    assert.equal((await trial.plan(newer, { historyCap: 1 })).gate?.refused, true);
  });
});
