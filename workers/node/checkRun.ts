/**
 * One attempt of an input check: fresh keys among the participants, the constraints over their shares, one verdict.
 *
 * Adversary: the owner and malicious participants, at most t of them. What may be revealed when it throws: nothing, or
 * the verdict to others.
 */
import { keccak256 } from "ethers";
import type { Field, RandomBytes } from "../field/field.ts";
import type { Proposal } from "../messages/proposal.ts";
import { agreeKeys } from "../protocols/agreeKeys.ts";
import { checkColumns } from "../protocols/checkColumns.ts";
import { columnConstraints } from "../schema/columnConstraints.ts";
import { sharedColumnIds } from "../schema/rangeWitness.ts";
import type { AttemptPlace } from "./attemptNetwork.ts";
import type { ConfirmedCheck } from "./checkModules.ts";
import type { AttemptNetwork } from "./queryRun.ts";

export interface CheckRunModules {
  readonly field: Field;
  readonly chainId: bigint;
  /** The dataset registry's address: keys of checks are bound to it as those of requests to their contract. */
  readonly registry: string;
  readonly randomBytes: RandomBytes;
  /** 32-byte words of rows [from, to) of one column of this version, as the check's committee shares it. */
  loadRows(columnId: string, from: number, to: number): Uint8Array;
  openNetwork(place: AttemptPlace, signal: AbortSignal): AttemptNetwork;
}

/** @throws CodedError STORE_* | PROTOCOL_* | NETWORK_* */
export async function runCheck(
  check: ConfirmedCheck,
  { attempt, participants }: Proposal,
  signal: AbortSignal,
  modules: CheckRunModules,
): Promise<boolean> {
  const { checkId: session, committee, self } = check;
  const members = new Map(participants.map((party) => [party, committee.workers[party - 1]!]));
  const network = modules.openNetwork({ session, epoch: committee.epoch, attempt, self, members }, signal);
  const field = modules.field.group();
  try {
    const isWellFormed = await compute(check, attempt, network, { ...modules, field });
    network.close();
    return isWellFormed;
  } catch (error) {
    network.abort("ATTEMPT_FAILED");
    throw error;
  } finally {
    field.releaseAll();
  }
}

async function compute(
  check: ConfirmedCheck,
  attempt: bigint,
  network: AttemptNetwork,
  { field, chainId, registry, randomBytes, loadRows }: CheckRunModules,
): Promise<boolean> {
  const { checkId: requestId, activation, committee, schema } = check;
  const { segment } = activation;
  const t = committee.threshold;
  const context = { chainId, contract: registry, requestId, attempt, epoch: committee.epoch, t };
  const keys = await agreeKeys(network, context, randomBytes);
  const ids = sharedColumnIds(schema);
  const table = {
    columns: ids.length,
    rows: Number(segment.rowCount),
    load: (column: number, from: number, to: number) => field.fromWords(loadRows(ids[column]!, from, to)),
  };
  return checkColumns({ network, field, t, keys }, columnConstraints(schema), table, datasetOf(check));
}

/** Which shares these are, alike at all workers that read the same activation from the chain. */
function datasetOf({ checkId, activation, schema }: ConfirmedCheck): string {
  const { studyId, datasetId, version, committeeEpoch, segment, ingestProof } = activation;
  const { rowCount, columnsRoot, sharesRoot } = segment;
  const place = [checkId, studyId, `${datasetId}@${version}`, committeeEpoch, schema.hash];
  return [...place, rowCount, columnsRoot, sharesRoot, keccak256(ingestProof)].join(" ").toLowerCase();
}
