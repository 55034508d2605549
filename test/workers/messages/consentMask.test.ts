import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroHash, concat, encodeBytes32String, id, keccak256, toBeHex } from "ethers";
import {
  type ConsentChange,
  type ConsentRecord,
  type ConsentRules,
  DEFAULT_RULES,
  changesSeen,
  consentMaskRoot,
  excludedSlots,
  nextHead,
  standingAfter,
} from "../../../workers/messages/consentMask.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";

const word = (value: bigint | number): string => toBeHex(value, 32);
const CODES = ["DUO:0000006", "DUO:0000007", "DUO:0000042"].map(encodeBytes32String) as [string, string, string];
const [HEALTH, DISEASE, GENERAL] = CODES;
const NOW = 1_000n;

const GIVEN: ConsentRecord = {
  version: 1n,
  slots: [2, 5],
  given: true,
  form: 3,
  purposes: [HEALTH, DISEASE],
  futureUse: false,
  expiry: 2_000n,
};
const WITHDRAWN: ConsentRecord = {
  version: 1n,
  slots: [2, 5],
  given: false,
  form: 0,
  purposes: [],
  futureUse: false,
  expiry: 0n,
};
const SEGMENTS = [{ version: 1n, rowCount: 8n }];
const USE = { purposes: [HEALTH], time: NOW };

function excluded(
  records: readonly ConsentRecord[],
  { rules = DEFAULT_RULES, use = USE, segments = SEGMENTS } = {},
): [bigint, number[]][] {
  return [...excludedSlots(records, rules, use, segments)].map(([version, slots]) => [version, [...slots]]);
}

describe("nextHead", () => {
  it("is keccak256 of the ABI words, written out", () => {
    const words = [
      ...[id("before"), word(1), word(96)],
      ...[word(1), word(224), word(1), word(3), word(320), word(0), word(2_000)],
      ...[word(2), word(2), word(5)],
      ...[word(2), HEALTH, DISEASE],
    ];
    assert.equal(nextHead(id("before"), true, GIVEN), keccak256(concat(words)));
  });

  it("changes with every part", () => {
    const heads = [
      nextHead(ZeroHash, true, GIVEN),
      nextHead(id("before"), true, GIVEN),
      nextHead(ZeroHash, false, GIVEN),
      nextHead(ZeroHash, true, { ...GIVEN, version: 2n }),
      nextHead(ZeroHash, true, { ...GIVEN, slots: [2] }),
      nextHead(ZeroHash, true, { ...GIVEN, slots: [2, 6] }),
      nextHead(ZeroHash, true, { ...GIVEN, given: false }),
      nextHead(ZeroHash, true, { ...GIVEN, form: 4 }),
      nextHead(ZeroHash, true, { ...GIVEN, purposes: [HEALTH] }),
      nextHead(ZeroHash, true, { ...GIVEN, purposes: [DISEASE, HEALTH] }),
      nextHead(ZeroHash, true, { ...GIVEN, futureUse: true }),
      nextHead(ZeroHash, true, { ...GIVEN, expiry: 0n }),
    ];
    assert.equal(new Set(heads).size, heads.length);
  });
});

describe("consentMaskRoot", () => {
  const studyId = id("study");
  const heads = [
    { datasetId: id("one"), head: ZeroHash },
    { datasetId: id("two"), head: id("head") },
  ];

  it("is keccak256 of the ABI words, written out", () => {
    const rules = { explicitOnly: true, leastForm: 4 };
    const words = [
      ...[id("Opaline.ConsentMask.v1"), studyId, word(1), word(4), word(224), word(320), word(NOW)],
      ...[word(2), id("one"), id("two")],
      ...[word(2), ZeroHash, id("head")],
    ];
    assert.equal(consentMaskRoot(studyId, rules, heads, NOW), keccak256(concat(words)));
  });

  it("is zero only where neither rules nor records restrict", () => {
    const none = heads.map(({ datasetId }) => ({ datasetId, head: ZeroHash }));
    assert.equal(consentMaskRoot(studyId, DEFAULT_RULES, none, NOW), ZeroHash);
    assert.equal(consentMaskRoot(studyId, DEFAULT_RULES, [], NOW), ZeroHash);
    assert.notEqual(consentMaskRoot(studyId, DEFAULT_RULES, heads, NOW), ZeroHash);
    assert.notEqual(consentMaskRoot(studyId, { explicitOnly: true, leastForm: 0 }, none, NOW), ZeroHash);
    assert.notEqual(consentMaskRoot(studyId, { explicitOnly: false, leastForm: 1 }, none, NOW), ZeroHash);
  });

  it("changes with every part", () => {
    const other = [heads[0]!, { datasetId: id("two"), head: id("other") }];
    const renamed = [heads[0]!, { datasetId: id("three"), head: id("head") }];
    const roots = [
      consentMaskRoot(studyId, DEFAULT_RULES, heads, NOW),
      consentMaskRoot(id("other study"), DEFAULT_RULES, heads, NOW),
      consentMaskRoot(studyId, { explicitOnly: true, leastForm: 0 }, heads, NOW),
      consentMaskRoot(studyId, { explicitOnly: false, leastForm: 1 }, heads, NOW),
      consentMaskRoot(studyId, DEFAULT_RULES, other, NOW),
      consentMaskRoot(studyId, DEFAULT_RULES, renamed, NOW),
      consentMaskRoot(studyId, DEFAULT_RULES, heads.toReversed(), NOW),
      consentMaskRoot(studyId, DEFAULT_RULES, heads, NOW + 1n),
    ];
    assert.equal(new Set(roots).size, roots.length);
  });
});

