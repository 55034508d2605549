import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { id } from "ethers";
import { unsupported } from "../../../workers/disclosure/errors.ts";
import type { EarlierAnswer } from "../../../workers/disclosure/historySets.ts";
import { failForNames, planOrRefuse, refuseUntold } from "../../../workers/node/untoldSets.ts";
import { circuitError } from "../../../workers/query/circuitError.ts";

const REQUEST = id("request");

describe("refuseUntold", () => {
  it("counts as untold what is too large to be told, and nothing else", () => {
    const refused = { detail: { code: "PLAN_UNTOLD_SETS", requestId: REQUEST } };
    const tooLarge = circuitError({ code: "CIRCUIT_TOO_LARGE", openedValues: 2_000, limit: 1_024 }, "too large");
    const noColumn = circuitError({ code: "CIRCUIT_NO_COLUMN", field: 9 }, "no column");
    const decide = (error: Error) => () =>
      refuseUntold(REQUEST, () => {
        throw error;
      });
    assert.throws(decide(tooLarge), refused);
    assert.throws(decide(unsupported("a problem")), refused);
    assert.throws(decide(noColumn), noColumn);
  });
});

describe("a plan against earlier answers, of which others name some", () => {
  const [known, named] = [{ requestId: "0x1" }, { requestId: "0x2", isNamedOnly: true }] as unknown as EarlierAnswer[];
  const history = [known!, named!];
  /** What comes of planning with this worker's own history, and with what others name besides. */
  type Planning = (isNamed: boolean) => { readonly refused: boolean };
  const over = (planning: Planning) => (earlier: readonly EarlierAnswer[]) => planning(earlier.length > 1);
  const open = { refused: false };
  const [refuses, untold]: Planning[] = [
    () => ({ refused: true }),
    () => {
      throw unsupported("a problem");
    },
  ];
  const onlyNamed =
    (planning: Planning): Planning =>
    (isNamed) =>
      isNamed ? planning(isNamed) : open;

  it("is refused for what this worker knows itself, whether by public facts or because it cannot be told", async () => {
    const opens = over(() => open);
    assert.deepEqual(await planOrRefuse(REQUEST, history, opens), open);
    assert.deepEqual(await planOrRefuse(REQUEST, history, over(refuses!)), { refused: true });
    await assert.rejects(planOrRefuse(REQUEST, history, over(untold!)), { code: "PLAN_UNTOLD_SETS" });
    assert.deepEqual(await planOrRefuse(REQUEST, [known!], over(refuses!)), { refused: true });
    const untoldAlone: Planning = (isNamed) => (isNamed ? refuses! : untold!)(isNamed);
    await assert.rejects(planOrRefuse(REQUEST, history, over(untoldAlone)), { code: "PLAN_UNTOLD_SETS" });
  });

  it("fails the attempt for what only others name", async () => {
    const byNames = { detail: { code: "PLAN_REFUSED_BY_NAMES", requestId: REQUEST } };
    await assert.rejects(planOrRefuse(REQUEST, history, over(onlyNamed(refuses!))), byNames);
    await assert.rejects(planOrRefuse(REQUEST, history, over(onlyNamed(untold!))), { code: "DISCLOSURE_UNSUPPORTED" });
  });

  it("fails it before it comes to a later plan, and decides nothing else beforehand", async () => {
    await assert.rejects(failForNames(REQUEST, history, over(onlyNamed(refuses!))), { code: "PLAN_REFUSED_BY_NAMES" });
    await assert.rejects(failForNames(REQUEST, history, over(onlyNamed(untold!))), { code: "DISCLOSURE_UNSUPPORTED" });
    for (const planning of [() => open, refuses!, untold!]) await failForNames(REQUEST, history, over(planning));
    for (const planning of [refuses!, untold!]) await failForNames(REQUEST, [known!], over(planning));
    const broken = circuitError({ code: "CIRCUIT_NO_COLUMN", field: 9 }, "no column");
    const failing = (): Promise<never> => Promise.reject(broken);
    await assert.rejects(failForNames(REQUEST, history, failing), broken);
  });
});
