/** One query in the place of another: declared by the author of both, or by the consortium. */
import { queryCatalogue } from "#chain";
import { defineCommand } from "./command.ts";
import { signerOptions, withSigner } from "./connection.ts";
import { gasReport } from "./gasReport.ts";
import { invalidOption, readBytes32 } from "./readOption.ts";

/** `opaline querier supersede` and `opaline admin supersede-query`. */
export function supersedeCommand(command: string, declare: "supersede" | "supersedeForAuthor", describe: string) {
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
      return withSigner(options, context, async ({ deployment, signer }) => {
        const mined = await queryCatalogue(deployment, signer)[declare](queryHash, successor);
        return { queryHash, successor, ...gasReport(mined) };
      });
    },
  });
}