describe("changesSeen", () => {
  const studyId = id("study");
  const [one, two] = [id("one"), id("two")];
  const recorded = (block: number, datasetId: string, slot: number): ConsentChange => {
    return { kind: "record", block, datasetId, own: slot % 2 === 0, record: { ...WITHDRAWN, slots: [slot] } };
  };
  const CHANGES: readonly ConsentChange[] = [
    recorded(5, one, 1),
    { kind: "rules", block: 7, rules: { explicitOnly: true, leastForm: 0 } },
    recorded(8, two, 2),
    recorded(8, one, 3),
    recorded(8, one, 4),
    recorded(9, two, 5),
  ];
  const rootAfter = (count: number): string => {
    const { rules, heads } = standingAfter(CHANGES.slice(0, count), [one, two]);
    return consentMaskRoot(studyId, rules, heads, NOW);
  };
  const seenAt = (block: number, consentMaskRoot: string): number | undefined =>
    changesSeen(studyId, [one, two], CHANGES, { block, time: NOW, consentMaskRoot })?.length;

  it("folds heads and rules in the chain's order", () => {
    assert.deepEqual(standingAfter([], [two, one]), {
      rules: DEFAULT_RULES,
      heads: [
        { datasetId: two, head: ZeroHash },
        { datasetId: one, head: ZeroHash },
      ],
    });
    const { rules, heads } = standingAfter(CHANGES, [one]);
    assert.deepEqual(rules, { explicitOnly: true, leastForm: 0 });
    const records = CHANGES.flatMap((change) => (change.kind === "record" && change.datasetId === one ? [change] : []));
    const head = records.reduce((before, { own, record }) => nextHead(before, own, record), ZeroHash);
    assert.deepEqual(heads, [{ datasetId: one, head }]);
  });

  it("finds what a request saw of its own block by its root", () => {
    for (const count of [2, 3, 4, 5]) assert.equal(seenAt(8, rootAfter(count)), count);
    assert.equal(seenAt(4, ZeroHash), 0);
    assert.equal(seenAt(6, rootAfter(1)), 1);
    assert.equal(seenAt(100, rootAfter(6)), 6);
  });

  it("finds nothing where a request's root is of something else", () => {
    for (const [block, root] of [
      [8, rootAfter(1)],
      [8, rootAfter(6)],
      [8, ZeroHash],
      [5, rootAfter(2)],
      [9, id("something")],
    ] as const) {
      assert.equal(seenAt(block, root), undefined);
    }
  });
});

