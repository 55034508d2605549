/**
 * Who this worker works with now: its seats and, from them, the peers that the mesh keeps links to. Read again whenever
 * the registries changed; a failure leaves the roster stale, and the next block tries again.
 */
import type { ChainLog } from "../chain/logs.ts";
import type { Deployment } from "../chain/deployment.ts";
import type { Mesh } from "../transport/mesh.ts";
import type { Committees, StandingSeat } from "./committees.ts";
import { type Log, errorFields } from "./log.ts";
import type { Registration } from "./registration.ts";

export interface RosterModules {
  readonly deployment: Pick<Deployment, "address">;
  readonly registration: Pick<Registration, "check">;
  readonly committees: Pick<Committees, "seats">;
  readonly mesh: Pick<Mesh, "setPeers">;
  readonly log: Log;
  /** What fails once the worker stops is no fault. */
  readonly stopping: AbortSignal;
}

export class Roster {
  readonly #modules: RosterModules;
  #seats: readonly StandingSeat[] = [];
  #isStale = true;
  #isRefreshing = false;

  constructor(modules: RosterModules) {
    this.#modules = modules;
  }

  get seats(): readonly StandingSeat[] {
    return this.#seats;
  }

  /** Events of the committee or worker registry make the roster stale. @returns whether there was one */
  onCommitted(logs: readonly ChainLog[]): boolean {
    const { deployment } = this.#modules;
    const sources = ["CommitteeRegistry", "WorkerRegistry"].map((name) => deployment.address(name).toLowerCase());
    const isConcerned = logs.some((entry) => sources.includes(entry.address.toLowerCase()));
    if (isConcerned) this.#isStale = true;
    return isConcerned;
  }

  /** After each block: does nothing unless stale. Never rejects. */
  async refresh(): Promise<void> {
    if (!this.#isStale || this.#isRefreshing) return;
    const { registration, committees, mesh, log, stopping } = this.#modules;
    this.#isRefreshing = true;
    this.#isStale = false;
    try {
      await registration.check();
      this.#seats = await committees.seats();
      const members = this.#seats.flatMap(({ committee }) => committee.workers.map((each) => each.toLowerCase()));
      mesh.setPeers([...new Set(members)]);
    } catch (error) {
      this.#isStale = true;
      if (!stopping.aborted) log("warn", "roster-delayed", errorFields(error));
    } finally {
      this.#isRefreshing = false;
    }
  }
}
