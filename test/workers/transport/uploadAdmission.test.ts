import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ADMISSION_LIMITS, UploadAdmission, type AdmissionLimits } from "../../../workers/transport/uploadAdmission.ts";
import { hasCode } from "../store/storeFixture.ts";

function admission(limits: Partial<AdmissionLimits> = {}) {
  const world = { nowMs: 1_000_000, asked: 0 };
  const modules = {
    now: () => world.nowMs,
    ownerOf: (fingerprint: string) => ((world.asked += 1), Promise.resolve(fingerprint === "a" ? "0xA" : undefined)),
  };
  return { world, desk: new UploadAdmission(modules, { ...ADMISSION_LIMITS, ...limits }) };
}

const wrong = new Error("wrong");
const fail = () => Promise.reject(wrong);

describe("UploadAdmission", () => {
  it("remembers owners for a while and strangers not at all", async () => {
    const { desk, world } = admission({ knownOwnerMs: 50 });
    for (const expected of [1, 1]) {
      assert.equal(await desk.identify("a"), "0xa");
      assert.equal(world.asked, expected);
    }
    world.nowMs += 50;
    await desk.identify("a");
    for (const expected of [3, 4]) {
      await assert.rejects(desk.identify("b"), hasCode("UPLOAD_UNKNOWN_CERTIFICATE"));
      assert.equal(world.asked, expected);
    }
  });

  it("backs an owner off, longer with each failure up to a limit, and forgives with a success", async () => {
    const { desk, world } = admission({ minOwnerBackoffMs: 100, maxOwnerBackoffMs: 350 });
    const attempt = (run: () => Promise<unknown>, isOwnersFault = true) =>
      desk.asOwner("0xa", () => desk.inSlot("0xa", run, () => isOwnersFault));
    for (const waitMs of [100, 200, 350, 350]) {
      await assert.rejects(attempt(fail), wrong);
      world.nowMs += waitMs - 1;
      await assert.rejects(attempt(fail), hasCode("UPLOAD_BACKED_OFF", { waitMs: 1 }));
      world.nowMs += 1;
    }
    await attempt(() => Promise.resolve());
    await assert.rejects(attempt(fail, false), wrong);
    await assert.rejects(attempt(fail), wrong);
    await assert.rejects(attempt(fail), hasCode("UPLOAD_BACKED_OFF", { waitMs: 100 }));
  });

  it("frees owner and slot whatever the end", async () => {
    const { desk } = admission({ maxUploads: 1 });
    for (let round = 0; round < 3; round += 1) {
      await assert.rejects(
        desk.asOwner("0xa", () => desk.inSlot("0xa", fail, () => false)),
        wrong,
      );
    }
    const hold = Promise.withResolvers<void>();
    const held = desk.asOwner("0xa", () =>
      desk.inSlot(
        "0xa",
        () => hold.promise,
        () => true,
      ),
    );
    await assert.rejects(desk.asOwner("0xa", fail), hasCode("UPLOAD_BUSY", { limit: "uploads of one owner" }));
    const second = () =>
      desk.asOwner("0xb", () =>
        desk.inSlot(
          "0xb",
          () => Promise.resolve("b"),
          () => true,
        ),
      );
    await assert.rejects(second(), hasCode("UPLOAD_BUSY", { limit: "uploads", maximum: 1 }));
    hold.resolve();
    await held;
    assert.equal(await second(), "b");
  });
});
