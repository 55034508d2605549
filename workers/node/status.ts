/** What a worker says of itself: public facts only. The shape is an interface for operators' monitoring. */
import type { FollowerStatus } from "../chain/follower.ts";
import { WHOLE_BLOCK } from "../chain/follower.ts";
import type { StoredErasure } from "../store/erasureStore.ts";
import type { StoredInputCheck } from "../store/inputCheckStore.ts";
import type { StoredRequestState } from "../store/requestStore.ts";
import type { HoldingStatus } from "../store/holdings.ts";
import type { DatasetStatus } from "../store/shareStore.ts";
import type { PeerStatus } from "../transport/mesh.ts";
import type { SeatStanding, StandingSeat } from "./committees.ts";
import { SECURITY_STATEMENT } from "./security.ts";

export interface StatusFacts {
  readonly version: string;
  readonly address: string;
  readonly key: string;
  readonly organisation: string | undefined;
  readonly registration: string;
  readonly port: number | undefined;
  readonly chainId: bigint;
  readonly network: string;
  readonly confirmations: number;
  readonly arithmetic: WorkerStatus["arithmetic"];
  readonly follower: FollowerStatus;
  readonly peers: readonly PeerStatus[];
  readonly seats: readonly StandingSeat[];
  readonly datasets: readonly DatasetStatus[];
  readonly holdings: readonly HoldingStatus[];
  readonly inputChecks: readonly StoredInputCheck[];
  readonly requests: Readonly<Record<StoredRequestState, number>>;
  readonly attempts: readonly { readonly requestId: string; readonly attempt: bigint }[];
  readonly keysDue: number;
  readonly erasures: readonly StoredErasure[];
}

export interface WorkerStatus {
  readonly version: string;
  readonly security: string;
  /** "ready": registered, following, at least 2t peers of every committee that serves connected. */
  readonly state: "starting" | "ready" | "degraded" | "stopped";
  /** Code of what stopped it, or undefined. */
  readonly stoppedBy: string | undefined;
  /** The worker's name in the registry and among peers, and the account that signs for it. */
  readonly address: string;
  readonly key: string;
  readonly organisation: string | undefined;
  readonly registration: string;
  readonly port: number | undefined;
  /** "fused", or "integer" where the processor has no fused multiply-add: two to three times as slow. */
  readonly arithmetic: { readonly kernel: "fused" | "integer"; readonly threads: number; readonly bytesInUse: number };
  readonly chain: {
    readonly id: string;
    readonly network: string;
    readonly block: number | undefined;
    readonly lag: number | undefined;
    readonly reachable: boolean;
    readonly confirmations: number;
  };
  readonly cursor:
    { readonly block: number; readonly blockHash: string; readonly logIndex: number | "end" } | undefined;
  readonly peers: readonly PeerStatus[];
  readonly committees: readonly {
    readonly studyId: string;
    readonly epoch: string;
    /** "serving"; "proposed" to follow the one that serves; "followed", until what was asked of it is over. */
    readonly standing: SeatStanding;
    readonly index: number;
    readonly n: number;
    readonly t: number;
    readonly demonstration: boolean;
    /** Other members whose links are open; 2t of them are needed. */
    readonly connected: number;
  }[];
  /** By the committee whose shares they are; not those that were erased. */
  readonly datasets: readonly {
    readonly datasetId: string;
    readonly epoch: string;
    readonly version: string;
    readonly rows: number | undefined;
    readonly state: string;
    /** Whether its columns are well-formed: "unchecked", "checked", "rejected: <reason>"; undefined while pending. */
    readonly check: string | undefined;
  }[];
  readonly requests: Readonly<Record<StoredRequestState, number>>;
  readonly open: readonly { readonly requestId: string; readonly attempt: string }[];
  /** Sealed answers whose keys this worker has not published yet, as far as the confirmed chain shows. */
  readonly keysDue: number;
  /** Shares to erase: of datasets that were retired, of committees that were followed, of proposals that were withdrawn. */
  readonly erasures: readonly {
    readonly datasetId: string;
    readonly epoch: string;
    /** They are needed until the chain is past this block. */
    readonly afterBlock: number;
    /** Whether all of it is gone here. */
    readonly erased: boolean;
    /**
     * "later" while the shares are needed; else as far as the confirmed chain shows. While it is due, anyone can post what
     * follows: `auditor confirm-erasure`.
     */
    readonly receipt: "later" | "due" | "confirmed";
    readonly index: number;
    readonly version: string | undefined;
    readonly signature: string | undefined;
  }[];
}

