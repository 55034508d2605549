/**
 * The consensus layer of a chain with one validator: asks a client for blocks through its Engine API, authenticated as that
 * API's specification wants it (a JWT by HMAC-SHA-256 over a shared secret).
 * https://github.com/ethereum/execution-apis/tree/main/src/engine
 */
import { createHmac, randomBytes } from "node:crypto";

export interface Head {
  readonly hash: string;
  readonly number: number;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

interface Payload {
  readonly blockHash: string;
  readonly blockNumber: string;
  readonly timestamp: string;
  readonly transactions: readonly string[];
}

interface ForkChoice {
  readonly payloadStatus: PayloadStatus;
  readonly payloadId: string | null;
}
interface PayloadStatus {
  readonly status: string;
  readonly validationError: string | null;
}

const NOTHING = `0x${"0".repeat(64)}`;
const FEE_RECIPIENT = `0x${"11".repeat(20)}`;

/** One JSON-RPC call. @throws Error with the node's words, or as `fetch` does when there is no node */
export async function callRpc(url: string, method: string, params: readonly unknown[], token = ""): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  if (!response.ok) throw new Error(`${method}: HTTP ${response.status}`);
  const { result, error } = (await response.json()) as { readonly result?: unknown; readonly error?: unknown };
  if (error !== undefined && error !== null) throw new Error(`${method}: ${JSON.stringify(error)}`);
  return result;
}

function webToken(secret: Uint8Array, issuedAt: number): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
  const signed = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({ iat: issuedAt })}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

export class EngineApi {
  readonly #url: string;
  readonly #secret: Uint8Array;
  /** Hash of the block that is final for ever; every other one may still be replaced. */
  readonly #finalised: string;

  constructor(url: string, secret: Uint8Array, finalised: string) {
    this.#url = url;
    this.#secret = secret;
    this.#finalised = finalised;
  }

  /** Builds a block on `parent` from the pool's transactions. Nobody else sees it before `adopt`. */
  async build(parent: Head): Promise<Payload> {
    const timestamp = Math.max(parent.timestamp + 1, Math.floor(Date.now() / 1_000));
    const { payloadId } = await this.#choose(parent.hash, {
      timestamp: `0x${timestamp.toString(16)}`,
      // Never the same block twice, also on the same parent in the same second.
      prevRandao: `0x${randomBytes(32).toString("hex")}`,
      suggestedFeeRecipient: FEE_RECIPIENT,
      withdrawals: [],
      parentBeaconBlockRoot: NOTHING,
    });
    if (payloadId === null) throw new Error(`the client builds nothing on block ${parent.number}`);
    const { executionPayload } = (await this.#call("engine_getPayloadV3", [payloadId])) as {
      readonly executionPayload: Payload;
    };
    return executionPayload;
  }

  /** Has the client execute the block and makes it the head. */
  async adopt(payload: Payload): Promise<Head> {
    assertValid((await this.#call("engine_newPayloadV3", [payload, [], NOTHING])) as PayloadStatus);
    await this.#choose(payload.blockHash, null);
    const { blockHash: hash, blockNumber, timestamp } = payload;
    return { hash, number: Number(blockNumber), timestamp: Number(timestamp) };
  }

  async #choose(head: string, attributes: object | null): Promise<ForkChoice> {
    const state = { headBlockHash: head, safeBlockHash: this.#finalised, finalizedBlockHash: this.#finalised };
    const chosen = (await this.#call("engine_forkchoiceUpdatedV3", [state, attributes])) as ForkChoice;
    assertValid(chosen.payloadStatus);
    return chosen;
  }

  #call(method: string, params: readonly unknown[]): Promise<unknown> {
    return callRpc(this.#url, method, params, webToken(this.#secret, Math.floor(Date.now() / 1_000)));
  }
}

function assertValid({ status, validationError }: PayloadStatus): void {
  if (status !== "VALID")
    throw new Error(`the client finds a block ${status}: ${validationError ?? "no reason given"}`);
}
