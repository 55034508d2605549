/** Every reason for which a share file is refused, with the real store and codec; the registries are simulated. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Wallet, ZeroHash, id, keccak256, toBeHex } from "ethers";
import type { CodedError } from "../../../workers/errors.ts";
import { type ShareFileHeader, encodeShareFile } from "../../../workers/messages/shareFile.ts";
import { seedSubsetsOf } from "../../../workers/messages/shareFileHeader.ts";
import { RECEIPT, UPLOAD, type Upload } from "../../../workers/messages/signedStructs.ts";
import { opalineDomain, signTypedData, signerOf } from "../../../workers/messages/typedData.ts";
import type { StandingSeat } from "../../../workers/node/committees.ts";
import { Uploads } from "../../../workers/node/uploads.ts";
import { columnsOf } from "../../../workers/schema/columns.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { sharedColumnIds } from "../../../workers/schema/rangeWitness.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { type Store, openStore } from "../../../workers/store/openStore.ts";
import type { UploadRequest } from "../../../workers/transport/uploadDesk.ts";

const CHAIN_ID = 31337n;
const REGISTRY = "0x00000000000000000000000000000000000000D1";
const SCHEMA_TEXT =
  '{"name":"Trial","table":"trial","subject":"id","fields":[{"name":"arm","type":"category","categories":["a","b"]},' +
  '{"name":"age","type":"integer","minimum":0,"maximum":9}]}';
const SCHEMA = parseSchema(SCHEMA_TEXT);
const STUDY = id("study");
const FINGERPRINT = id("certificate");
const NOW = 1_000_000n;
const [OWNER, OTHER, SELF] = [1, 2, 3].map((key) => new Wallet(toBeHex(key, 32))) as [Wallet, Wallet, Wallet];
const WORKERS = [OTHER.address, SELF.address, OWNER.address, REGISTRY];
const SEAT: StandingSeat = {
  studyId: STUDY,
  self: 2 as PartyIndex,
  standing: "serving",
  committee: { epoch: 1n, threshold: 1, demonstration: true, workers: WORKERS },
};
/** Of five, at another point. */
const PROPOSED: StandingSeat = {
  studyId: STUDY,
  self: 4 as PartyIndex,
  standing: "proposed",
  committee: {
    epoch: 3n,
    threshold: 2,
    demonstration: false,
    workers: [...WORKERS.slice(2), STUDY, SELF.address, STUDY],
  },
};
const DOMAIN = opalineDomain(CHAIN_ID, REGISTRY);

function datasetOf(owner: string): string {
  return id(`dataset of ${owner}`);
}

const HEADER: ShareFileHeader = {
  format: 1,
  studyId: STUDY,
  datasetId: datasetOf(OWNER.address),
  version: 1n,
  schemaHash: SCHEMA.hash,
  committeeEpoch: 1n,
  n: 4,
  t: 1,
  party: 2,
  rowCount: 3,
  log2N: 4,
  blinders: 8,
  columns: sharedColumnIds(SCHEMA),
  seedSubsets: seedSubsetsOf(2, { n: 4, t: 1 }),
};

function fileOf(change: Partial<ShareFileHeader> = {}): Uint8Array {
  const header = { ...HEADER, ...change };
  const seeds = header.seedSubsets.map(() => new Uint8Array(32).fill(7));
  const columns = header.columns.map(() => new Uint8Array(32 * header.rowCount).fill(1));
  return encodeShareFile(header, seeds, columns);
}

