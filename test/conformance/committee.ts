/** Three workers of which one may lie, over the loopback network: one attempt of one request at a time. */
import { createHash } from "node:crypto";

import { bn254Fr } from "../../workers/field/bn254Fr.ts";
import type { RandomBytes } from "../../workers/field/field.ts";
import { agreeKeys } from "../../workers/protocols/agreeKeys.ts";
import { loopbackNetworks } from "../../workers/protocols/loopback.ts";
import type { ProtocolSession } from "../../workers/protocols/session.ts";
import { partiesOf } from "../../workers/sharing/parties.ts";

export const COMMITTEE = { n: 3, t: 1 } as const;
export const EPOCH = 1n;

const CHAIN_ID = 31_337n;
const CONTRACT = `0x${"c0".repeat(20)}`;
/** All workers share one thread here: a round waits for the others' arithmetic. */
const TIMEOUT_MS = 600_000;

/**
 * Agrees fresh keys and runs the program at every worker; what they end with, in their order.
 *
 * @param name of the request
 * @throws whatever the first worker that failed met
 */
export async function runCommittee<Value>(
  name: string,
  randomBytes: RandomBytes,
  program: (session: ProtocolSession) => Promise<Value>,
): Promise<Value[]> {
  const { n, t } = COMMITTEE;
  const requestId = `0x${createHash("sha256").update(name).digest("hex")}`;
  const context = { chainId: CHAIN_ID, contract: CONTRACT, requestId, attempt: 1n, epoch: EPOCH, t };
  const networks = loopbackNetworks(partiesOf(n), { timeoutMs: TIMEOUT_MS });
  return Promise.all(
    networks.map(async (network) => {
      const field = bn254Fr.group();
      try {
        const keys = await agreeKeys(network, context, randomBytes);
        return await program({ network, field, t, keys });
      } catch (error) {
        network.close(); // as a worker ends its session
        throw error;
      } finally {
        field.releaseAll();
      }
    }),
  );
}
