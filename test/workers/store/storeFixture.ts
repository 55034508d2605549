/** A store in a folder of its own, and share files to put into it. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TestContext } from "node:test";
import type { ShareFile } from "../../../workers/messages/shareFile.ts";
import { MIGRATIONS } from "../../../workers/store/migrations.ts";
import { openStore, type Store, type StoreOptions } from "../../../workers/store/openStore.ts";

export const WRAPPING_KEY = Buffer.alloc(32, 7);

export function bytes32(name: string): string {
  return `0x${createHash("sha256").update(name).digest("hex")}`;
}

export interface StoreFolder {
  readonly path: string;
  readonly keyDir: string;
  open(options?: Partial<StoreOptions>): Store;
}

/** Removed when the test ends, and every store opened in it closed. */
export function storeFolder(test: TestContext, parent = tmpdir()): StoreFolder {
  const folder = mkdtempSync(join(parent, "opaline-store-"));
  const stores: Store[] = [];
  test.after(() => {
    for (const store of stores) store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const [path, keyDir] = [join(folder, "worker.sqlite"), join(folder, "keys")];
  return {
    path,
    keyDir,
    open(options = {}) {
      const store = openStore(path, { keyDir, wrappingKey: WRAPPING_KEY, randomBytes, ...options });
      stores.push(store);
      return store;
    },
  };
}

/** A file as a worker of an earlier schema left it; `sql` fills it. */
export function writeOldStore({ path }: StoreFolder, version: number, sql: string): void {
  writeFileSync(path, "", { mode: 0o600 });
  const file = new DatabaseSync(path);
  for (const migration of MIGRATIONS.slice(0, version)) file.exec(migration);
  file.exec(`PRAGMA application_id = ${0x4f50414c}; PRAGMA user_version = ${version}`);
  file.exec(sql);
  file.close();
}

export interface SampleSegment {
  readonly studyId?: string;
  readonly datasetId?: string;
  readonly version?: bigint;
  readonly rowCount?: number;
  readonly columns?: readonly string[];
  readonly epoch?: bigint;
}

/** Words are random below 2^252, so canonical. */
export function sampleFile({
  studyId,
  datasetId,
  version = 1n,
  rowCount = 10,
  columns,
  epoch = 1n,
}: SampleSegment = {}): ShareFile {
  const ids = columns ?? [bytes32("age"), bytes32("arm")];
  return {
    header: {
      format: 1,
      studyId: studyId ?? bytes32("study"),
      datasetId: datasetId ?? bytes32("dataset"),
      version,
      schemaHash: bytes32("schema"),
      committeeEpoch: epoch,
      n: 4,
      t: 1,
      party: 1,
      rowCount,
      log2N: 12,
      blinders: 1024,
      columns: ids,
      seedSubsets: ["1,2,3", "1,2,4", "1,3,4"],
    },
    seeds: [randomBytes(32), randomBytes(32), randomBytes(32)],
    columns: ids.map(() => sampleWords(rowCount)),
  };
}

export function sampleWords(rowCount: number): Uint8Array {
  const words = randomBytes(rowCount * 32);
  for (let row = 0; row < rowCount; row += 1) words[row * 32]! &= 0x0f;
  return words;
}

export function hasCode(code: string, fields: Record<string, unknown> = {}): (error: unknown) => boolean {
  return (error) => {
    const detail = (error as { detail?: Record<string, unknown> }).detail;
    return detail?.["code"] === code && Object.entries(fields).every(([key, value]) => detail[key] === value);
  };
}
