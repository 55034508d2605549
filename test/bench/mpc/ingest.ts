/** The owner's part: tables encoded and shared by the real code, and every worker's share file put into its store. */
import { randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { id } from "ethers";
import { encodeTable } from "../../../workers/encoding/encodeTable.ts";
import type { Table } from "../../../workers/encoding/readTable.ts";
import { shareSegment } from "../../../workers/encoding/shareSegment.ts";
import type { Field } from "../../../workers/field/field.ts";
import type { StudySchema } from "../../../workers/schema/studySchema.ts";
import { EPOCH } from "./benchWorker.ts";
import { THRESHOLD, WORKERS } from "./jobs.ts";
import type { BenchProcess } from "./processes.ts";

/** One version of a dataset. */
export interface Segment {
  readonly datasetId: string;
  readonly version: bigint;
  readonly table: Table;
}

/** 2^20 slots a study may have, and blinders a column: a study's defaults; neither changes what is shared here. */
const LOG2N = 20;
const BLINDERS = 1_024;

/** One share file per worker. What the owner is timed for: from rows in memory to the bytes it would upload. */
export function encodeSegment(field: Field, schema: StudySchema, { datasetId, version, table }: Segment): Uint8Array[] {
  const facts = {
    studyId: id("study"),
    datasetId,
    version,
    schemaHash: schema.hash,
    committeeEpoch: EPOCH,
    log2N: LOG2N,
    blinders: BLINDERS,
  };
  const random = (length: number): Uint8Array => randomBytes(length);
  return shareSegment(field, encodeTable(table, schema, random), facts, { n: WORKERS, t: THRESHOLD }, random);
}

/** Files pass through `folder`, one for each worker, and are deleted. */
export async function storeSegment(
  processes: readonly BenchProcess[],
  folder: string,
  files: readonly Uint8Array[],
  { datasetId, version }: Segment,
): Promise<void> {
  const names = files.map((_, position) => join(folder, `${datasetId.slice(2, 10)}-${version}-${position + 1}`));
  try {
    names.forEach((name, position) => writeFileSync(name, files[position]!, { mode: 0o600 }));
    await Promise.all(names.map((path, position) => processes[position]!.run("store", { path })));
  } finally {
    for (const name of names) rmSync(name, { force: true });
  }
}
