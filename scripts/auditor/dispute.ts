/**
 * `opaline auditor dispute`: has the chain record that a quorum of workers also signed another outcome or other outputs of a request
 * than it has. Nothing of the answer or its money changes; whoever reads the answer is told.
 */
import { type Mined, eventOf, querySmartContract } from "#chain";
import { Outcome, type SignedVerdict } from "#messages";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { type SignerConnection, signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { nameOf } from "../nameOf.ts";
import { type RequestEvents, endedOf, readRequestEvents } from "../querier/requestEvents.ts";
import { readBytes32 } from "../readOption.ts";
import { checkDispute, readDisputeFile } from "./disputeFile.ts";

export const command = defineCommand({
  command: "auditor dispute",
  describe: "Prove that a quorum of workers also signed something else than the chain has of a request",
  examples: [
    [
      "auditor dispute --request 0x… --evidence dispute-0x….json --keystore k.json --password-file pw",
      "a file of a worker's data folder (docs/auditors.md); anyone may bring it, once for each request",
    ],
  ],
  options: {
    ...signerOptions,
    request: { type: "string", describe: "Request id", required: true },
    evidence: { type: "string", describe: "JSON file with the verdict and its signatures", required: true },
  },
  handler: (options, context) => {
    const requestId = readBytes32("request", options.request);
    const file = context.resolve(options.evidence);
    const signed = readDisputeFile(file);
    return withSigner(options, context, async (connection) => {
      const events = await readRequestEvents(connection, requestId);
      if (events.dispute !== undefined) return { alreadyDisputed: true, ...events.dispute };
      const counting = await checkDispute(connection, events, { file, signed }, context.log);
      const mined = await post(connection, events, counting);
      const { attempt, outcome } = counting.verdict;
      const { statement } = eventOf(mined, "QueryDisputed").args;
      const workers = counting.signatures.map(({ index }) => index);
      const place = { requestId, attempt, outcome: nameOf(Outcome, outcome), statement: String(statement), workers };
      return { alreadyDisputed: false, ...place, ...gasReport(mined) };
    });
  },
});

/** Whatever the contract asks for besides the evidence is taken from the chain, here. */
function post(
  { deployment, signer }: SignerConnection,
  events: RequestEvents,
  { verdict, signatures }: SignedVerdict,
): Promise<Mined> {
  return querySmartContract(deployment, events.queryContract, signer).dispute(endedOf(events), verdict, signatures);
}

if (import.meta.main) await runAlone(command);