describe("Uploads", () => {
  let folder: string;
  let store: Store;
  let uploads: Uploads;
  /** What the registries say. */
  let world: {
    version: bigint;
    active: boolean;
    /** Asked anew each time. */
    isRetired: () => boolean;
    key: string;
    seats: readonly StandingSeat[];
    logged: string[];
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "opaline-uploads-"));
    store = openStore(join(folder, "worker.sqlite"), {
      keyDir: join(folder, "keys"),
      wrappingKey: new Uint8Array(32).fill(1),
      randomBytes: (length) => new Uint8Array(randomBytes(length)),
    });
    world = {
      version: 0n,
      active: true,
      isRetired: () => false,
      key: OWNER.address,
      seats: [SEAT],
      logged: [],
    };
    uploads = new Uploads({
      chainId: CHAIN_ID,
      self: SELF.address,
      rpc: { send: () => Promise.resolve({ timestamp: `0x${NOW.toString(16)}` }) },
      owners: {
        activeMemberOf: (key) => Promise.resolve(world.active && key === world.key ? OWNER.address : undefined),
        accountOf: (fingerprint) => Promise.resolve(fingerprint === FINGERPRINT ? OWNER.address : undefined),
      },
      studies: {
        study: () =>
          Promise.resolve({
            schemaHash: SCHEMA.hash,
            policyHash: ZeroHash,
            srsHash: ZeroHash,
            log2N: 4,
            registeredAt: 1n,
            name: "Trial",
          }),
        schemaText: () => Promise.resolve(SCHEMA_TEXT),
      },
      datasets: {
        address: REGISTRY,
        datasetIdOf: (_study, owner) => Promise.resolve(datasetOf(owner)),
        version: () => Promise.resolve(world.version),
        isRetired: () => Promise.resolve(world.isRetired()),
      },
      committees: { takingSeats: () => Promise.resolve([...world.seats]) },
      store,
      signer: SELF,
      log: (level, event, fields) =>
        world.logged.push(JSON.stringify([level, event, fields], (_k, v: unknown) => String(v))),
    });
  });
  afterEach(() => {
    store.close();
    rmSync(folder, { recursive: true });
  });

  async function requestOf(
    file: Uint8Array,
    change: Partial<Upload> = {},
    signer: Wallet = OWNER,
  ): Promise<UploadRequest> {
    const upload: Upload = {
      studyId: STUDY,
      datasetId: datasetOf(OWNER.address),
      worker: SELF.address.toLowerCase(),
      fileHash: keccak256(file),
      bytes: BigInt(file.length),
      nonce: 1n,
      deadline: NOW,
      ...change,
    };
    return { upload, signature: await signTypedData(signer, DOMAIN, UPLOAD, upload), fingerprint: FINGERPRINT };
  }

  /** As the desk does: authority first, then the file. */
  async function send(request: UploadRequest, file: Uint8Array): Promise<string> {
    await uploads.authorizeUpload(request);
    return uploads.receiveUpload(request, file);
  }

  async function refused(code: string, request: UploadRequest, file: Uint8Array, detail?: object): Promise<void> {
    await assert.rejects(send(request, file), (error: CodedError) => {
      assert.equal(error.code, code);
      if (detail !== undefined) assert.deepEqual({ ...error.detail, ...detail }, error.detail);
      return true;
    });
    assert.deepEqual(store.shares.segments(datasetOf(OWNER.address)), [], "nothing is kept");
    assert.equal(store.uploadNonces.isUsed(OWNER.address, 1n), false, "the nonce is not spent");
  }

  it("stores the file and signs its receipt; the same upload again gets the same receipt", async () => {
    const file = fileOf();
    const request = await requestOf(file);
    const receipt = await send(request, file);
    const { datasetId, fileHash } = request.upload;
    assert.equal(signerOf(DOMAIN, RECEIPT, { datasetId, worker: SELF.address, fileHash }, receipt), SELF.address);
    assert.equal(store.shares.segments(datasetId).length, 1);
    assert.equal(await send(request, file), receipt);
    world.version = 1n;
    store.shares.activateSegment({ datasetId, epoch: 1n, version: 1n, fileHash });
    assert.equal(await send(request, file), receipt, "also once activated");
    assert.equal(store.shares.segments(datasetId).length, 1);
  });

  it("takes from the owner's current key what is the owner's, and nothing from the one before", async () => {
    world.key = OTHER.address;
    const file = fileOf();
    await refused("UPLOAD_NOT_OWNER", await requestOf(file), file, { account: OWNER.address });
    const own = datasetOf(OTHER.address);
    await refused("UPLOAD_WRONG_DATASET", await requestOf(file, { datasetId: own }, OTHER), file);
    const request = await requestOf(file, {}, OTHER);
    const receipt = await send(request, file);
    const { datasetId, fileHash } = request.upload;
    assert.equal(datasetId, datasetOf(OWNER.address));
    assert.equal(signerOf(DOMAIN, RECEIPT, { datasetId, worker: SELF.address, fileHash }, receipt), SELF.address);
    assert.equal(store.uploadNonces.isUsed(OTHER.address, 1n), true);
  });

  it("refuses whoever may not upload", async () => {
    const file = fileOf();
    await refused("UPLOAD_WRONG_WORKER", await requestOf(file, { worker: OTHER.address.toLowerCase() }), file);
    await refused("UPLOAD_EXPIRED", await requestOf(file, { deadline: NOW - 1n }), file);
    await refused("UPLOAD_NOT_OWNER", await requestOf(file, {}, OTHER), file, { account: OTHER.address });
    await refused("UPLOAD_BAD_SIGNATURE", { ...(await requestOf(file)), signature: `0x${"00".repeat(65)}` }, file);
    await refused(
      "UPLOAD_NOT_OWNER",
      { ...(await requestOf(file)), signature: (await requestOf(file, { nonce: 2n })).signature },
      file,
    );
    await refused("UPLOAD_WRONG_CERTIFICATE", { ...(await requestOf(file)), fingerprint: id("another") }, file);
    await refused("UPLOAD_WRONG_DATASET", await requestOf(file, { datasetId: datasetOf(OTHER.address) }), file);
    world.seats = [];
    await refused("UPLOAD_NOT_ON_COMMITTEE", await requestOf(file), file);
    world.seats = [SEAT];
    world.active = false;
    await refused("UPLOAD_NOT_OWNER", await requestOf(file), file, { account: OWNER.address });
  });

  it("refuses a header that says anything but what the chain says, naming the field", async () => {
    const wrong: [string, Partial<ShareFileHeader>][] = [
      ["studyId", { studyId: id("another") }],
      ["datasetId", { datasetId: id("another") }],
      ["schemaHash", { schemaHash: id("another") }],
      ["committeeEpoch", { committeeEpoch: 2n }],
      ["n", { n: 5, seedSubsets: seedSubsetsOf(2, { n: 5, t: 1 }) }],
      ["party", { party: 3, seedSubsets: seedSubsetsOf(3, { n: 4, t: 1 }) }],
      ["log2N", { log2N: 5 }],
      ["columns", { columns: HEADER.columns.slice(1) }],
      ["columns", { columns: columnsOf(SCHEMA).map(({ id: column }) => column) }],
      ["columns", { columns: [...HEADER.columns].reverse() }],
    ];
    for (const [field, change] of wrong) {
      const file = fileOf(change);
      await refused("UPLOAD_HEADER_MISMATCH", await requestOf(file), file, { field });
    }
    const early = fileOf({ version: 2n });
    await refused("UPLOAD_WRONG_VERSION", await requestOf(early), early, { version: "2", expected: "1" });
    const cut = fileOf().subarray(0, -1);
    await refused("SHARE_FILE_WRONG_LENGTH", await requestOf(cut), cut);
  });

  describe("of a dataset that was retired", () => {
    const retiredHere = (): void => store.retirements.insert({ datasetId: HEADER.datasetId, studyId: STUDY, block: 5 });
    const detail = { datasetId: HEADER.datasetId };

    it("takes nothing, by the chain's word before the file and after it", async () => {
      const file = fileOf();
      const request = await requestOf(file);
      world.isRetired = () => true;
      await assert.rejects(uploads.authorizeUpload(request), { code: "UPLOAD_DATASET_RETIRED" });
      let asked = 0;
      world.isRetired = () => ++asked > 1;
      await refused("UPLOAD_DATASET_RETIRED", request, file, detail);
      assert.equal(asked, 2);
      assert.equal(store.shares.isErased(HEADER.datasetId), false);
      assert.deepEqual(store.shares.holdings(), []);
    });

    it("takes nothing once the retirement was followed, also while the chain's answers are on their way", async () => {
      const file = fileOf();
      const request = await requestOf(file);
      let asked = 0;
      world.isRetired = () => {
        // Answered before the block of the retirement; handled here before the file is stored.
        if (++asked === 2) retiredHere();
        return false;
      };
      await refused("UPLOAD_DATASET_RETIRED", request, file, detail);
      assert.equal(asked, 2);
      await refused("UPLOAD_DATASET_RETIRED", request, file, detail);
    });

    it("gives no receipt a second time, either", async () => {
      const file = fileOf();
      const request = await requestOf(file);
      await send(request, file);
      retiredHere();
      for (const word of [false, true]) {
        world.isRetired = () => word;
        await assert.rejects(send(request, file), { code: "UPLOAD_DATASET_RETIRED" });
      }
    });
  });

  describe("of a committee that is over", () => {
    it("takes nothing once its end was followed, also while the chain's answers are on their way", async () => {
      const file = fileOf();
      const request = await requestOf(file);
      let asked = 0;
      world.isRetired = () => {
        // Answered before the block of the end; handled here before the file is stored.
        if (++asked === 2) store.endedCommittees.insert(STUDY, HEADER.committeeEpoch);
        return false;
      };
      await refused("UPLOAD_COMMITTEE_ENDED", request, file, { studyId: STUDY, epoch: "1" });
      assert.equal(asked, 2);
      assert.deepEqual(store.shares.holdings(), []);
    });

    it("takes what is for another committee, or of another study", async () => {
      store.endedCommittees.insert(STUDY, HEADER.committeeEpoch + 1n);
      store.endedCommittees.insert(id("another study"), HEADER.committeeEpoch);
      const file = fileOf();
      await send(await requestOf(file), file);
      assert.equal(store.shares.segments(HEADER.datasetId).length, 1);
    });
  });

  it("takes a nonce for one file only", async () => {
    const file = fileOf();
    await send(await requestOf(file), file);
    const another = fileOf({ blinders: 9 });
    await assert.rejects(send(await requestOf(another), another), { code: "UPLOAD_NONCE_USED" });
    await send(await requestOf(another, { nonce: 2n }), another);
    assert.equal(store.shares.segments(HEADER.datasetId).length, 2, "both wait for activation");
  });

  describe("for a proposed committee", () => {
    const next = { committeeEpoch: 3n, n: 5, t: 2, party: 4, seedSubsets: seedSubsetsOf(4, { n: 5, t: 2 }) };

    it("takes active versions beside those of the committee that serves, and another file of one", async () => {
      world.seats = [SEAT, PROPOSED];
      world.version = 2n;
      const { datasetId } = HEADER;
      for (const [nonce, header] of [
        [1n, { ...next, version: 1n }],
        [2n, { ...next, version: 2n }],
        [3n, { version: 3n }],
      ] as const) {
        const file = fileOf(header);
        await send(await requestOf(file, { nonce }), file);
      }
      const held = store.shares.segments(datasetId).map(({ epoch, version }) => [epoch, version]);
      assert.deepEqual(held, [
        [1n, 3n],
        [3n, 1n],
        [3n, 2n],
      ]);
      const [, first] = store.shares.segments(datasetId);
      store.shares.activateSegment({ datasetId, epoch: 3n, version: 1n, fileHash: first!.fileHash });
      const again = fileOf({ ...next, version: 1n, blinders: 9 });
      await send(await requestOf(again, { nonce: 4n }), again);
      const states = store.shares.segments(datasetId).filter(({ epoch, version }) => epoch === 3n && version === 1n);
      assert.deepEqual(states.map(({ state }) => state).sort(), ["active", "pending"]);
    });

    it("takes no version that is not active, and none of the serving committee's but the next", async () => {
      world.seats = [SEAT, PROPOSED];
      world.version = 2n;
      const early = fileOf({ ...next, version: 3n });
      await refused("UPLOAD_WRONG_VERSION", await requestOf(early), early, { version: "3", expected: "2" });
      const old = fileOf({ version: 2n });
      await refused("UPLOAD_WRONG_VERSION", await requestOf(old), old, { version: "2", expected: "3" });
    });

    it("takes it where this worker does not serve today, and for the very seat that it has there", async () => {
      world.seats = [PROPOSED];
      world.version = 1n;
      const serving = fileOf({ version: 2n });
      await refused("UPLOAD_HEADER_MISMATCH", await requestOf(serving, { nonce: 2n }), serving, {
        field: "committeeEpoch",
      });
      const elsewhere = fileOf({ ...next, version: 1n, party: 3, seedSubsets: seedSubsetsOf(3, { n: 5, t: 2 }) });
      await refused("UPLOAD_HEADER_MISMATCH", await requestOf(elsewhere, { nonce: 3n }), elsewhere, { field: "party" });
      const file = fileOf({ ...next, version: 1n });
      await send(await requestOf(file), file);
    });
  });

  it("logs ids, codes and counts, and no byte of the file", async () => {
    const file = fileOf();
    await send(await requestOf(file), file);
    await send(await requestOf(file, {}, OTHER), file).catch(() => undefined);
    assert.equal(world.logged.length, 2);
    for (const line of world.logged) assert.ok(!line.includes("0101010101") && !line.includes("0707070707"));
  });
});
