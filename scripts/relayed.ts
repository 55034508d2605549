/**
 * A signature that is sent to be recorded is public from the moment it is sent: anyone may copy it and be first. What
 * was signed is then on chain all the same, and only our own transaction fails on the used nonce.
 */
import type { Mined } from "#chain";
import { isCoded } from "#errors";

/**
 * @param recorded whether the chain has what was signed; false before it was sent
 * @returns undefined when another's transaction with the same signature was first
 * @throws what `send` throws, unless the chain has it
 */
export async function sendOrRelayed(
  send: () => Promise<Mined>,
  recorded: () => Promise<boolean>,
): Promise<Mined | undefined> {
  try {
    return await send();
  } catch (error) {
    // In the same block there is no reason to read, only a failed transaction: every refusal asks the chain.
    if (isCoded(error, "CHAIN_REVERTED") && (await recorded())) return undefined;
    throw error;
  }
}
