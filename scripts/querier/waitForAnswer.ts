/** Waits for a request to end: answered, refused or expired by somebody, or overdue; and for the keys of a sealed answer. */
import { setTimeout as sleep } from "node:timers/promises";
import { RequestState, latestBlock, querySmartContract } from "#chain";
import { CodedError, isCoded } from "#errors";
import type { CommandContext } from "../command.ts";
import type { Connection } from "../connection.ts";
import type { QuerierErrorDetail } from "./activeQuery.ts";
import { type AnswerReport, type ReadOptions, readCommand, reportAnswer } from "./answerReport.ts";
import type { Requested } from "./requestEvents.ts";

/** Blocks come once a second or slower; asking oftener would only load the node. */
const POLL_MS = 250;
/** Often enough to see that it lives; an answer usually comes first. */
const LOG_EVERY_MS = 10_000;
/** Workers publish keys once they have confirmed the answer, which takes them some blocks. */
const KEYS_WAIT_MS = 120_000;

/** @throws CodedError REQUEST_OVERDUE past the deadline, COMMAND_INTERRUPTED when the user gives up waiting */
export async function waitForAnswer(
  { deployment, provider }: Connection,
  queryContract: string,
  { requestId, deadlineBlock }: Pick<Requested, "requestId" | "deadlineBlock">,
  { log, now, signal }: CommandContext,
): Promise<void> {
  const contract = querySmartContract(deployment, queryContract, provider);
  let loggedAtMs = -Infinity;
  for (;;) {
    const block = await latestBlock(provider);
    const { state } = await contract.requestOf(requestId);
    if (state !== RequestState.REQUESTED) return;
    if (BigInt(block) > deadlineBlock) {
      throw new CodedError<QuerierErrorDetail>(
        { code: "REQUEST_OVERDUE", requestId, deadlineBlock: deadlineBlock.toString() },
        `request ${requestId} was not answered by block ${deadlineBlock}; \`opaline querier expire\` returns its price`,
      );
    }
    if (now() - loggedAtMs >= LOG_EVERY_MS) {
      log(
        `block ${block}: waiting for the workers (deadline: block ${deadlineBlock}; unanswered by then, the price comes back)`,
      );
      loggedAtMs = now();
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => {
      log(`the request goes on; read it with \`opaline querier answer --request ${requestId}\``);
      signal.throwIfAborted();
    });
  }
}

/** @throws CodedError ANSWER_KEYS_PENDING when keys are still missing after some time, and what `reportAnswer` throws */
export async function waitForKeys(
  connection: Connection,
  requestId: string,
  options: ReadOptions,
  { log, now, signal }: CommandContext,
): Promise<AnswerReport> {
  const from = now();
  let loggedAtMs = -Infinity;
  for (;;) {
    try {
      return await reportAnswer(connection, requestId, options);
    } catch (error) {
      if (!isCoded(error, "ANSWER_KEYS_PENDING") || now() - from > KEYS_WAIT_MS) throw error;
      if (now() - loggedAtMs >= LOG_EVERY_MS) {
        log("answered; waiting for the workers to publish its keys");
        loggedAtMs = now();
      }
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => {
      log(`the request is answered and paid; read it with \`${readCommand(requestId)}\``);
      signal.throwIfAborted();
    });
  }
}
