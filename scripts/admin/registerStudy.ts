/** `opaline admin register-study`: one schema and one policy, under a name. */
import { ZeroHash } from "ethers";
import { BASIS_POINTS, type Policy, eventOf, studyRegistry } from "#chain";
import { LEAST_K, LEAST_SEALED_K } from "#disclosure";
import { isCoded } from "#errors";
import { type FieldRules, NO_FIELD_RULES, fieldRulesHash } from "#messages";
import { type StudySchema, parseFieldRules } from "#schema";
import { runAlone } from "../cli.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { purposeCode } from "../purposes.ts";
import { readInputFile } from "../readInputFile.ts";
import { readK, readSealedK } from "../readK.ts";
import { invalidOption, readEther, readWhole } from "../readOption.ts";
import { readSchemaFile } from "../schemaFile.ts";
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
    sealedK: {
      type: "string",
      describe: `Smallest set that a SEALED answer may disclose, from ${LEAST_SEALED_K} to --k; that of --k unless given`,
    },
    vettings: { type: "string", describe: "Approvals a query needs", default: "2" },
    vettingOrganisations: { type: "string", describe: "Organisations these must come from", default: "2" },
    minimumThreshold: { type: "string", describe: "Least degree t of a production committee", default: "2" },
    demonstration: { type: "boolean", describe: "Allow a smaller committee; every answer then says so" },
    openingsBudget: {
      type: "string",
      describe: "Requests that may be made over one dataset, for good",
      default: "1000",
    },
    organisationQuota: {
      type: "string",
      describe: "Requests that all queriers of one organisation may make together, for good; no limit unless given",
    },
    historyCap: {
      type: "string",
      describe: "The most earlier sets a request is tested against, more refuse it; no limit unless given",
    },
    fieldRules: {
      type: "string",
      describe: "File (JSON) with the fields that queries may use, for what, and at which cut-points; all unless given",
    },
    siteAxis: {
      type: "string",
      describe: "yes or no: whether queries may group by, filter by or stratify by the schema's site",
      default: "yes",
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
    const { text: schemaText, schema } = readSchemaFile(context.resolve(options.schema));
    const k = readK(options.k, " (11 by default)");
    const fieldRules = readFieldRules(options.fieldRules, schema, context);
    const policy: Policy = {
      k,
      sealedK: readSealedK(options.sealedK, k),
      closedSite: readClosedSite(options.siteAxis, schema),
      organisationQuota: readLimit("organisation-quota", options.organisationQuota, 2n ** 24n - 1n),
      historyCap: readLimit("history-cap", options.historyCap, 2n ** 16n - 1n),
      fieldRulesHash: fieldRulesHash(fieldRules),
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
      const call = registry.register(options.name, schemaText, policy, log2N, ZeroHash, fieldRules);
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

/** 0, which stands for no limit, when not given. */
function readLimit(option: string, text: string | undefined, most: bigint): number {
  return text === undefined ? 0 : Number(readWhole(option, text, 1n, most));
}

/** Index + 1 of the schema's site where it may not be used; otherwise 0. */
function readClosedSite(text: string, { site }: StudySchema): number {
  if (text === "yes") return 0;
  if (text !== "no") throw invalidOption("site-axis", "yes or no");
  if (site !== undefined) return site + 1;
  throw invalidOption("site-axis", "yes, or a schema that names its site (`site`),");
}

/** @throws CodedError OPTION_INVALID that says where in the file, and which field */
function readFieldRules(path: string | undefined, schema: StudySchema, { resolve }: CommandContext): FieldRules {
  if (path === undefined) return NO_FIELD_RULES;
  const text = readInputFile("field-rules", resolve(path));
  try {
    return parseFieldRules(text, schema);
  } catch (error) {
    if (!isCoded(error)) throw error;
    throw invalidOption("field-rules", `${error.message.replace(/^schema /, "")}; rules on fields`);
  }
}

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
