/** What a consent says, as hospitals and participants type it: given for which purposes and until when, or taken back. */
import { chainTime, type ConsentForm, type ConsentRegistry, type JsonRpc } from "#chain";
import type { ConsentRecord } from "#messages";
import { purposeCode } from "./purposes.ts";
import { invalidOption, readLastSecond } from "./readOption.ts";

export const scopeOptions = {
  give: { type: "boolean", describe: "Give consent" },
  withdraw: { type: "boolean", describe: "Take consent back, whatever it was" },
  purpose: { type: "strings", describe: "Purpose that consent is given for, e.g. DUO:0000007; repeat for more" },
  futureUse: { type: "boolean", describe: "Also for purposes that are not named" },
  expires: { type: "string", describe: "Last valid day of the consent, YYYY-MM-DD (default: without end)" },
} as const;

interface ScopeOptionValues {
  readonly give: boolean;
  readonly withdraw: boolean;
  readonly purpose: readonly string[];
  readonly futureUse: boolean;
  readonly expires?: string | undefined;
}

export type Scope = Pick<ConsentRecord, "given" | "purposes" | "futureUse" | "expiry">;

const MOST_PURPOSES = 16;

/** @throws CodedError OPTION_INVALID | PURPOSE_INVALID */
export function readScope({ give, withdraw, purpose, futureUse, expires }: ScopeOptionValues): Scope {
  if (give === withdraw) throw invalidOption("give", "either --give or --withdraw");
  if (withdraw) {
    for (const [option, isGiven] of [
      ["purpose", purpose.length > 0],
      ["future-use", futureUse],
      ["expires", expires !== undefined],
    ] as const) {
      if (isGiven) throw invalidOption(option, "nothing: --withdraw takes back everything, and leaves it out");
    }
    return { given: false, purposes: [], futureUse: false, expiry: 0n };
  }
  if (purpose.length > MOST_PURPOSES) throw invalidOption("purpose", `at most ${MOST_PURPOSES} purposes`);
  const expiry = expires === undefined ? 0n : readLastSecond("expires", expires);
  return { given: true, purposes: purpose.map(purposeCode), futureUse, expiry };
}

/** By the chain's clock. @throws CodedError OPTION_INVALID */
export async function requireFuture(rpc: JsonRpc, { expiry }: Scope): Promise<void> {
  if (expiry !== 0n && expiry <= (await chainTime(rpc))) throw invalidOption("expires", "a day to come");
}

/** Purposes of the study that a consent would not cover: of such a row no request may make use. */
export function uncovered({ given, purposes, futureUse }: Scope, wanted: readonly string[]): string[] {
  if (!given || futureUse) return [];
  const named = new Set(purposes.map((code) => code.toLowerCase()));
  return wanted.filter((code) => !named.has(code.toLowerCase()));
}

/** The newest form of these that consent may be given under; undefined for none. */
export async function usableForm(
  consents: ConsentRegistry,
  studyId: string,
  isWanted: (form: ConsentForm) => boolean,
): Promise<ConsentForm | undefined> {
  const { leastForm } = await consents.rules(studyId);
  const forms = await consents.forms(studyId);
  return forms.findLast((form) => form.form >= leastForm && isWanted(form));
}
