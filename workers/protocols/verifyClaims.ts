/**
 * Verifies whatever the session has reduced since the last time, all at once. Against at most t malicious of 2t + 1
 * workers, as `verifyProducts.ts` says; after it, and only after it, shares of results may open (`openShares.ts`).
 */
import { ledgerOf } from "./claimLedger.ts";
import type { ProtocolSession } from "./session.ts";
import type { Transcript } from "./transcript.ts";
import { verifyProducts } from "./verifyProducts.ts";

/**
 * Rounds and elements are those of `verifyProducts`; none when nothing was claimed. If it throws, nothing but masked values
 * was opened, and nothing else can be opened with these keys any more.
 *
 * @param step names the rounds and the masks: unique within the session's keys
 * @throws CodedError PROTOCOL_PRODUCTS_WRONG | PROTOCOL_TRANSCRIPT_MISMATCH | PROTOCOL_INCONSISTENT_OPENING | PROTOCOL_* |
 *   NETWORK_*
 */
export async function verifyClaims(session: ProtocolSession, transcript: Transcript, step: string): Promise<void> {
  const ledger = ledgerOf(session);
  const { products, innerProducts } = ledger.claims;
  if (products.length + innerProducts.length === 0) return;
  await verifyProducts(session, products, innerProducts, transcript, step);
  ledger.settle(session.field);
}
