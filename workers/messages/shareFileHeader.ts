/**
 * The public header of a share file: JSON with its keys in one order, no spaces, uint64 as decimal text, so that it
 * has one encoding. Checked in both directions by the same rules.
 */
import { CodedError } from "../errors.ts";
import type { CommitteeSize } from "../sharing/parties.ts";
import { checkCommitteeSize, partiesOf, partyIndex } from "../sharing/parties.ts";
import { subsetName, subsetsHeldBy } from "../sharing/prss.ts";

export interface ShareFileHeader {
  readonly format: 1;
  readonly studyId: string;
  readonly datasetId: string;
  /** Version of the dataset that this segment makes; from 1. */
  readonly version: bigint;
  readonly schemaHash: string;
  readonly committeeEpoch: bigint;
  readonly n: number;
  readonly t: number;
  /** The receiving worker's Shamir point, 1..n. */
  readonly party: number;
  /** Slots in this segment. */
  readonly rowCount: number;
  /** The study's domain has 2^log2N slots; rows beyond rowCount are zero and not stored. */
  readonly log2N: number;
  /** Q, blinders per column, expanded from the seeds. */
  readonly blinders: number;
  /** Ids of the committed columns in schema order, then of the range witnesses. */
  readonly columns: readonly string[];
  /** The (n − t)-subsets of 1..n that contain `party`, lexicographic, as `subsetName` writes them. */
  readonly seedSubsets: readonly string[];
}

export const SEED_BYTES = 32;

/** 2^28 divides r − 1 and 2^29 does not: no larger evaluation domain exists in Fr. */
export const MAX_LOG2_N = 28;
/** A blinder costs every proof; 1,024 allow 1,022 proofs and 2^16 is 64 times that. */
export const MAX_BLINDERS = 1 << 16;
/** 4,096 committed columns and as many range witnesses; their ids take half of the header's room. */
export const MAX_SHARE_FILE_COLUMNS = 8_192;

const KEYS = [
  "format",
  "studyId",
  "datasetId",
  "version",
  "schemaHash",
  "committeeEpoch",
  "n",
  "t",
  "party",
  "rowCount",
  "log2N",
  "blinders",
  "columns",
  "seedSubsets",
] as const satisfies readonly (keyof ShareFileHeader)[];

const MAX_UINT64 = (1n << 64n) - 1n;

/** Names of the (n − t)-subsets whose blinder seed `party` holds, lexicographic. */
export function seedSubsetsOf(party: number, { n, t }: CommitteeSize): string[] {
  return subsetsHeldBy(partyIndex(party, n), partiesOf(n), t).map(subsetName);
}

/** @throws CodedError SHARE_FILE_HEADER_INVALID naming the first bad key */
export function canonicalHeader(header: ShareFileHeader): Uint8Array {
  checkHeader(header);
  const ordered = KEYS.map((key) => {
    const value = header[key];
    return [key, typeof value === "bigint" ? value.toString() : value];
  });
  return new TextEncoder().encode(JSON.stringify(Object.fromEntries(ordered)));
}

/** @throws CodedError SHARE_FILE_HEADER_INVALID */
export function parseHeader(bytes: Uint8Array): ShareFileHeader {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    // The bytes may be anything, a secret included: the cause is not passed on.
    throw invalid("JSON");
  }
  if (typeof json !== "object" || json === null) throw invalid("JSON");
  const header = {
    ...json,
    version: uint64("version" in json ? json.version : undefined, "version"),
    committeeEpoch: uint64("committeeEpoch" in json ? json.committeeEpoch : undefined, "committeeEpoch"),
  } as ShareFileHeader;
  checkHeader(header);
  return header;
}

function uint64(value: unknown, key: string): bigint {
  if (typeof value !== "string" || !/^(0|[1-9]\d{0,19})$/.test(value)) throw invalid(key);
  return BigInt(value);
}

/** The types are not trusted: the header may come from a file. */
function checkHeader(header: ShareFileHeader): void {
  const unknown = Object.keys(header).find((key) => !(KEYS as readonly string[]).includes(key));
  if (unknown !== undefined) throw invalid("unknown key");
  const failed = KEYS.find((key) => !RULES[key](header));
  if (failed !== undefined) throw invalid(failed);
}

const isBytes32 = (value: unknown): boolean => typeof value === "string" && /^0x[0-9a-f]{64}$/.test(value);
const isUint64 = (value: unknown): boolean => typeof value === "bigint" && value >= 0n && value <= MAX_UINT64;
const isIn = (value: unknown, low: number, high: number): boolean =>
  Number.isInteger(value) && (value as number) >= low && (value as number) <= high;

/** Evaluated in the order of KEYS: a rule may rely on the ones before it. */
const RULES: Readonly<Record<(typeof KEYS)[number], (header: ShareFileHeader) => boolean>> = {
  format: ({ format }) => format === 1,
  studyId: ({ studyId }) => isBytes32(studyId),
  datasetId: ({ datasetId }) => isBytes32(datasetId),
  version: ({ version }) => isUint64(version) && version > 0n,
  schemaHash: ({ schemaHash }) => isBytes32(schemaHash),
  committeeEpoch: ({ committeeEpoch }) => isUint64(committeeEpoch),
  n: ({ n }) => isIn(n, 3, 7),
  t: ({ n, t }) => isIn(t, 1, 3) && isCommittee({ n, t }),
  party: ({ n, party }) => isIn(party, 1, n),
  rowCount: ({ rowCount }) => isIn(rowCount, 1, 2 ** MAX_LOG2_N),
  log2N: ({ log2N, rowCount }) => isIn(log2N, 1, MAX_LOG2_N) && rowCount <= 2 ** log2N,
  blinders: ({ blinders }) => isIn(blinders, 0, MAX_BLINDERS),
  columns: ({ columns }) =>
    Array.isArray(columns) &&
    isIn(columns.length, 1, MAX_SHARE_FILE_COLUMNS) &&
    columns.every(isBytes32) &&
    new Set(columns).size === columns.length,
  seedSubsets: ({ seedSubsets, party, n, t }) =>
    Array.isArray(seedSubsets) && JSON.stringify(seedSubsets) === JSON.stringify(seedSubsetsOf(party, { n, t })),
};

function isCommittee(size: CommitteeSize): boolean {
  try {
    checkCommitteeSize(size);
    return true;
  } catch {
    return false;
  }
}

function invalid(key: string): CodedError<{ code: "SHARE_FILE_HEADER_INVALID"; key: string }> {
  const detail = { code: "SHARE_FILE_HEADER_INVALID", key } as const;
  return new CodedError(detail, `the share file's header is wrong at: ${key}`);
}
