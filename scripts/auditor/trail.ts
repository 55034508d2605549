/**
 * `opaline auditor trail`: every act on the network, oldest first, and whether the record is whole. The running hash is
 * recomputed from the first record and compared with the contract's head and length; a missing number is named.
 */
import { id, zeroPadValue } from "ethers";
import { type AuditRecord, type AuditTrail, auditTrail, verifyRecords } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { networkOptions, withNetwork } from "../connection.ts";
import { tableOf } from "../printValue.ts";
import { invalidOption } from "../readOption.ts";
import { ACT_NAMES } from "./actNames.ts";
import { type TrailFault, findTrailFault } from "./trailFault.ts";

export interface TrailReport {
  /** No record is missing, added, moved or altered. */
  readonly verified: boolean;
  /** The first record that is missing, moved or altered. */
  readonly fault: TrailFault | undefined;
  /** Asked for; undefined: all. */
  readonly subject: string | undefined;
  /** Records on chain. */
  readonly length: bigint;
  readonly head: string;
  /** Numbers of records that no event was found for. */
  readonly gaps: readonly bigint[];
  /** All of them, or those of one subject. */
  readonly events: readonly AuditEvent[];
}

export interface AuditEvent {
  readonly sequence: bigint;
  readonly block: number;
  readonly act: string;
  readonly subject: string;
  readonly actor: string;
  /** keccak256 of its name. */
  readonly organisation: string;
  readonly reason: string;
  readonly oldHash: string;
  readonly newHash: string;
  readonly transaction: string;
}

export const command = defineCommand({
  command: "auditor trail",
  describe: "Print the audit trail and verify that it is whole",
  examples: [
    ["auditor trail", "everything"],
    ["auditor trail --subject 0x… --json", "one request, query, study, dataset (id) or member (address)"],
  ],
  options: {
    ...networkOptions,
    subject: { type: "string", describe: "Only acts on this id or address; the whole trail is verified all the same" },
  },
  handler: (options, context): Promise<TrailReport> => {
    const subject = options.subject === undefined ? undefined : readSubject(options.subject);
    return withNetwork(options, context, async ({ deployment, provider }) => {
      const trail = auditTrail(deployment, provider);
      const { length, head } = await readHead(trail);
      const records = (await trail.records(provider)).filter(({ sequence }) => sequence < length);
      const gaps = missing(records, length);
      const fault = findTrailFault(records, length, head);
      return {
        subject,
        verified: fault === undefined && gaps.length === 0 && verifyRecords(records, head),
        fault,
        length,
        head,
        gaps,
        events: records.filter((record) => subject === undefined || record.subject === subject).map(describe),
      };
    });
  },
  print: ({ subject, verified, fault, length, head, gaps, events }) =>
    [
      subject !== undefined && events.length === 0
        ? `no record is of ${subject}`
        : tableOf(
            ["#", "block", "act", "subject", "actor", "reason"],
            events.map(({ sequence, block, act, subject, actor, reason }) => [
              sequence,
              block,
              act,
              subject,
              actor,
              reason,
            ]),
          ),
      "",
      `${length} records, head ${head}`,
      verified
        ? "verified: no record is missing or altered"
        : `NOT VERIFIED${describeFault(fault)}${gaps.length > 0 ? `; missing: ${gaps.join(", ")}` : ""}`,
    ].join("\n"),
  succeeded: ({ verified }) => verified,
});

function describeFault(fault: TrailFault | undefined): string {
  return fault === undefined ? "" : `: record ${fault.sequence} is ${fault.problem}`;
}

/** Length and head of one moment: read again until no record came in between. */
async function readHead(trail: AuditTrail): Promise<{ length: bigint; head: string }> {
  for (;;) {
    const length = await trail.length();
    const head = await trail.head();
    if ((await trail.length()) === length) return { length, head };
  }
}

/** Accounts are subjects too, as their address padded to 32 bytes. */
function readSubject(text: string): string {
  if (/^0x[0-9a-fA-F]{64}$/.test(text)) return text.toLowerCase();
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return zeroPadValue(text.toLowerCase(), 32);
  throw invalidOption("subject", "an id (0x and 64 hex digits) or an address");
}

function missing(records: readonly AuditRecord[], length: bigint): bigint[] {
  const seen = new Set(records.map(({ sequence }) => sequence));
  const gaps: bigint[] = [];
  for (let sequence = 0n; sequence < length; sequence++) if (!seen.has(sequence)) gaps.push(sequence);
  return gaps;
}

const NAME_OF_ACT = new Map<string, string>(ACT_NAMES.map((name) => [id(name), name]));

function describe(record: AuditRecord): AuditEvent {
  const { sequence, block, act, subject, actor, organisation, reason, oldHash, newHash, transactionHash } = record;
  const name = NAME_OF_ACT.get(act) ?? act;
  const hashes = { oldHash, newHash, transaction: transactionHash };
  return { sequence, block, act: name, subject, actor, organisation, reason, ...hashes };
}

if (import.meta.main) await runAlone(command);
