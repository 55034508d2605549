/** `opaline querier accept`: signs a query's agreement, once, before the first request. */
import { chainTime, querySmartContract } from "#chain";
import { ACCEPTANCE, type Acceptance, opalineDomain, signTypedData } from "#messages";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { memberOfKey } from "../memberOfKey.ts";
import { readBytes32 } from "../readOption.ts";
import { sendOrRelayed } from "../relayed.ts";
import { openActiveQuery } from "./activeQuery.ts";

/** The signature is sent at once; a day leaves room for a slow chain. */
const SIGNATURE_SECONDS = 86_400n;

export const command = defineCommand({
  command: "querier accept",
  describe: "Sign a query's agreement; needed once before you ask",
  examples: [["querier accept --query 0x… --name 'Dr R. Searcher' --keystore k.json --password-file pw", "sign it"]],
  options: {
    ...signerOptions,
    query: { type: "string", describe: "Query hash", required: true },
    name: { type: "string", describe: "Your name, as it stands on the record", required: true },
    meaning: {
      type: "string",
      describe: "What your signature means",
      default: "I have read the agreement and accept it",
    },
  },
  handler: (options, context) => {
    const queryHash = readBytes32("query", options.query);
    return withSigner(options, context, async (connection) => {
      const { deployment, provider, signer } = connection;
      const { query, publication } = await openActiveQuery(connection, queryHash);
      const contract = querySmartContract(deployment, query.queryContract, signer);
      const { agreement } = publication;
      const querier = await memberOfKey(connection, "querier", signer.address);
      if (await contract.hasAccepted(querier)) return { queryHash, agreement, alreadyAccepted: true };
      const signedAt = await chainTime(provider);
      const acceptance: Acceptance = {
        queryHash,
        agreementHash: query.agreementHash,
        querier,
        name: options.name,
        meaning: options.meaning,
        signedAt,
        nonce: await contract.nonces(querier),
        deadline: signedAt + SIGNATURE_SECONDS,
      };
      const domain = opalineDomain(deployment.chainId, contract.address);
      const signature = await signTypedData(signer, domain, ACCEPTANCE, acceptance);
      const mined = await sendOrRelayed(
        () => contract.acceptAgreement(acceptance, signature),
        () => contract.hasAccepted(querier),
      );
      if (mined === undefined) return { queryHash, agreement, alreadyAccepted: false, relayedByAnother: true };
      return { queryHash, agreement, alreadyAccepted: false, relayedByAnother: false, ...gasReport(mined) };
    });
  },
});

if (import.meta.main) await runAlone(command);
