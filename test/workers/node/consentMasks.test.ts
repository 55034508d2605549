/** The mask of a request as a worker derives it from the chain's log; the log and the clock are simulated. */
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { id } from "ethers";

import type { JsonRpc } from "../../../workers/chain/provider.ts";
import type { Policy } from "../../../workers/chain/studyRegistry.ts";
import { CodedError } from "../../../workers/errors.ts";
import type { ConsentChange, ConsentRecord, ConsentRules } from "../../../workers/messages/consentMask.ts";
import { DEFAULT_RULES, consentMaskRoot, nextHead } from "../../../workers/messages/consentMask.ts";
import { ZERO_HASH } from "../../../workers/messages/statement.ts";
import { ConsentMasks, type MaskedRequest } from "../../../workers/node/consentMasks.ts";

const STUDY = id("study");
const CARE = id("DUO:0000007");
const DATASETS = [id("dataset 1"), id("dataset 2")].sort();
const [FIRST, SECOND] = DATASETS as [string, string];
const SEGMENTS = DATASETS.flatMap((datasetId) => [
  { datasetId, version: 1n, rowCount: 5n },
  { datasetId, version: 2n, rowCount: 3n },
]);

function consent(slots: readonly number[], change: Partial<ConsentRecord> = {}): ConsentRecord {
  return { version: 1n, slots, given: true, form: 1, purposes: [CARE], futureUse: false, expiry: 0n, ...change };
}

function recorded(block: number, datasetId: string, record: ConsentRecord, own = false): ConsentChange {
  return { kind: "record", block, datasetId, own, record };
}

/** A block's second. */
const timeOf = (block: number): bigint => 1_000n + BigInt(block);