describe("excludedSlots", () => {
  it("excludes nothing where nothing is recorded, unless consent must be explicit", () => {
    assert.deepEqual(excluded([]), []);
    assert.deepEqual(excluded([], { rules: { explicitOnly: true, leastForm: 0 } }), [[1n, [0, 1, 2, 3, 4, 5, 6, 7]]]);
  });

  it("lets the newest record of a slot decide", () => {
    assert.deepEqual(excluded([WITHDRAWN]), [[1n, [2, 5]]]);
    assert.deepEqual(excluded([WITHDRAWN, GIVEN]), []);
    assert.deepEqual(excluded([WITHDRAWN, GIVEN, { ...WITHDRAWN, slots: [5] }]), [[1n, [5]]]);
  });

  it("names the slots in ascending order, whatever the order of the records", () => {
    const of = (...slots: number[]): ConsentRecord => ({ ...WITHDRAWN, slots });
    assert.deepEqual(excluded([of(7), of(0, 3), of(1)]), [[1n, [0, 1, 3, 7]]]);
    const segments = [{ version: 1n, rowCount: 200n }];
    assert.deepEqual(excluded([of(100), of(9), of(20)], { segments }), [[1n, [9, 20, 100]]]);
  });

  it("uses a row whose consent is explicit, and no other", () => {
    assert.deepEqual(excluded([GIVEN], { rules: { explicitOnly: true, leastForm: 0 } }), [[1n, [0, 1, 3, 4, 6, 7]]]);
  });

  it("asks for consent again under a newer form", () => {
    assert.deepEqual(excluded([GIVEN], { rules: { explicitOnly: false, leastForm: 3 } }), []);
    assert.deepEqual(excluded([GIVEN], { rules: { explicitOnly: false, leastForm: 4 } }), [[1n, [2, 5]]]);
  });

  it("counts a consent until the second it expires, that one included", () => {
    const at = (time: bigint): unknown => excluded([GIVEN], { use: { purposes: [HEALTH], time } });
    assert.deepEqual(at(1_999n), []);
    assert.deepEqual(at(2_000n), []);
    assert.deepEqual(at(2_001n), [[1n, [2, 5]]]);
    assert.deepEqual(excluded([{ ...GIVEN, expiry: 0n }], { use: { purposes: [HEALTH], time: 2n ** 64n - 1n } }), []);
  });

  it("asks that all of the study's purposes are named, or any future use is", () => {
    const use = (...purposes: string[]): { use: typeof USE } => ({ use: { purposes, time: NOW } });
    assert.deepEqual(excluded([GIVEN], use()), []);
    assert.deepEqual(excluded([GIVEN], use(DISEASE, HEALTH)), []);
    assert.deepEqual(excluded([GIVEN], use(HEALTH.toUpperCase().replace("0X", "0x"))), []);
    assert.deepEqual(excluded([GIVEN], use(HEALTH, GENERAL)), [[1n, [2, 5]]]);
    assert.deepEqual(excluded([{ ...GIVEN, futureUse: true }], use(HEALTH, GENERAL)), []);
    assert.deepEqual(excluded([{ ...GIVEN, purposes: [] }], use(HEALTH)), [[1n, [2, 5]]]);
  });

  it("keeps versions apart, and passes over versions that are not asked for", () => {
    const segments = [
      { version: 1n, rowCount: 8n },
      { version: 2n, rowCount: 4n },
    ];
    const records = [WITHDRAWN, { ...WITHDRAWN, version: 2n, slots: [0] }, { ...WITHDRAWN, version: 3n, slots: [1] }];
    assert.deepEqual(excluded(records, { segments }), [
      [1n, [2, 5]],
      [2n, [0]],
    ]);
    assert.deepEqual(excluded(records.slice(1), { segments }), [[2n, [0]]]);
  });

  it("agrees with a plain model", () => {
    fc.assert(
      fc.property(fc.array(drawnRecord, { maxLength: 30 }), drawnRules, drawnUse, (records, rules, use) => {
        const segments = [
          { version: 1n, rowCount: 12n },
          { version: 2n, rowCount: 12n },
        ];
        const model = segments.map(({ version }) => [version, plainModel(records, rules, use, version)] as const);
        assert.deepEqual(
          excluded(records, { rules, use, segments }),
          model.filter(([, slots]) => slots.length > 0),
        );
      }),
      { numRuns: 10 * budget.propertyRuns },
    );
  });
});

const SLOTS = Array.from({ length: 12 }, (_, slot) => slot);
const drawnCodes = fc.subarray(CODES);
const drawnRecord: fc.Arbitrary<ConsentRecord> = fc.record({
  version: fc.constantFrom(1n, 2n, 3n),
  slots: fc.subarray(SLOTS, { minLength: 1 }),
  given: fc.boolean(),
  form: fc.integer({ min: 0, max: 3 }),
  purposes: drawnCodes,
  futureUse: fc.boolean(),
  expiry: fc.constantFrom(0n, 1n, NOW - 1n, NOW, NOW + 1n),
});
const drawnRules: fc.Arbitrary<ConsentRules> = fc.record({
  explicitOnly: fc.boolean(),
  leastForm: fc.integer({ min: 0, max: 3 }),
});
const drawnUse = fc.record({ purposes: drawnCodes, time: fc.constantFrom(0n, NOW - 1n, NOW, NOW + 1n) });

/** The rule as docs/participants.md words it, slot by slot. */
function plainModel(
  records: readonly ConsentRecord[],
  rules: ConsentRules,
  use: { readonly purposes: readonly string[]; readonly time: bigint },
  version: bigint,
): number[] {
  return SLOTS.filter((slot) => {
    const last = records.findLast((record) => record.version === version && record.slots.includes(slot));
    if (last === undefined) return rules.explicitOnly;
    const isFresh = last.form >= rules.leastForm && (last.expiry === 0n || use.time <= last.expiry);
    const isFor = last.futureUse || !use.purposes.some((code) => !last.purposes.includes(code));
    return !(last.given && isFresh && isFor);
  });
}
