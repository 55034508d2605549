/** `opaline querier expire`: ends a request that nobody answered in time, and takes its price back. */
import { Capacity, RequestState, credits, querySmartContract } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { etherText } from "../etherText.ts";
import { gasReport } from "../gasReport.ts";
import { memberOfKey } from "../memberOfKey.ts";
import { textOf } from "../printValue.ts";
import { readBytes32 } from "../readOption.ts";
import { sendOrRelayed } from "../relayed.ts";
import { readRequestEvents } from "./requestEvents.ts";

export const command = defineCommand({
  command: "querier expire",
  describe: "End an unanswered request past its deadline; the price goes back to its querier",
  examples: [["querier expire --request 0x… --keystore k.json --password-file pw", "refunded, visible as expired"]],
  options: { ...signerOptions, request: { type: "string", describe: "Request id", required: true } },
  handler: (options, context) => {
    const requestId = readBytes32("request", options.request);
    return withSigner(options, context, async (connection) => {
      const { deployment, signer } = connection;
      const { queryContract, requested } = await readRequestEvents(connection, requestId);
      const contract = querySmartContract(deployment, queryContract, signer);
      // Past the deadline the workers expire it, too; the price is still to be taken.
      const mined = await sendOrRelayed(
        () => contract.expire(requested),
        async () => (await contract.requestOf(requestId)).state === RequestState.EXPIRED,
      );
      const purse = credits(deployment, signer);
      // Whoever ends the request, only its querier can take the money, with the key it has now.
      const isOwn = (await memberOfKey(connection, "querier", signer.address)) === requested.querier;
      const refunded = isOwn ? await purse.credit(Capacity.QUERIER, requested.querier) : 0n;
      if (refunded > 0n) await purse.withdraw(Capacity.QUERIER);
      const value = { requestId, state: "EXPIRED", refunded, expiredByAnother: mined === undefined };
      return mined === undefined ? value : { ...value, ...gasReport(mined) };
    });
  },
  print: ({ refunded, ...rest }) => textOf({ ...rest, refunded: etherText(refunded) }),
});

if (import.meta.main) await runAlone(command);
