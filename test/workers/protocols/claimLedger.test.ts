import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { FieldVector } from "../../../workers/field/field.ts";
import { ledgerOf } from "../../../workers/protocols/claimLedger.ts";
import { drawChallenge } from "../../../workers/protocols/drawChallenge.ts";
import { multiplyVectors } from "../../../workers/protocols/multiply.ts";
import { openShares } from "../../../workers/protocols/openShares.ts";
import { reduceDegree } from "../../../workers/protocols/reduceDegree.ts";
import type { ProtocolSession } from "../../../workers/protocols/session.ts";
import { Transcript } from "../../../workers/protocols/transcript.ts";
import { verifyClaims } from "../../../workers/protocols/verifyClaims.ts";
import { partiesOf } from "../../../workers/sharing/parties.ts";
import { addTo, assertRejected, onFrames } from "./tampering.ts";
import type { Tamper } from "./tampering.ts";
import { World } from "./world.ts";

const parties = partiesOf(3);

describe("the ledger of claims", () => {
  it("keeps everything shut between a product and its verification", async () => {
    const { outcomes } = await run(async (session, [x, y]) => {
      const transcript = new Transcript();
      const [product] = (await multiplyVectors(session, [{ left: x, right: y }], "product")) as [FieldVector];
      session.field.release(x, y); // the ledger has views of its own
      await assert.rejects(openShares(session, product, transcript, "early"), /while products are unverified/);
      await verifyClaims(session, transcript, "verify");
      return openShares(session, product, transcript, "late");
    });
    for (const outcome of outcomes) assert.deepEqual(outcome, { status: "fulfilled", value: [10n, 21n] });
  });

  it("keeps other shares shut, too, for any session over the same keys, and sends nothing of them", async () => {
    const { outcomes, frames } = await run(async (session, [x, y]) => {
      await multiplyVectors(session, [{ left: x, right: y }], "product");
      const other = { ...session, keys: { ...session.keys } };
      return openShares(other, x, new Transcript(), "other");
    });
    for (const outcome of outcomes) assertRefused(outcome, /step other would open shares/);
    assert(frames.every(({ step }) => step !== "other"));
  });

  it("lets challenges through, which are no results", async () => {
    const { outcomes } = await run(async (session, [x, y]) => {
      await multiplyVectors(session, [{ left: x, right: y }], "product");
      return [await drawChallenge(session, new Transcript(), "coin")];
    });
    for (const { status } of outcomes) assert.equal(status, "fulfilled");
  });

  it("stays shut after a verification that failed", async () => {
    const tamper = onFrames({ step: "product/collect", from: parties[2] as (typeof parties)[0] }, (payload) =>
      addTo(new World({ n: 3, t: 1 }, "").field, payload, 1n),
    );
    const { outcomes, frames } = await run(async (session, [x, y]) => {
      const transcript = new Transcript();
      const [product] = (await multiplyVectors(session, [{ left: x, right: y }], "product")) as [FieldVector];
      await verifyClaims(session, transcript, "verify").catch(() => undefined);
      return openShares(session, product, transcript, "late");
    }, tamper);
    for (const outcome of outcomes.slice(0, 2)) assertRefused(outcome, /while products are unverified/);
    assert(frames.every(({ step }) => step !== "late"));
  });

  it("refuses to verify what was reduced without a claim about it: it would pass unseen", async () => {
    const { outcomes, frames } = await run(async (session, [x]) => {
      await reduceDegree(session, { unreduced: x }, "anonymous");
      await verifyClaims(session, new Transcript(), "verify");
      return [];
    });
    for (const outcome of outcomes) assertRefused(outcome, /nobody claims anything about/);
    assert(frames.every(({ step }) => !step.startsWith("verify")));
  });

  it("fails on a wrong inner product that was claimed", async () => {
    const { outcomes } = await run(async (session, [x, y]) => {
      const sums = [session.field.sum(x)]; // not the inner product
      ledgerOf(session).addReduced(1);
      const combineLeft = ([weight]: readonly bigint[]): FieldVector => session.field.scale(x, weight as bigint);
      ledgerOf(session).claimInnerProducts([{ right: y, sums, combineLeft }]);
      await verifyClaims(session, new Transcript(), "verify");
      return [];
    });
    for (const outcome of outcomes) assertRejected(outcome, "PROTOCOL_PRODUCTS_WRONG");
  });

  it("verifies nothing, in no round, when nothing was claimed", async () => {
    const { frames } = await run(async (session) => {
      await verifyClaims(session, new Transcript(), "verify");
      return [];
    });
    assert(frames.every(({ step }) => step.startsWith("keys/")));
  });
});

/** Runs a program on shares of (2, 3) and (5, 7). */
function run(
  program: (session: ProtocolSession, shares: [FieldVector, FieldVector]) => Promise<bigint[]>,
  tamper?: Tamper,
) {
  const world = new World({ n: 3, t: 1 }, "ledger");
  const shares = world.share([
    [2n, 3n],
    [5n, 7n],
  ]);
  const own = (session: ProtocolSession) => shares[session.network.self - 1] as [FieldVector, FieldVector];
  return world.run(parties, (session) => program(session, own(session)), tamper === undefined ? {} : { tamper });
}

function assertRefused(outcome: PromiseSettledResult<unknown>, message: RegExp): void {
  assert(outcome.status === "rejected");
  assert(outcome.reason instanceof assert.AssertionError, String(outcome.reason));
  assert.match(outcome.reason.message, message);
}
