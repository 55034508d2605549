/** One query in the place of another: declared by the author of both, or by the consortium. */
import { type QueryCatalogue, queryCatalogue } from "#chain";
import { defineCommand } from "./command.ts";
import { type SignerConnection, signerOptions, withSigner } from "./connection.ts";
import { invalidOption, readBytes32 } from "./readOption.ts";

/** `opaline querier supersede` and `opaline admin supersede-query`. */
export function supersedeCommand<Value>(
  command: string,
  describe: string,
  declare: (
    connection: SignerConnection,
    catalogue: QueryCatalogue,
    queryHash: string,
    successor: string,
  ) => Promise<Value>,
) {
  return defineCommand({
    command,
    describe,
    examples: [
      [
        `${command} --query 0x… --successor 0x… --keystore k.json --password-file pw`,
        "the first can be requested no more; its open requests are still answered",
      ],
    ],
    options: {
      ...signerOptions,
      query: { type: "string", describe: "Hash of the older query", required: true },
      successor: { type: "string", describe: "Hash of the newer one, which must take requests now", required: true },
    },
    handler: (options, context) => {
      const queryHash = readBytes32("query", options.query);
      const successor = readBytes32("successor", options.successor);
      if (queryHash === successor) throw invalidOption("successor", "another query than --query");
      return withSigner(options, context, async (connection) => {
        const catalogue = queryCatalogue(connection.deployment, connection.signer);
        return declare(connection, catalogue, queryHash, successor);
      });
    },
  });
}