export function statusOf(facts: StatusFacts): WorkerStatus {
  const { follower, seats, peers } = facts;
  const { cursor } = follower;
  const connected = connectedAddresses(peers);
  return {
    version: facts.version,
    security: SECURITY_STATEMENT,
    state: stateOf(facts),
    stoppedBy: follower.stoppedBy,
    address: facts.address,
    key: facts.key,
    organisation: facts.organisation,
    registration: facts.registration,
    port: facts.port,
    arithmetic: facts.arithmetic,
    chain: {
      id: String(facts.chainId),
      network: facts.network,
      block: follower.newest,
      lag: follower.lag,
      reachable: follower.reachable,
      confirmations: facts.confirmations,
    },
    cursor: cursor && { ...cursor, logIndex: cursor.logIndex === WHOLE_BLOCK ? "end" : cursor.logIndex },
    peers,
    committees: seats.map(({ studyId, committee, self, standing }) => ({
      studyId,
      epoch: String(committee.epoch),
      standing,
      index: self,
      n: committee.workers.length,
      t: committee.threshold,
      demonstration: committee.demonstration,
      connected: connectedMembers(committee.workers, connected),
    })),
    datasets: facts.datasets.flatMap(({ datasetId, erased, segments }) =>
      (erased ? [] : segments).map((segment) => {
        const { epoch, version, rowCount, state } = segment;
        const check = state === "pending" ? undefined : checkOf(facts.inputChecks, datasetId, segment);
        return { datasetId, epoch: String(epoch), version: String(version), rows: rowCount, state, check };
      }),
    ),
    requests: facts.requests,
    open: facts.attempts.map(({ requestId, attempt }) => ({ requestId, attempt: String(attempt) })),
    keysDue: facts.keysDue,
    erasures: facts.erasures.map((erasure) => erasureOf(erasure, facts)),
  };
}

function erasureOf(
  erasure: StoredErasure,
  { datasets, holdings, follower }: StatusFacts,
): WorkerStatus["erasures"][number] {
  const { datasetId, epoch, point, afterBlock, confirmed, receipt } = erasure;
  const erased =
    holdings.some((known) => known.datasetId === datasetId && known.epoch === epoch && known.erased) ||
    datasets.some((known) => known.datasetId === datasetId && known.erased);
  const isNeeded = !erased && (follower.cursor?.block ?? 0) <= afterBlock;
  return {
    datasetId,
    epoch: String(epoch),
    afterBlock,
    erased,
    receipt: confirmed ? "confirmed" : isNeeded ? "later" : "due",
    index: point,
    version: receipt && String(receipt.version),
    signature: receipt?.signature,
  };
}

function checkOf(
  checks: readonly StoredInputCheck[],
  datasetId: string,
  { epoch, version }: { readonly epoch: bigint; readonly version: bigint },
): string | undefined {
  const check = checks.find(
    (known) => known.datasetId === datasetId && known.epoch === epoch && known.version === version,
  );
  return check?.reason === undefined ? check?.state : `${check.state}: ${check.reason}`;
}

function connectedAddresses(peers: readonly PeerStatus[]): ReadonlySet<string> {
  return new Set(peers.filter((peer) => peer.connected).map((peer) => peer.address.toLowerCase()));
}

function connectedMembers(workers: readonly string[], connected: ReadonlySet<string>): number {
  return workers.filter((worker) => connected.has(worker.toLowerCase())).length;
}

function stateOf({ follower, registration, seats, peers, port }: StatusFacts): WorkerStatus["state"] {
  if (follower.stoppedBy !== undefined) return "stopped";
  if (port === undefined || follower.newest === undefined) return "starting";
  const connected = connectedAddresses(peers);
  const isReachable = ({ committee, standing }: StandingSeat): boolean =>
    standing !== "serving" || connectedMembers(committee.workers, connected) >= 2 * committee.threshold;
  return follower.reachable && registration === "active" && seats.every(isReachable) ? "ready" : "degraded";
}
