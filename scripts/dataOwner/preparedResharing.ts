/**
 * A version's columns shared anew for a proposed committee, on the owner's disk: `epoch-<epoch>/` in the version's folder
 * (`preparedContribution.ts`), prepared as a whole before anything is sent (`preparedFolder.ts`).
 *
 *   resharing.json     what the chain will be told, and what happened so far
 *
 * Invariants: shares are erased only after the resharing is seen on chain; an epoch is never proposed twice, so that a
 * folder of another epoch than the proposed one is of no use to anyone, and is removed.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { writePrivateFile } from "../privateFiles.ts";
import { contributionFolder } from "./preparedContribution.ts";
import { type DealtShares, discardPrepared, eraseShares, readJson, writePrepared } from "./preparedFolder.ts";

export interface Resharing extends DealtShares {
  /** The transaction that told the chain. */
  readonly reshared?: string;
}

const FILE = "resharing.json";

export function resharingFolder(privateFolder: string, datasetId: string, version: number, epoch: bigint): string {
  return join(contributionFolder(privateFolder, datasetId, version), `epoch-${epoch}`);
}

/** @throws CodedError CONTRIBUTION_DAMAGED */
export function readResharing(folder: string): Resharing | undefined {
  return existsSync(folder) ? (readJson(join(folder, FILE)) as Resharing) : undefined;
}

export function writeResharing(folder: string, resharing: Resharing, shareFiles: readonly Uint8Array[]): void {
  writePrepared(folder, shareFiles, (draft) => writeFile(draft, resharing));
}

/** Notes the transaction, then erases the share files. */
export function markReshared(folder: string, transaction: string): void {
  writeFile(folder, { ...readResharing(folder)!, reshared: transaction });
  eraseShares(folder);
}

/** Removes what was prepared for any other committee, of all versions. @param epoch the proposed one; 0 for none */
export function discardOtherResharings(privateFolder: string, datasetId: string, epoch: bigint): void {
  const dataset = join(privateFolder, "datasets", datasetId);
  if (!existsSync(dataset)) return;
  for (const version of readdirSync(dataset)) {
    if (!/^v[0-9]+$/.test(version)) continue;
    for (const name of readdirSync(join(dataset, version))) {
      const prepared = /^(epoch-[0-9]+)(\.draft|\.discarded)?$/.exec(name)?.[1];
      if (prepared === undefined || prepared === `epoch-${epoch}`) continue;
      discardPrepared(join(dataset, version, prepared));
    }
  }
}

function writeFile(folder: string, resharing: Resharing): void {
  writePrivateFile(join(folder, FILE), JSON.stringify(resharing, undefined, 2));
}
