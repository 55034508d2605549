/** Indicators kept between attempts: for the same participants and epoch only, as copies, gone with their datasets. */
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";

import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import type { FieldGroup } from "../../../workers/field/field.ts";
import type { WasmField } from "../../../workers/field/wasmField.ts";
import { createWasmField } from "../../../workers/field/wasmField.ts";
import type { AttemptPlace } from "../../../workers/node/indicatorCache.ts";
import { IndicatorCache } from "../../../workers/node/indicatorCache.ts";
import { ENTRY_BYTES, VectorCache } from "../../../workers/node/vectorCache.ts";
import { TAG_BYTES } from "../../../workers/protocols/agreeKept.ts";
import { partiesOf } from "../../../workers/sharing/parties.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { bytes32 } from "../store/storeFixture.ts";

const [P1, P2, P3, P4] = partiesOf(4) as [PartyIndex, PartyIndex, PartyIndex, PartyIndex];
const PLACE: AttemptPlace = { requestId: bytes32("request"), attempt: 1n, epoch: 1n, participants: [P1, P2, P3] };
const NONE = new Uint8Array(TAG_BYTES);

describe("IndicatorCache", () => {
  let field: WasmField;
  let attempt: FieldGroup;
  let cache: VectorCache;
  let indicators: IndicatorCache;

  beforeEach(() => {
    field = createWasmField(BN254_FR_MODULUS);
    attempt = field.group();
    cache = new VectorCache(field, { budgetBytes: 1 << 20 });
    indicators = new IndicatorCache(field, cache);
  });

  const keep = (name: string, place = PLACE, datasetIds = ["a"]): void => {
    const vector = attempt.fromIntegers([1n, 0n, 1n]);
    indicators.keep(attempt, place, name, datasetIds, vector);
  };

  it("gives back what was kept, in a later attempt of the same participants", () => {
    keep("set");
    attempt.releaseAll();
    const later = { ...PLACE, requestId: bytes32("later"), attempt: 7n };
    const other = field.group();
    assert.deepEqual(field.toResidues(indicators.borrow(other, later, "set")!), [1n, 0n, 1n]);
    assert.deepEqual(indicators.tag(later, "set"), indicators.tag(PLACE, "set"));
    other.releaseAll();
  });

  it("knows nothing of it for other participants, another epoch or another set", () => {
    keep("set");
    for (const place of [
      { ...PLACE, participants: [P1, P2, P4] },
      { ...PLACE, epoch: 2n },
    ]) {
      assert.equal(indicators.borrow(attempt, place, "set"), undefined);
      assert.deepEqual(indicators.tag(place, "set"), NONE);
    }
    assert.deepEqual(indicators.tag(PLACE, "another"), NONE);
  });

  it("says from which attempt it was kept: the newest", () => {
    keep("set");
    const first = indicators.tag(PLACE, "set");
    assert.notDeepEqual(first, NONE);
    keep("set", { ...PLACE, attempt: 2n });
    assert.notDeepEqual(indicators.tag(PLACE, "set"), first);
  });

  it("keeps a copy, not the block that the products of one level share", () => {
    const level = attempt.zeros(10_000);
    const part = attempt.view(level, 0, 10);
    indicators.keep(attempt, PLACE, "set", ["a"], part);
    attempt.releaseAll();
    assert.ok(field.bytesInUse < 1_000, String(field.bytesInUse));
    assert.equal(field.bytesInUse, cache.bytesInUse);
  });

  it("counts a single share for what is kept around it, and has tags of the newest only", () => {
    const small = new VectorCache(field, { budgetBytes: 64 << 10 });
    const few = new IndicatorCache(field, small);
    const names = Array.from({ length: 3_000 }, (_, index) => `size ${index}`);
    const before = field.bytesInUse;
    const share = attempt.fromIntegers([1n]);
    const bytes = field.bytesInUse - before;
    for (const name of names) few.keep(attempt, PLACE, name, ["a"], share);
    const count = Math.floor((64 << 10) / (ENTRY_BYTES + bytes));
    assert.equal(small.bytesInUse, count * bytes);
    const tagged = names.filter((name) => few.tag(PLACE, name).some((byte) => byte !== 0));
    assert.deepEqual(tagged, names.slice(-count));
    small.stop();
    attempt.releaseAll();
  });

  it("keeps nothing of a dataset that was erased while the attempt ran", () => {
    cache.erase("B", PLACE.epoch);
    keep("set", PLACE, ["a", "b"]);
    assert.deepEqual(indicators.tag(PLACE, "set"), NONE);
    keep("other", PLACE, ["a"]);
    assert.notDeepEqual(indicators.tag(PLACE, "other"), NONE);
    attempt.releaseAll();
  });

  it("has no tag for what went with its dataset", () => {
    keep("set", PLACE, ["a", "b"]);
    cache.forget("B", PLACE.epoch);
    assert.deepEqual(indicators.tag(PLACE, "set"), NONE);
    assert.equal(indicators.borrow(attempt, PLACE, "set"), undefined);
    attempt.releaseAll();
    assert.equal(field.bytesInUse, 0);
  });
});
