/** What groups of a cell tell together, as later requests know it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { withClasses } from "../../../workers/disclosure/classCatalogue.ts";
import { disclosedSets } from "../../../workers/disclosure/disclosedSets.ts";
import type { HistorySet } from "../../../workers/disclosure/historySet.ts";
import type { EarlierAnswer } from "../../../workers/disclosure/historySets.ts";
import { mayTellMore } from "../../../workers/disclosure/historySet.ts";
import { historySets } from "../../../workers/disclosure/historySets.ts";
import { keyOf } from "../../../workers/disclosure/rowSet.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import { complete } from "./trackerStudy.ts";

const sql = "SELECT COUNT(*), LINEAR_REGRESSION(age, INDICATOR(arm = 'A')) FROM trial";

/** All sets of a posted answer with these groups hidden; and which of them the last group tells with others. */
async function known(hidden: readonly number[], opened?: "unknown") {
  const { descriptor } = await compileQuery(sql, complete);
  const request = { descriptor, parameters: [], schema: complete };
  return withClasses(complete, [request], (classes) => {
    const { groups } = disclosedSets(request, 1n, classes);
    const hiddenOutputs = new Set(hidden.flatMap((group) => groups[group]!.outputs));
    const answer: EarlierAnswer = {
      ...request,
      requestId: "1",
      segments: [],
      opened: opened ?? { hiddenOutputs, zeroOutputs: new Set() },
    };
    const joint = groups.flatMap(({ levels, ownLevels }) => levels.slice(ownLevels).map(keyOf));
    const { sets } = historySets([answer], () => 1n, classes);
    return { groups, joint, sets, ofJoint: sets.filter(({ set }) => joint.includes(keyOf(set))) };
  }).made;
}

const flags = ({ isShown, isOpened, isUnknown, isAlone }: HistorySet) => ({ isShown, isOpened, isUnknown, isAlone });

describe("what two groups of a cell tell together", () => {
  it("belongs to the later of them, and is tested with it", async () => {
    const { groups, joint } = await known([]);
    assert.deepEqual(
      groups.map(({ levels, ownLevels }) => [ownLevels, levels.length]),
      [
        [0, 0],
        [0, 1],
      ],
      "who is not in arm A",
    );
    assert.equal(joint.length, 1);
  });

  it("is known where all was shown, and may be where some was hidden", async () => {
    const told = { isShown: true, isOpened: true, isUnknown: false, isAlone: true };
    assert.deepEqual((await known([])).ofJoint.map(flags), [told]);
    const perhaps = { isShown: false, isOpened: true, isUnknown: true, isAlone: false };
    assert.deepEqual((await known([0])).ofJoint.map(flags), [perhaps]);
    assert.deepEqual((await known([1])).ofJoint, [], "nothing of the later group opened");
    assert.deepEqual((await known([], "unknown")).ofJoint.map(flags), [{ ...perhaps, isAlone: true }]);
  });
});

describe("what answers have told of one set", () => {
  const mean = async (...told: readonly Partial<EarlierAnswer>[]): Promise<HistorySet> => {
    const { descriptor } = await compileQuery("SELECT AVG(value) FROM trial WHERE arm = 'A'", complete);
    const request = { descriptor, parameters: [], schema: complete };
    const opened = { hiddenOutputs: new Set<number>(), zeroOutputs: new Set<number>() };
    return withClasses(complete, [request], (classes) => {
      const answers = told.map((each, at): EarlierAnswer => {
        return { ...request, requestId: String(at), segments: [], opened, ...each };
      });
      return historySets(answers, () => 1n, classes).sets.at(-1)!;
    }).made;
  };
  const toOthers = { opened: "unknown", isToldToOthers: true, hiddenFromAll: new Set<number>() } as const;

  it("has each sum once, however often it was told", async () => {
    const once = await mean({});
    assert.ok(once.sums.length > 0);
    const often = await mean({}, toOthers, {}, toOthers);
    assert.deepEqual([often.sums, often.toldHere], [once.sums, once.toldHere]);
  });

  it("is no more than what was told here, where others were told the same; else it is", async () => {
    assert.deepEqual([mayTellMore(await mean({}, toOthers)), mayTellMore(await mean(toOthers))], [false, true]);
  });
});
