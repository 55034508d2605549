/**
 * Who may upload now. Three things are scarce, and each is counted at the point where its user is known:
 *
 *  look-ups   certificates not seen lately are looked up a few at a time, so that strangers cost the chain's node little
 *  owners     one upload at a time per owner, and none for a growing while after each one that failed
 *  slots      bodies in memory; taken by authorised uploads only
 *
 * Adversary: strangers with any number of certificates, and registered owners that misbehave. Strangers can delay an
 * owner not seen lately, by keeping the look-ups busy; they can neither take a slot nor delay an owner seen lately.
 */
import { uploadError } from "./errors.ts";

export interface AdmissionLimits {
  /** Uploads at once; times maxUploadBytes it bounds their memory. */
  readonly maxUploads: number;
  /** Look-ups of unknown certificates at once. Each is one call of the chain's node; more would queue up there. */
  readonly maxLookUps: number;
  /** A certificate found is not looked up again so long. It only skips the queue: authority is always asked anew. */
  readonly knownOwnerMs: number;
  /** Wait after an owner's first failed upload; doubles with each further one up to the longest. */
  readonly minOwnerBackoffMs: number;
  readonly maxOwnerBackoffMs: number;
}

export const ADMISSION_LIMITS: AdmissionLimits = {
  maxUploads: 2,
  maxLookUps: 4,
  knownOwnerMs: 60_000,
  minOwnerBackoffMs: 1_000,
  maxOwnerBackoffMs: 600_000,
};

/** Certificates remembered: far more than owners that upload within a minute; the oldest gives way. */
const MAX_KNOWN = 1_024;

interface Failures {
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly until: number;
}

export interface AdmissionModules {
  /** The account whose registered certificate this is, active or not. */
  readonly ownerOf: (fingerprint: string) => Promise<string | undefined>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export class UploadAdmission {
  readonly #modules: AdmissionModules;
  readonly #limits: AdmissionLimits;
  readonly #known = new Map<string, { readonly owner: string; readonly until: number }>();
  readonly #busy = new Set<string>();
  /** Keyed by owner, thus no larger than the registry. */
  readonly #failures = new Map<string, Failures>();
  #lookUps = 0;
  #slots = 0;

  constructor(modules: AdmissionModules, limits: AdmissionLimits) {
    this.#modules = modules;
    this.#limits = limits;
  }

  /**
   * Whose certificate this is.
   * @throws CodedError UPLOAD_UNKNOWN_CERTIFICATE, UPLOAD_BUSY
   */
  async identify(fingerprint: string): Promise<string> {
    const { now, ownerOf } = this.#modules;
    const known = this.#known.get(fingerprint);
    if (known !== undefined && now() < known.until) return known.owner;
    const { maxLookUps, knownOwnerMs } = this.#limits;
    if (this.#lookUps >= maxLookUps) throw busy("look-ups", maxLookUps);
    this.#lookUps += 1;
    try {
      const owner = (await ownerOf(fingerprint))?.toLowerCase();
      this.#known.delete(fingerprint);
      if (owner === undefined) {
        throw uploadError({ code: "UPLOAD_UNKNOWN_CERTIFICATE", fingerprint }, `no data owner has ${fingerprint}`);
      }
      if (this.#known.size >= MAX_KNOWN) this.#known.delete(this.#known.keys().next().value!);
      this.#known.set(fingerprint, { owner, until: now() + knownOwnerMs });
      return owner;
    } finally {
      this.#lookUps -= 1;
    }
  }

  /**
   * Runs this owner's only upload.
   * @throws CodedError UPLOAD_BUSY, UPLOAD_BACKED_OFF, and what `run` throws
   */
  async asOwner<T>(owner: string, run: () => Promise<T>): Promise<T> {
    if (this.#busy.has(owner)) throw busy("uploads of one owner", 1);
    const waitMs = (this.#failures.get(owner)?.until ?? 0) - this.#modules.now();
    if (waitMs > 0) {
      throw uploadError(
        { code: "UPLOAD_BACKED_OFF", waitMs },
        `uploads have failed; the next may come in ${waitMs} ms`,
      );
    }
    this.#busy.add(owner);
    try {
      return await run();
    } finally {
      this.#busy.delete(owner);
    }
  }

  /**
   * Runs an authorised upload in a slot; its outcome counts for the owner.
   * @param isOwnersFault whether an error of `run` is
   * @throws CodedError UPLOAD_BUSY, and what `run` throws
   */
  async inSlot<T>(owner: string, run: () => Promise<T>, isOwnersFault: (error: unknown) => boolean): Promise<T> {
    const { maxUploads } = this.#limits;
    if (this.#slots >= maxUploads) throw busy("uploads", maxUploads);
    this.#slots += 1;
    try {
      const outcome = await run();
      this.#failures.delete(owner);
      return outcome;
    } catch (error) {
      if (isOwnersFault(error)) this.#failed(owner);
      throw error;
    } finally {
      this.#slots -= 1;
    }
  }

  #failed(owner: string): void {
    const { minOwnerBackoffMs, maxOwnerBackoffMs } = this.#limits;
    const count = (this.#failures.get(owner)?.count ?? 0) + 1;
    const waitMs = Math.min(maxOwnerBackoffMs, minOwnerBackoffMs * 2 ** Math.min(count - 1, 30));
    this.#failures.set(owner, { count, until: this.#modules.now() + waitMs });
  }
}

function busy(limit: "look-ups" | "uploads" | "uploads of one owner", maximum: number): Error {
  return uploadError({ code: "UPLOAD_BUSY", limit, maximum }, `${maximum} ${limit} under way; try again`);
}
