/** That answers over other data alone are left out, and none that can be joined with a request's. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { relatedAnswers } from "../../../workers/disclosure/relatedAnswers.ts";
import { ClearStudy } from "./clearStudy.ts";
import { complete, people } from "./trackerStudy.ts";

const WOMEN = "SELECT COUNT(*) FROM trial WHERE sex = 'F'";
const ELDER = "SELECT COUNT(*) FROM trial WHERE sex = 'F' AND age >= 40";

/** In each hospital 20 men and 50 women; of the women at "two" all but three are 40 or older. */
function threeHospitals(): ClearStudy {
  const trial = new ClearStudy(complete);
  const [men, women] = [people(20, { sex: "M" }), people(47)];
  trial.contribute("one", [...men, ...women, ...people(3)]);
  trial.contribute("two", [...men, ...women, ...people(3, { age: 30 })]);
  trial.contribute("three", [...men, ...women, ...people(3)]);
  return trial;
}

async function shownOver(trial: ClearStudy, sql: string, ...owners: readonly string[]): Promise<bigint | undefined> {
  const answer = await trial.ask({ sql, versions: Object.fromEntries(owners.map((owner) => [owner, 1])) });
  return answer.kind === "answered" ? answer.outputs[0] : undefined;
}

describe("related answers", () => {
  it("are those over data that other answers join with the request's: three women follow from all", async () => {
    const trial = threeHospitals();
    assert.equal(await shownOver(trial, WOMEN, "one"), 50n);
    assert.equal(await shownOver(trial, WOMEN, "one", "two"), 100n);
    assert.equal(await shownOver(trial, ELDER, "two"), undefined);
  });

  it("are not over data that no answer joins with the request's", async () => {
    const trial = threeHospitals();
    assert.equal(await shownOver(trial, WOMEN, "one"), 50n);
    assert.equal(await shownOver(trial, WOMEN, "one", "three"), 100n);
    const { gate } = await trial.plan({ sql: ELDER, versions: { two: 1 } });
    assert.ok(gate?.refused === false);
    assert.deepEqual(
      gate.universe.segments.map(({ datasetId }) => datasetId),
      ["two"],
    );
    assert.equal(await shownOver(trial, ELDER, "two"), 47n);
  });

  it("are found through any number of others, in whatever order and letters, and stay in their order", async () => {
    const trial = threeHospitals();
    for (const owners of [["one"], ["one", "three"], ["three", "two"]]) await shownOver(trial, WOMEN, ...owners);
    const upper = trial.history.map((answer) => ({
      ...answer,
      segments: answer.segments.map((segment) => ({ ...segment, datasetId: segment.datasetId.toUpperCase() })),
    }));
    const { earlier } = await trial.plan({ sql: ELDER, versions: { two: 1 } });
    for (const history of [trial.history, upper, trial.history.toReversed()])
      assert.deepEqual(relatedAnswers(earlier.segments, history), history);
    assert.deepEqual(relatedAnswers(earlier.segments, upper.slice(0, 2)), []);
  });
});
