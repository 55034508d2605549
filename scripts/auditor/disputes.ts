/** `opaline auditor disputes`: the requests for which a quorum is known to have signed two things. */
import { allLogs, latestBlock, parseDispute } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { networkOptions, withNetwork } from "../connection.ts";
import { tableOf } from "../printValue.ts";
import { type Dispute, disputeOf, queryContracts } from "../querier/requestEvents.ts";

export const command = defineCommand({
  command: "auditor disputes",
  describe: "List the requests whose recorded end a quorum of workers contradicted",
  examples: [
    ["auditor disputes --json", "with what the other quorum signed; `querier answer` shows what the chain has"],
  ],
  options: networkOptions,
  handler: (options, context): Promise<readonly Dispute[]> =>
    withNetwork(options, context, async (connection) => {
      const { deployment, provider } = connection;
      const addresses = await queryContracts(connection);
      if (addresses.length === 0) return [];
      const topics = [deployment.abi("QuerySmartContract").getEvent("QueryDisputed")!.topicHash];
      const logs = await allLogs(provider, { addresses, topics }, deployment.block, await latestBlock(provider));
      return logs.flatMap((log) => {
        const found = parseDispute(deployment, log);
        return found === undefined ? [] : [disputeOf(found, log)];
      });
    }),
  print: (disputes) =>
    disputes.length === 0
      ? "no request is disputed"
      : tableOf(
          ["request", "also signed", "attempt", "block"],
          disputes.map(({ requestId, outcome, attempt, block }) => [requestId, outcome, attempt, block]),
        ),
});

if (import.meta.main) await runAlone(command);
