/**
 * Everything of a worker that touches the machine besides what `WorkerModules` brings: timers, the chain's node, disk and
 * sockets. `main.ts` passes the machine's own; the simulator runs the same worker on others.
 */
import type WebSocket from "ws";
import { nodeTimers, type Timers } from "../transport/timers.ts";
import { type Store, type StoreOptions, openStore } from "../store/openStore.ts";
import { Endpoint, type EndpointOptions } from "../transport/endpoint.ts";
import { type OpenSocket, openPinnedSocket } from "../transport/openSocket.ts";
import type { Configuration } from "./configuration.ts";
import { type ControlCommands, ControlSocket } from "./control.ts";
import { type WorkerChain, openWorkerChain } from "./workerChain.ts";

export interface WorkerEdges {
  readonly timers: Timers;
  /** Asks the chain nothing yet. @throws CodedError CHAIN_DEPLOYMENT | CHAIN_WRONG_ID */
  openChain(configuration: Configuration): WorkerChain;
  /** @throws CodedError STORE_* */
  openStore(path: string, options: StoreOptions): Store;
  createEndpoint(options: EndpointOptions): Pick<Endpoint, "port" | "onPeer" | "start" | "stop">;
  createControl(path: string, commands: ControlCommands): Pick<ControlSocket, "start" | "stop">;
  readonly openSocket: OpenSocket<WebSocket>;
}

/** A real machine's. */
export const MACHINE_EDGES: WorkerEdges = {
  timers: nodeTimers,
  openChain: openWorkerChain,
  openStore,
  createEndpoint: (options) => new Endpoint(options),
  createControl: (path, commands) => new ControlSocket(path, commands),
  openSocket: openPinnedSocket,
};
