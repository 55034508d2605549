/**
 * A worker's connection to its chain's node: ethers' own provider, whose requests go to the model chain after a delay, or
 * fail. Node and worker are two machines: a dead worker's requests are never answered, one that was sent is carried out.
 */
import { JsonRpcProvider, makeError } from "ethers";
import { CHAIN_ID } from "./modelDeployment.ts";
import { type ModelRpc, RpcRevert } from "./modelRpc.ts";
import type { Choices } from "./seededChoices.ts";
import type { Incarnation } from "./simulatedMesh.ts";
import type { VirtualTime } from "./virtualTime.ts";

/** How one worker's node is. */
export interface NodeHealth {
  /** flaky: a third of all requests fail, half of these after they were carried out. */
  state: "up" | "refusing" | "silent" | "flaky";
  /** Newest blocks that it has not seen. */
  lag: number;
}

/** As `REQUEST_TIMEOUT_MS` of `workers/chain/provider.ts`. */
const TIMEOUT_MS = 15_000;
/** Between looks for a receipt: rarer than the service's 50 ms, which would be most of a simulation's events. */
const RECEIPT_POLL_MS = 500;

export interface ProviderParts {
  readonly time: VirtualTime;
  readonly choices: Choices;
  readonly rpc: ModelRpc;
  readonly incarnation: Incarnation;
  readonly health: NodeHealth;
}

export class SimulatedProvider extends JsonRpcProvider {
  readonly #parts: ProviderParts;

  constructor(parts: ProviderParts) {
    const options = { staticNetwork: true, batchMaxCount: 1, cacheTimeout: -1, pollingInterval: RECEIPT_POLL_MS };
    super("http://model.invalid", CHAIN_ID, options);
    this.#parts = parts;
  }

  override async send(method: string, given: unknown[] | Record<string, unknown>): Promise<unknown> {
    const { time, choices, rpc, health, incarnation } = this.#parts;
    const params = given as unknown[];
    if (!incarnation.alive) return never();
    await time.sleep(choices.whole(1, 15));
    const { state } = health;
    if (state === "silent") await time.sleep(TIMEOUT_MS);
    const isLost = state === "flaky" && choices.chance(1 / 6);
    const isRefused = state === "refusing" || state === "silent" || (state === "flaky" && choices.chance(1 / 6));
    const answer = isRefused ? undefined : outcomeOf(() => rpc.answer(method, params, health.lag));
    await time.sleep(choices.whole(1, 15));
    if (!incarnation.alive) return never();
    if (answer === undefined || isLost) {
      throw makeError("the node does not answer", state === "silent" ? "TIMEOUT" : "SERVER_ERROR");
    }
    if (answer.ok) return answer.value;
    if (!(answer.error instanceof RpcRevert)) throw answer.error;
    const error = { code: 3, message: answer.error.message, data: answer.error.data };
    throw this.getRpcError({ method, params, id: 1, jsonrpc: "2.0" }, { id: 1, error });
  }
}

function outcomeOf(
  work: () => unknown,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown } {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    return { ok: false, error };
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