describe("ConsentMasks", () => {
  let log: ConsentChange[];
  /** "from-to" of every read. */
  let read: string[];
  let away: boolean;
  let masks: ConsentMasks;

  beforeEach(() => {
    log = [];
    read = [];
    away = false;
    const rpc = {
      send: (method: string, [block]: readonly unknown[]) => {
        assert.equal(method, "eth_getBlockByNumber");
        return Promise.resolve({ timestamp: `0x${timeOf(Number(block)).toString(16)}` });
      },
    } as unknown as JsonRpc;
    masks = new ConsentMasks({
      rpc,
      firstBlock: 10,
      studies: { policy: () => Promise.resolve({ purposes: [CARE] } as unknown as Policy) },
      log: {
        changes: (studyId, datasetIds, fromBlock, toBlock) => {
          assert.equal(studyId, STUDY);
          read.push(`${fromBlock}-${toBlock}`);
          if (away) return Promise.reject(new CodedError({ code: "CHAIN_UNREACHABLE", method: "eth_getLogs" }, "away"));
          const isAsked = (change: ConsentChange): boolean =>
            change.kind === "rules" || datasetIds.includes(change.datasetId);
          return Promise.resolve(
            log.filter((change) => change.block >= fromBlock && change.block <= toBlock && isAsked(change)),
          );
        },
      },
    });
  });

  /** The root after these changes, at a block. */
  function rootAfter(changes: readonly ConsentChange[], block: number): string {
    let rules: ConsentRules = DEFAULT_RULES;
    const heads = new Map(DATASETS.map((datasetId) => [datasetId, ZERO_HASH]));
    for (const change of changes) {
      if (change.kind === "rules") rules = change.rules;
      else heads.set(change.datasetId, nextHead(heads.get(change.datasetId)!, change.own, change.record));
    }
    const ordered = DATASETS.map((datasetId) => ({ datasetId, head: heads.get(datasetId)! }));
    return consentMaskRoot(STUDY, rules, ordered, timeOf(block));
  }

  let requests = 0;
  function request(block: number, root: string): MaskedRequest {
    const context = {
      requestId: id(`request ${requests++}`),
      studyId: STUDY,
      requestBlock: BigInt(block),
      consentMaskRoot: root,
    };
    return { context, datasetIds: DATASETS };
  }

  async function excluded(asked: MaskedRequest): Promise<(number[] | undefined)[] | undefined> {
    const applied = await masks.apply(asked, SEGMENTS);
    applied?.forEach(({ excluded: _, ...segment }, i) => assert.deepEqual(segment, SEGMENTS[i]));
    return applied?.map((segment) => (segment.excluded === undefined ? undefined : [...segment.excluded]));
  }

  it("leaves everything where nothing was recorded, and takes no other root for it", async () => {
    assert.deepEqual(await excluded(request(20, ZERO_HASH)), [undefined, undefined, undefined, undefined]);
    assert.equal(await excluded(request(20, id("mask"))), undefined);
  });

  it("takes out what was withdrawn in earlier blocks, of each version its own", async () => {
    log = [
      recorded(12, FIRST, consent([1, 4], { given: false }), true),
      recorded(13, SECOND, consent([0], { version: 2n, given: false })),
      recorded(14, FIRST, consent([4]), true),
    ];
    assert.deepEqual(await excluded(request(20, rootAfter(log, 20))), [[1], undefined, undefined, [0]]);
    assert.deepEqual(await excluded(request(14, rootAfter(log.slice(0, 2), 14))), [[1, 4], undefined, undefined, [0]]);
  });

  it("is that of the place within the request's block whose root the request has", async () => {
    log = [
      recorded(20, FIRST, consent([0], { given: false })),
      recorded(20, SECOND, consent([2], { given: false })),
      recorded(21, FIRST, consent([3], { given: false })),
    ];
    assert.deepEqual(await excluded(request(20, ZERO_HASH)), [undefined, undefined, undefined, undefined]);
    assert.deepEqual(await excluded(request(20, rootAfter(log.slice(0, 1), 20))), [
      [0],
      undefined,
      undefined,
      undefined,
    ]);
    assert.deepEqual(await excluded(request(20, rootAfter(log.slice(0, 2), 20))), [[0], undefined, [2], undefined]);
  });

  it("refuses a root from before the last block, from after it, of another second, or of another order", async () => {
    log = [
      recorded(18, FIRST, consent([0], { given: false })),
      recorded(19, FIRST, consent([1], { given: false })),
      recorded(21, FIRST, consent([2], { given: false })),
    ];
    const wrong = {
      "an older state": rootAfter(log.slice(0, 1), 20),
      "none at all": ZERO_HASH,
      "a later state": rootAfter(log, 20),
      "another second": rootAfter(log.slice(0, 2), 19),
      "another order": rootAfter([log[1]!, log[0]!], 20),
    };
    for (const [what, root] of Object.entries(wrong)) assert.equal(await excluded(request(20, root)), undefined, what);
    assert.ok(await excluded(request(20, rootAfter(log.slice(0, 2), 20))));
  });

  it("obeys the study's rules and purposes, and the second at which a consent ends", async () => {
    const rules: ConsentRules = { explicitOnly: true, leastForm: 2 };
    log = [
      recorded(11, FIRST, consent([0], { form: 2 })),
      recorded(11, FIRST, consent([1], { form: 1 })),
      recorded(11, FIRST, consent([2], { form: 2, purposes: [] })),
      recorded(11, FIRST, consent([3], { form: 2, purposes: [], futureUse: true })),
      recorded(11, FIRST, consent([4], { form: 2, expiry: timeOf(20) })),
      { kind: "rules", block: 12, rules },
    ];
    const all = [0, 1, 2];
    const others = [all, [0, 1, 2, 3, 4], all];
    assert.deepEqual(await excluded(request(20, rootAfter(log, 20))), [[1, 2], ...others]);
    assert.deepEqual(await excluded(request(21, rootAfter(log, 21))), [[1, 2, 4], ...others]);
  });

  it("reads no block twice, and asks again for what it could not read", async () => {
    log = [recorded(12, FIRST, consent([1], { given: false })), recorded(25, FIRST, consent([2], { given: false }))];
    away = true;
    const asked = request(20, rootAfter(log.slice(0, 1), 20));
    await assert.rejects(excluded(asked), { code: "CHAIN_UNREACHABLE" });
    away = false;
    assert.deepEqual(await excluded(asked), [[1], undefined, undefined, undefined]);
    assert.deepEqual(read, ["10-20", "10-20"]);
    const later = [30, 28].map((block) => request(block, rootAfter(log, block)));
    const both = await Promise.all(later.map(excluded));
    assert.deepEqual(both[0], [[1, 2], undefined, undefined, undefined]);
    assert.deepEqual(both[1], both[0]);
    assert.deepEqual(await excluded(asked), [[1], undefined, undefined, undefined]);
    assert.deepEqual(read.slice(2), ["21-30"]);
  });
});
