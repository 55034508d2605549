/** `opaline querier request`: asks a vetted query with parameters, pays, and waits for the answer. */
import { toBigInt } from "ethers";
import { datasetRegistry, eventOf, querySmartContract } from "#chain";
import { CodedError } from "#errors";
import { ReleaseClass, encodeParameters } from "#messages";
import { bindParameters } from "#query";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { type Connection, signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { mapBounded } from "../mapBounded.ts";
import { memberOfKey } from "../memberOfKey.ts";
import { openDescriptor } from "../query.ts";
import { readBytes32 } from "../readOption.ts";
import { readAll } from "../study.ts";
import { type QuerierErrorDetail, openActiveQuery } from "./activeQuery.ts";
import { answeredBefore } from "./answeredBefore.ts";
import { printReport } from "./printReport.ts";
import { readParameters } from "./readParameters.ts";
import { refuseEmptySet } from "./refuseEmptySet.ts";
import { refuseUntold } from "./refuseUntold.ts";
import type { Requested } from "./requestEvents.ts";
import { readRecipients, recipientKey } from "./unseal.ts";
import { waitForAnswer, waitForKeys } from "./waitForAnswer.ts";

/** Questions to the node at a time. */
const AT_ONCE = 8;

export const command = defineCommand({
  command: "querier request",
  describe: "Ask a vetted query: check parameters, pay, wait for the workers, print the answer",
  examples: [
    [
      "querier request --query 0x… --parameter lo=40 --parameter hi=64 --parameter marker=EGFR " +
        "--keystore k.json --password-file pw",
      "over all datasets of the study",
    ],
    [
      "querier request --query 0x… --seal-to 0x02… --keystore k.json --password-file pw",
      "sealed: only who holds that key can read it, not even you (add --seal-to me)",
    ],
    ["querier request --query 0x… --no-wait --keystore k.json --password-file pw", "read it later: querier answer"],
  ],
  options: {
    ...signerOptions,
    query: { type: "string", describe: "Query hash", required: true },
    parameter: { type: "strings", describe: "name=value, once per parameter" },
    dataset: { type: "strings", describe: "Ask these datasets only (default: all of the study that were not retired)" },
    sealTo: {
      type: "strings",
      describe: "Seal the answer to this public key (`me`: yours), once per recipient; without it anyone can read it",
    },
    wait: { type: "boolean", describe: "Wait for the answer", default: true },
  },
  handler: (options, context) => {
    const queryHash = readBytes32("query", options.query);
    const given = readParameters(options.parameter);
    const chosen = options.dataset.map((id) => readBytes32("dataset", id));
    return withSigner(options, context, async (connection) => {
      const { deployment, signer } = connection;
      await memberOfKey(connection, "querier", signer.address);
      const open = await openActiveQuery(connection, queryHash);
      const { query, bounds, study } = open;
      const values = bindParameters(bounds, study.schema, given);
      const descriptor = await openDescriptor(connection, queryHash);
      // Whether they select anyone is read of sets that can be told.
      refuseUntold(open, descriptor, values);
      refuseEmptySet(open, descriptor, values);
      const recipients = readRecipients(options.sealTo, signer);
      if (recipients.length > 0) context.log(sealedTo(recipients, recipientKey(signer)));
      const datasetIds = chosen.length > 0 ? chosen.sort() : await activeDatasets(connection, query.studyId);
      const contract = querySmartContract(deployment, query.queryContract, signer);
      const parameters = encodeParameters(values);
      const before = await answeredBefore(connection, query.queryContract, { parameters, datasetIds });
      if (before !== undefined) context.log(answeredAlready(before));
      const mined = await contract.request(
        toBigInt(context.randomBytes(8)),
        parameters,
        datasetIds,
        recipients.length === 0 ? ReleaseClass.PUBLIC : ReleaseClass.SEALED,
        recipients,
        study.policy.price,
      );
      const { args } = eventOf(mined, "QueryRequested");
      const [requestId, deadlineBlock] = [String(args["requestId"]), BigInt(args["deadlineBlock"] as bigint)];
      context.log(`request ${requestId} is in block ${mined.block}`);
      const { queryContract } = query;
      const reader = recipients.includes(recipientKey(signer)) ? signer : undefined;
      const read = { queryContract, reader: options.wait ? reader : undefined };
      if (options.wait) await waitForAnswer(connection, queryContract, { requestId, deadlineBlock }, context);
      return { ...(await waitForKeys(connection, requestId, read, context)), request: gasReport(mined) };
    });
  },
  print: printReport,
  // Without waiting, a request that is made is all that was wanted.
  succeeded: ({ state }) => state === "ANSWERED" || state === "REQUESTED",
});

/** Before it is paid: a mistyped key can be a key all the same, and the answer is then nobody's for ever. */
function sealedTo(recipients: readonly string[], own: string): string {
  const self = recipients.includes(own) ? "you are one of them" : "you are not one of them, and cannot read it";
  return `the answer will be sealed to ${recipients.join(", ")}; ${self}`;
}

/** Said, not refused: data may have come since. */
function answeredAlready({ requestId, context }: Requested): string {
  return (
    `the very same was answered over the data of block ${context.requestBlock}: \`opaline querier answer --request ${requestId}\` ` +
    "reads that for nothing; asking again pays again"
  );
}

/** Those not retired, ascending by id, as the contract wants them. @throws CodedError QUERY_NO_DATASETS */
async function activeDatasets({ deployment, provider }: Connection, studyId: string): Promise<string[]> {
  const registry = datasetRegistry(deployment, provider);
  const ids = await readAll(registry.count(studyId), (offset, limit) => registry.datasets(studyId, offset, limit));
  const retired = await mapBounded(ids, AT_ONCE, (id) => registry.isRetired(id));
  const active = ids.filter((_, index) => !retired[index]);
  if (active.length > 0) return active.sort();
  throw new CodedError<QuerierErrorDetail>(
    { code: "QUERY_NO_DATASETS", studyId },
    `study ${studyId} has no active dataset`,
  );
}

if (import.meta.main) await runAlone(command);
