/**
 * How this worker stands in the worker registry. Its name among peers is that of the member whose key it holds: settled
 * when the registry is first read, and not changed while it runs. Only an active one, with the very certificate that is
 * registered, is accepted by its peers; at the start a wrong certificate, or a key that was replaced, is refused here, so
 * that an operator learns it at once.
 */
import type { MemberRegistry } from "../chain/memberRegistries.ts";
import { checkChainId, type JsonRpc } from "../chain/provider.ts";
import { isCoded } from "../errors.ts";
import type { OwnerStore } from "../store/ownerStore.ts";
import type { Timers } from "../transport/timers.ts";
import { type Log, errorFields } from "./log.ts";
import { nodeError } from "./nodeError.ts";
import { waitUnlessAborted } from "./waiting.ts";

/** `active` is the only one in which peers accept it. */
export type Standing = "unknown" | "not registered" | "key replaced" | "wrong certificate" | "active";

/** Between two tries to reach the chain at the start. */
const CHAIN_RETRY_MS = 2_000;

export interface RegistrationModules {
  /** The account that signs for this worker. */
  readonly key: string;
  /** Of the certificate this worker shows, 0x-hex. */
  readonly fingerprint: string;
  readonly workers: Pick<MemberRegistry, "member" | "isActive" | "memberOf" | "everMemberOf">;
  /** Which worker the store is. */
  readonly owner: Pick<OwnerStore, "read" | "claim">;
  readonly log: Log;
}

export interface ChainToReach {
  readonly rpc: JsonRpc;
  /** What is logged of it. */
  readonly node: Readonly<Record<string, string>>;
  readonly chainId: bigint;
  readonly timers: Timers;
}

export class Registration {
  readonly #modules: RegistrationModules;
  readonly #keyChange = Promise.withResolvers<never>();
  #standing: Standing = "unknown";
  #member: string;
  #organisation: string | undefined;

  constructor(modules: RegistrationModules) {
    this.#modules = modules;
    this.#member = modules.key.toLowerCase();
    this.#keyChange.promise.catch(() => undefined);
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** The member this worker is, in lower case; the key's own account until the chain is reached, and if it knows no other. */
  get member(): string {
    return this.#member;
  }

  /** The operator's organisation, once the registry has told. */
  get organisation(): string | undefined {
    return this.#organisation;
  }

  /** Rejects with NODE_KEY_CHANGED once the key has become, or ceased to be, that of the member. */
  get keyChange(): Promise<never> {
    return this.#keyChange.promise;
  }

  /** Asks the registry; a change is logged. @throws CodedError CHAIN_UNREACHABLE */
  async check(): Promise<void> {
    const { key, fingerprint: own, workers, owner, log } = this.#modules;
    const before = this.#standing;
    const current = await workers.memberOf(key);
    const former = current === undefined ? await workers.everMemberOf(key) : undefined;
    const registered = current === undefined ? undefined : await workers.member(current);
    const isActive = current !== undefined && (await workers.isActive(current));
    this.#settle((current ?? former ?? key).toLowerCase(), former !== undefined);
    this.#organisation = registered?.organisationName ?? this.#organisation;
    if (former !== undefined) this.#standing = "key replaced";
    else if (!isActive) this.#standing = "not registered";
    else this.#standing = registered?.tlsFingerprint === own ? "active" : "wrong certificate";
    if (current !== undefined && current.toLowerCase() === this.#member) owner.claim(current);
    if (this.#standing === before) return;
    const level = this.#standing === "active" ? "info" : "alarm";
    log(level, "registration", { registration: this.#standing, own, registered: registered?.tlsFingerprint });
  }

  /**
   * Waits for the node, then refuses another chain, a key that was replaced, another worker's store, and a certificate that
   * is not the registered one.
   *
   * @throws CodedError CHAIN_WRONG_ID | NODE_KEY_REPLACED | NODE_FOREIGN_STORE | NODE_WRONG_CERTIFICATE
   */
  async reachChain({ rpc, node, chainId, timers }: ChainToReach, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await checkChainId(rpc, chainId);
        await this.check();
        break;
      } catch (error) {
        if (!isCoded(error, "CHAIN_UNREACHABLE")) throw error;
        this.#modules.log("warn", "chain-outage", { ...node, retryMs: CHAIN_RETRY_MS, ...errorFields(error) });
        await waitUnlessAborted(timers, CHAIN_RETRY_MS, signal);
      }
    }
    if (this.#standing === "key replaced") throw await this.#replacedKey();
    const owner = this.#modules.owner.read() ?? this.#member;
    if (this.#standing !== "unknown" && owner !== this.#member) throw foreignStore(owner, this.#modules.key);
    if (this.#standing === "wrong certificate") throw await this.#wrongCertificate();
  }

  #settle(member: string, isReplaced: boolean): void {
    if (this.#standing === "unknown") this.#member = member;
    else if (isReplaced || member !== this.#member) this.#keyChange.reject(keyChanged(this.#modules.key, member));
  }

  async #replacedKey(): Promise<Error> {
    const { key, workers } = this.#modules;
    const { account: member, key: current } = await workers.member(this.#member);
    return nodeError(
      { code: "NODE_KEY_REPLACED", key, member, current },
      `${key}, the key in this keystore, no longer signs for worker ${member}: ${current} does. ` +
        "Let OPALINE_KEYSTORE and OPALINE_PASSWORD_FILE name that key's keystore.",
    );
  }

  async #wrongCertificate(): Promise<Error> {
    const { fingerprint: own, workers } = this.#modules;
    const { account, tlsFingerprint: registered } = await workers.member(this.#member);
    return nodeError(
      { code: "NODE_WRONG_CERTIFICATE", own, registered },
      `The TLS certificate's fingerprint is ${own}, but ${registered} is registered for ${account}. ` +
        "Use the registered certificate, or register the new one first (setEndpoint).",
    );
  }
}

function foreignStore(owner: string, key: string): Error {
  return nodeError(
    { code: "NODE_FOREIGN_STORE", owner, key },
    `The store in OPALINE_DATA_DIR is that of worker ${owner}, whose key ${key} is not. ` +
      "If it is to be, rotate to it first (opaline worker rotate-key) and start again.",
  );
}

function keyChanged(key: string, member: string): Error {
  return nodeError(
    { code: "NODE_KEY_CHANGED", key, member },
    `The key of worker ${member} was rotated. Start again, with the keystore of its new key.`,
  );
}
