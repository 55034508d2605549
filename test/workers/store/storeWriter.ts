/** Child of the kill test: adds one version after another, and reports each only once it is stored. */
import { randomBytes } from "node:crypto";
import { openStore } from "../../../workers/store/openStore.ts";
import { bytes32, sampleFile, WRAPPING_KEY } from "./storeFixture.ts";

const [path, keyDir, from] = process.argv.slice(2) as [string, string, string];
const store = openStore(path, { keyDir, wrappingKey: WRAPPING_KEY, randomBytes });
const requestId = bytes32("request");
store.requests.insert({ requestId, queryContract: `0x${"ab".repeat(20)}`, block: 1, event: "{}" });

for (let block = Number(from) + 1; ; block += 1) {
  const version = BigInt(block);
  const fileHash = bytes32(`file ${version}`);
  // A writer before this one may have died between taking an attempt and storing a version.
  store.requests.takeAttempt(requestId, store.requests.get(requestId)!.lastAttempt + 1n);
  store.transaction(() => {
    store.shares.putSegment(sampleFile({ version, rowCount: 1500 }), fileHash);
    store.shares.activateSegment({ datasetId: bytes32("dataset"), epoch: 1n, version, fileHash });
    store.cursors.write("31337", { block, blockHash: bytes32("block"), logIndex: 0 });
  });
  await new Promise((resolve) => process.send!(block, resolve));
}
