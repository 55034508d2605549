/** `opaline admin admit`: the consortium vouches for a member of one role. */
import { ZeroHash } from "ethers";
import { type JsonRpc, type MemberRegistry, chainTime, memberRegistry } from "#chain";
import { fingerprintOf } from "#transport";
import { runAlone } from "../cli.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { purposeCode } from "../purposes.ts";
import { readEndpoint } from "../readEndpoint.ts";
import { readInputFile } from "../readInputFile.ts";
import { invalidOption, readAddress, readBytes32, readLastSecond } from "../readOption.ts";
import { type GasReport, gasReport } from "../gasReport.ts";
import { readAll } from "../study.ts";
import { type ScheduledAct, governed, timeOf } from "./governed.ts";
import { ROLE_NAMES, parseRole } from "./roles.ts";

export interface AdmittedMember extends GasReport {
  readonly role: string;
  readonly account: string;
  readonly organisation: string;
  /** Last valid second, ISO 8601. */
  readonly expiry: string;
}

const YEAR_SECONDS = 31_536_000n;

export const command = defineCommand({
  command: "admin admit",
  describe: "Admit an account to a role: organisation, until when, and how it is reached",
  examples: [
    [
      "admin admit --role vetter --account 0x… --organisation 'Ethics Board North' --keystore k.json --password-file pw",
      "a vetter, for one year",
    ],
    [
      "admin admit --role worker --account 0x… --organisation 'University A' --endpoint https://mpc.a.edu:7443 " +
        "--certificate tls-certificate.pem --encryption-key 0x02… --keystore k.json --password-file pw",
      "a worker, pinned to its certificate",
    ],
  ],
  options: {
    ...signerOptions,
    role: { type: "string", describe: `One of ${ROLE_NAMES.join(", ")}`, required: true },
    account: { type: "string", describe: "The member's address", required: true },
    organisation: { type: "string", describe: "The member's organisation, as everyone will read it", required: true },
    expires: { type: "string", describe: "Last valid day, YYYY-MM-DD (default: one year from now)" },
    endpoint: { type: "string", describe: "A worker's endpoint, https://host:port" },
    fingerprint: { type: "string", describe: "SHA-256 of the member's TLS certificate (DER), 0x-hex" },
    certificate: { type: "string", describe: "The certificate itself (PEM), instead of its fingerprint" },
    encryptionKey: { type: "string", describe: "Compressed secp256k1 public key (33 bytes, 0x-hex); workers need one" },
    purpose: { type: "strings", describe: "A purpose the member may use data for (DUO code); repeat for more" },
  },
  handler: (options, context): Promise<AdmittedMember | ScheduledAct> => {
    const role = parseRole(options.role);
    const account = readAddress("account", options.account);
    const endpoint = options.endpoint === undefined ? "" : readEndpoint("endpoint", options.endpoint);
    const tlsFingerprint = readFingerprint(options, context);
    const encryptionKey = readPublicKey(options.encryptionKey);
    const purposes = options.purpose.map(purposeCode);
    return withSigner(options, context, async (connection) => {
      const registry = memberRegistry(connection.deployment, role, connection.signer);
      await refuseOthersKey(registry, account, encryptionKey);
      const expiry = await readExpiry(options.expires, connection.provider);
      const call = registry.admit(account, {
        organisationName: options.organisation,
        expiry,
        tlsFingerprint,
        endpoint,
        encryptionKey,
        purposes,
      });
      const admitted = { role: options.role, account, organisation: options.organisation, expiry: timeOf(expiry) };
      return governed(connection, call, (mined) => ({ ...admitted, ...gasReport(mined) }));
    });
  },
});

function readFingerprint(
  options: { readonly fingerprint?: string | undefined; readonly certificate?: string | undefined },
  context: CommandContext,
): string {
  const { fingerprint, certificate } = options;
  if (fingerprint !== undefined && certificate !== undefined) {
    throw invalidOption("fingerprint", "either --fingerprint or --certificate");
  }
  if (certificate !== undefined)
    return certificateFingerprint(readInputFile("certificate", context.resolve(certificate)));
  return fingerprint === undefined ? ZeroHash : readBytes32("fingerprint", fingerprint);
}

function certificateFingerprint(pem: string): string {
  try {
    return fingerprintOf(pem);
  } catch {
    throw invalidOption("certificate", "a file with one certificate in PEM");
  }
}

function readPublicKey(text: string | undefined): string {
  if (text === undefined) return "0x";
  if (!/^0x0[23][0-9a-fA-F]{64}$/.test(text)) throw invalidOption("encryption-key", "0x02 or 0x03 and 64 hex digits");
  return text.toLowerCase();
}

/** What is meant for one worker would be encrypted to another. O(members of the role). */
async function refuseOthersKey(registry: MemberRegistry, account: string, encryptionKey: string): Promise<void> {
  if (encryptionKey === "0x") return;
  const accounts = await readAll(registry.count(), (offset, limit) => registry.accounts(offset, limit));
  for (const other of accounts) {
    const { revoked, encryptionKey: taken, organisationName } = await registry.member(other);
    if (revoked || other.toLowerCase() === account.toLowerCase() || taken.toLowerCase() !== encryptionKey) continue;
    throw invalidOption("encryption-key", `the member's own, not that of ${other} (${organisationName}),`);
  }
}

async function readExpiry(text: string | undefined, rpc: JsonRpc): Promise<bigint> {
  return text === undefined ? (await chainTime(rpc)) + YEAR_SECONDS : readLastSecond("expires", text);
}

if (import.meta.main) await runAlone(command);
