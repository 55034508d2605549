/** `opaline admin register-study`: one schema and one policy, under a name. */
import { ZeroHash } from "ethers";
import { BASIS_POINTS, type Policy, eventOf, studyRegistry } from "#chain";
import { parseSchema } from "#schema";
import { LEAST_K } from "#disclosure";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { purposeCode } from "../purposes.ts";
import { readInputFile } from "../readInputFile.ts";
import { readK } from "../readK.ts";
import { invalidOption, readEther, readWhole } from "../readOption.ts";
import { governed } from "./governed.ts";

/** With t = 1 two workers that collude have everything: not for production. */
const LEAST_PRODUCTION_THRESHOLD = 2;

export const command = defineCommand({
  command: "admin register-study",
  describe: "Register a study: its schema (JSON) and its policy",
  examples: [
    [
      "admin register-study --name 'Adaptive trial 7' --schema schema.json --purpose DUO:0000007 " +
        "--keystore k.json --password-file pw",
      "prints the study id that everything else names",
    ],
  ],
  options: {
    ...signerOptions,
    name: { type: "string", describe: "The study's name", required: true },
    schema: {
      type: "string",
      describe: "File with the schema's JSON text; its exact bytes are hashed",
      required: true,
    },
    log2N: { type: "string", describe: "The study's rows per dataset are at most 2 to this power", default: "14" },
    k: { type: "string", describe: `Smallest set that may be disclosed, at least ${LEAST_K}`, default: "11" },
    vettings: { type: "string", describe: "Approvals a query needs", default: "2" },
    vettingOrganisations: { type: "string", describe: "Organisations these must come from", default: "2" },
    minimumThreshold: { type: "string", describe: "Least degree t of a production committee", default: "2" },
    demonstration: { type: "boolean", describe: "Allow a smaller committee; every answer then says so" },
    openingsBudget: {
      type: "string",
      describe: "Requests that may be made over one dataset, for good",
      default: "1000",
    },
    deadlineBlocks: { type: "string", describe: "Blocks after which a request expires", default: "600" },
    priceEther: { type: "string", describe: "Price of a request, in ether", default: "0.01" },
    ownersShare: {
      type: "string",
      describe: "The data owners' share of each price, in basis points (10000 is all), divided by the rows used",
      default: "5000",
    },
    workersShare: {
      type: "string",
      describe: "The committee's share, in basis points, divided equally",
      default: "4000",
    },
    authorShare: { type: "string", describe: "The query author's share, in basis points", default: "1000" },
    storageFeeWei: {
      type: "string",
      describe: "What an owner pays the committee for each row it activates, in wei",
      default: "0",
    },
    leastDepositEther: {
      type: "string",
      describe: "What each worker must have deposited to be appointed, in ether",
      default: "0",
    },
    purpose: { type: "strings", describe: "A purpose every querier must hold (DUO code); repeat for more" },
  },
  handler: (options, context) => {
    const schemaText = readInputFile("schema", context.resolve(options.schema));
    const schema = parseSchema(schemaText);
    const policy: Policy = {
      k: readK(options.k, " (11 by default)"),
      vettings: Number(readWhole("vettings", options.vettings, 1n, 64n)),
      vettingOrganisations: Number(readWhole("vetting-organisations", options.vettingOrganisations, 1n, 255n)),
      minimumThreshold: Number(readWhole("minimum-threshold", options.minimumThreshold, 1n, 3n)),
      demonstration: options.demonstration,
      openingsBudget: Number(readWhole("openings-budget", options.openingsBudget, 1n, 4_294_967_295n)),
      deadlineBlocks: readWhole("deadline-blocks", options.deadlineBlocks, 1n, 2n ** 64n - 1n),
      ...readShares(options),
      price: readEther("price-ether", options.priceEther),
      storageFeePerRow: readWhole("storage-fee-wei", options.storageFeeWei, 0n, 2n ** 64n - 1n),
      leastDeposit: readEther("least-deposit-ether", options.leastDepositEther),
      purposes: options.purpose.map(purposeCode),
    };
    if (policy.minimumThreshold < LEAST_PRODUCTION_THRESHOLD && !policy.demonstration) {
      throw invalidOption("minimum-threshold", "2 or 3, or 1 together with --demonstration,");
    }
    const log2N = Number(readWhole("log2-n", options.log2N, 1n, 28n));
    return withSigner(options, context, (connection) => {
      const registry = studyRegistry(connection.deployment, connection.signer);
      const call = registry.register(options.name, schemaText, policy, log2N, ZeroHash);
      return governed(connection, call, (mined) => ({
        studyId: String(eventOf(mined, "StudyRegistered").args["studyId"]),
        name: options.name,
        schemaHash: schema.hash,
        fields: schema.fields.length,
        ...gasReport(mined),
      }));
    });
  },
});

/** Basis points, of which the three options together give every one away. */
function readShares(
  options: Readonly<Record<"ownersShare" | "workersShare" | "authorShare", string>>,
): Pick<Policy, "ownersShare" | "workersShare" | "authorShare"> {
  const share = (option: string, text: string): number => Number(readWhole(option, text, 0n, BigInt(BASIS_POINTS)));
  const ownersShare = share("owners-share", options.ownersShare);
  const workersShare = share("workers-share", options.workersShare);
  const authorShare = share("author-share", options.authorShare);
  const sum = ownersShare + workersShare + authorShare;
  if (sum === BASIS_POINTS) return { ownersShare, workersShare, authorShare };
  throw invalidOption("owners-share", `${BASIS_POINTS} together with --workers-share and --author-share, not ${sum},`);
}

if (import.meta.main) await runAlone(command);
