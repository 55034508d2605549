/** Waits for a request to end: answered, refused or expired by somebody, or overdue. */
import { setTimeout as sleep } from "node:timers/promises";
import { RequestState, latestBlock, querySmartContract } from "#chain";
import { CodedError } from "#errors";
import type { CommandContext } from "../command.ts";
import type { Connection } from "../connection.ts";
import type { QuerierErrorDetail } from "./activeQuery.ts";

/** Blocks come once a second or slower; asking oftener would only load the node. */
const POLL_MS = 250;

/** @throws CodedError REQUEST_OVERDUE past the deadline, COMMAND_INTERRUPTED when the user gives up waiting */
export async function waitForAnswer(
  { deployment, provider }: Connection,
  queryContract: string,
  requestId: string,
  { log, signal }: CommandContext,
): Promise<void> {
  const contract = querySmartContract(deployment, queryContract, provider);
  let lastBlock = -1;
  for (;;) {
    const block = await latestBlock(provider);
    const { state, deadlineBlock } = await contract.requestOf(requestId);
    if (state !== RequestState.REQUESTED) return;
    if (BigInt(block) > deadlineBlock) {
      throw new CodedError<QuerierErrorDetail>(
        { code: "REQUEST_OVERDUE", requestId, deadlineBlock: deadlineBlock.toString() },
        `request ${requestId} was not answered by block ${deadlineBlock}; \`opaline querier expire\` returns its price`,
      );
    }
    if (block !== lastBlock) log(`block ${block}: waiting for the workers (deadline: block ${deadlineBlock})`);
    lastBlock = block;
    await sleep(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
