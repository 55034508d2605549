/**
 * How this worker stands in the worker registry. Only an active one, with the very certificate that is registered, is
 * accepted by its peers; at the start a wrong certificate is refused here, so that an operator learns it at once.
 */
import type { MemberRegistry } from "../chain/memberRegistries.ts";
import { checkChainId, type JsonRpc } from "../chain/provider.ts";
import { isCoded } from "../errors.ts";
import type { Timers } from "../transport/timers.ts";
import { type Log, errorFields } from "./log.ts";
import { nodeError } from "./nodeError.ts";
import { waitUnlessAborted } from "./waiting.ts";

/** `active` is the only one in which peers accept it. */
export type Standing = "unknown" | "not registered" | "wrong certificate" | "active";

/** Between two tries to reach the chain at the start. */
const CHAIN_RETRY_MS = 2_000;

export interface RegistrationModules {
  readonly address: string;
  /** Of the certificate this worker shows, 0x-hex. */
  readonly fingerprint: string;
  readonly workers: Pick<MemberRegistry, "member" | "isActive">;
  readonly log: Log;
}

export interface ChainToReach {
  readonly rpc: JsonRpc;
  readonly chainId: bigint;
  readonly timers: Timers;
}

export class Registration {
  readonly #modules: RegistrationModules;
  #standing: Standing = "unknown";
  #organisation: string | undefined;

  constructor(modules: RegistrationModules) {
    this.#modules = modules;
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** The operator's organisation, once the registry has told. */
  get organisation(): string | undefined {
    return this.#organisation;
  }

  /** Asks the registry; a change is logged. @throws CodedError CHAIN_UNREACHABLE */
  async check(): Promise<void> {
    const { address, fingerprint: own, workers, log } = this.#modules;
    const before = this.#standing;
    let registered: string | undefined;
    try {
      const member = await workers.member(address);
      this.#organisation = member.organisationName;
      registered = member.tlsFingerprint;
    } catch (error) {
      if (!isCoded(error, "CHAIN_REVERTED")) throw error;
    }
    const isActive = registered !== undefined && (await workers.isActive(address));
    this.#standing = !isActive ? "not registered" : registered === own ? "active" : "wrong certificate";
    if (this.#standing === before) return;
    const level = this.#standing === "active" ? "info" : "alarm";
    log(level, "registration", { registration: this.#standing, own, registered });
  }

  /**
   * Waits for the node, then refuses another chain and a certificate that is not the registered one.
   *
   * @throws CodedError CHAIN_WRONG_ID | NODE_WRONG_CERTIFICATE
   */
  async reachChain({ rpc, chainId, timers }: ChainToReach, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await checkChainId(rpc, chainId);
        await this.check();
        break;
      } catch (error) {
        if (!isCoded(error, "CHAIN_UNREACHABLE")) throw error;
        this.#modules.log("warn", "chain-outage", { retryMs: CHAIN_RETRY_MS, ...errorFields(error) });
        await waitUnlessAborted(timers, CHAIN_RETRY_MS, signal);
      }
    }
    if (this.#standing === "wrong certificate") throw await this.#wrongCertificate();
  }

  async #wrongCertificate(): Promise<Error> {
    const { address, fingerprint: own, workers } = this.#modules;
    const { tlsFingerprint: registered } = await workers.member(address);
    return nodeError(
      { code: "NODE_WRONG_CERTIFICATE", own, registered },
      `The TLS certificate's fingerprint is ${own}, but ${registered} is registered for ${address}. ` +
        "Use the registered certificate, or register the new one first (setEndpoint).",
    );
  }
}
