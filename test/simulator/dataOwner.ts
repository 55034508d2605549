/**
 * A data owner: encodes and deals rows with the product's own code, leaves each worker its file, collects the receipts and
 * activates the version; and shares it anew, the same columns in the same slots, among a committee that is proposed. It goes on
 * trying at workers that are away, and gives a version up after a while.
 *
 * What is on the chain is read there, each time: a reorganisation may take it back.
 */
import { id, keccak256 } from "ethers";
import { bn254Fr } from "../../workers/field/bn254Fr.ts";
import { commitColumns } from "../../workers/encoding/commitColumns.ts";
import { encodeTable } from "../../workers/encoding/encodeTable.ts";
import { proveDealing } from "../../workers/encoding/dealing.ts";
import type { EncodedSegment } from "../../workers/encoding/encodeTable.ts";
import { encodeDealingProof } from "../../workers/messages/dealingProof.ts";
import { ColumnKind } from "../../workers/schema/studySchema.ts";
import { shareSegment } from "../../workers/encoding/shareSegment.ts";
import { decodeShareFile, encodeShareFile } from "../../workers/messages/shareFile.ts";
import { datasetRoot, sharesRoot } from "../../workers/messages/datasetRoot.ts";
import { UPLOAD } from "../../workers/messages/signedStructs.ts";
import { opalineDomain, signTypedData } from "../../workers/messages/typedData.ts";
import type { UploadGate, UploadRequest } from "../../workers/transport/uploadDesk.ts";
import { type Account, PURPOSE, WORKERS, act, endpointOf, fingerprintOf, studyIdOf } from "./genesis.ts";
import { committeeOf } from "./modelCommittees.ts";
import type { ModelChain } from "./modelChain.ts";
import { CHAIN_ID, abiOf } from "./modelDeployment.ts";
import type { Committee, Segment } from "./modelState.ts";
import type { Contributed, PlainModel } from "./plainModel.ts";
import type { Choices } from "./seededChoices.ts";
import type { SimulatedMesh } from "./simulatedMesh.ts";
import { LOG2N, type Row, SCHEMA, tableOf } from "./simulatedStudy.ts";
import type { VirtualTime } from "./virtualTime.ts";

const RETRY_MS = 500;
const PATIENCE_MS = 20_000;
const MOST_TRIES = 20;
const BLINDERS = 4;
const FAR_FUTURE = 10_000_000_000n;

export interface DataOwnerParts {
  readonly time: VirtualTime;
  readonly choices: Choices;
  readonly mesh: SimulatedMesh;
  readonly chain: ModelChain;
  readonly addresses: Readonly<Record<string, string>>;
  readonly plain: PlainModel;
  /** Hashes and roots say nothing of the rows. Request ids, and with them whose turn it is, are then equal for all rows. */
  readonly blind?: boolean | undefined;
}

/**
 * malformed: one row counts twice in a category; workers must reject the version. inconsistent: one worker's shares are of no
 * polynomial with the others'; that worker must reject it. withheld: one worker gets no file, and nothing is told to the chain.
 */
export type Flaw = "malformed" | "inconsistent" | "withheld";

/** One version as it was encoded first: sharing it anew changes nothing of it. */
interface Columns {
  /** By slot. */
  readonly rows: readonly Row[];
  readonly encoded: EncodedSegment;
  readonly columnsRoot: string;
}

interface Dealing {
  readonly version: bigint;
  readonly committee: Committee;
  readonly files: readonly Uint8Array[];
  readonly hashes: readonly string[];
  readonly sharesRoot: string;
  readonly proof: string;
}

export class DataOwner {
  readonly datasetId: string;
  readonly #account: Account;
  readonly #parts: DataOwnerParts;
  /** By columns root. */
  readonly #columns = new Map<string, Columns>();
  /** Of all versions ever encoded. */
  #rowsSoFar = 0;
  /** By shares root: and the point that it concerns, where it does not concern all. */
  readonly #flaws = new Map<string, { readonly flaw: Flaw; readonly victim: number | undefined }>();
  #nonce = 0n;
  #busy = false;
  #resharing = false;
  /** Its newest activation's transaction. */
  #sent = "";

  constructor(account: Account, parts: DataOwnerParts) {
    this.#account = account;
    this.#parts = parts;
    const { chain, addresses } = parts;
    const call = act(account, addresses["DatasetRegistry"]!, "DatasetRegistry", "datasetIdOf", [
      studyIdOf(addresses),
      account.address,
    ]);
    const outcome = chain.read(call);
    this.datasetId = outcome.ok
      ? String(abiOf("DatasetRegistry").decodeFunctionResult("datasetIdOf", outcome.result)[0])
      : "";
  }

  get address(): string {
    return this.#account.address;
  }

  /** Versions on the chain now: none, until the first is mined. */
  get version(): number {
    return this.segments.length;
  }

  /** On the chain now, by version. */
  get segments(): readonly Segment[] {
    return this.#parts.chain.newest.state.datasets.get(this.datasetId)?.segments ?? [];
  }

  get isResharing(): boolean {
    return this.#resharing;
  }

  /** Undefined for shares that are as they should be. */
  flawOf(sharesRoot: string): Flaw | undefined {
    return this.#flaws.get(sharesRoot)?.flaw;
  }

  /** As the worker at a point must see it. */
  flawFor(sharesRoot: string, point: number): Flaw | undefined {
    const { flaw, victim = point } = this.#flaws.get(sharesRoot) ?? {};
    return victim === point ? flaw : undefined;
  }

  /** What requests over these segments, versions 1, 2, …, are about. */
  partOf(segments: readonly Segment[]): Contributed {
    const rows = segments.map(({ columnsRoot }) => this.#columns.get(columnsRoot)!.rows);
    const malformed = segments.some(({ sharesRoot }) => this.#flaws.has(sharesRoot));
    return { owner: this.datasetId, segments: rows, malformed };
  }

  /**
   * Deals and activates a further version of these rows, unless one is still on its way.
   * @param malformed one row counts twice in a category: workers must reject the version
   */
  async contribute(rows: readonly Row[], malformed = false): Promise<boolean> {
    const { chain } = this.#parts;
    if (this.#busy || chain.waiting.some(({ hash }) => hash === this.#sent)) return false;
    this.#busy = true;
    const version = BigInt(this.version + 1);
    const columns = this.#encode(rows, version);
    const dealing = this.#deal(columns, version, this.#serving(), malformed ? "malformed" : undefined);
    const receipts = await this.#uploadAll(dealing);
    if (receipts !== undefined) this.#activate(columns, dealing, receipts);
    this.#busy = false;
    return receipts !== undefined;
  }

  /**
   * Shares versions that are on the chain anew, in their order, among the committee that is proposed.
   * @param flawOf what is wrong with it
   */
  async reshare(epoch: bigint, versions: readonly number[], flawOf: () => Flaw | undefined): Promise<void> {
    if (this.#resharing) return;
    this.#resharing = true;
    const { chain, addresses } = this.#parts;
    const committee = committeeOf(chain.newest.state, studyIdOf(addresses), epoch);
    for (const version of versions) {
      const segment = this.segments[version - 1];
      if (segment === undefined) break;
      const flaw = flawOf();
      const dealing = this.#deal(this.#columns.get(segment.columnsRoot)!, BigInt(version), committee, flaw);
      const receipts = await this.#uploadAll(dealing, flaw === "withheld" ? this.#anyPoint(committee) : undefined);
      if (receipts === undefined) break;
      const args = [studyIdOf(addresses), BigInt(version), dealing.hashes, receipts, dealing.proof];
      chain.send(act(this.#account, addresses["CommitteeChanges"]!, "CommitteeChanges", "reshare", args));
    }
    this.#resharing = false;
  }

  /** Records that the patients in some slots of a version withdraw their consent, or give it again. */
  recordConsent(version: number, slots: readonly number[], given: boolean): void {
    const { chain, addresses } = this.#parts;
    const scope = given ? { form: 1, purposes: [PURPOSE] } : { form: 0, purposes: [] };
    const record = { version, slots, given, ...scope, futureUse: false, expiry: 0 };
    const args = [this.datasetId, record];
    chain.send(act(this.#account, addresses["ConsentRegistry"]!, "ConsentRegistry", "record", args));
  }

  /** Rows of a version that is on the chain. */
  rowsOf(version: number): number {
    return Number(this.segments[version - 1]!.rowCount);
  }

  #serving(): Committee {
    const { chain, addresses } = this.#parts;
    const { state } = chain.newest;
    const studyId = studyIdOf(addresses);
    return committeeOf(state, studyId, state.currentEpochs.get(studyId)!);
  }

  #anyPoint({ workers }: Committee): number {
    return this.#parts.choices.whole(1, workers.length);
  }

  #encode(rows: readonly Row[], version: bigint): Columns {
    const { choices, blind } = this.#parts;
    const encoded = encodeTable(tableOf(rows, this.#rowsSoFar), SCHEMA, choices.bytes);
    this.#rowsSoFar += rows.length;
    const { columnsRoot } = commitColumns(encoded, choices.bytes);
    const bySlot = new Array<Row>(rows.length);
    rows.forEach((row, i) => (bySlot[encoded.slotOfRow[i]!] = row));
    const columns = { rows: bySlot, encoded, columnsRoot: blind === true ? id(`columns ${version}`) : columnsRoot };
    this.#columns.set(columns.columnsRoot, columns);
    return columns;
  }

  #deal({ encoded: honest }: Columns, version: bigint, committee: Committee, flaw: Flaw | undefined): Dealing {
    const { choices, addresses } = this.#parts;
    const encoded = flaw === "malformed" ? withOneTwice(honest) : honest;
    const place = { studyId: studyIdOf(addresses), datasetId: this.datasetId, version, schemaHash: SCHEMA.hash };
    const facts = { ...place, committeeEpoch: committee.epoch, log2N: LOG2N, blinders: BLINDERS };
    const size = { n: committee.workers.length, t: Number(committee.threshold) };
    const proven = shareSegment(bn254Fr, encoded, facts, size, choices.bytes);
    const victim = flaw === "inconsistent" ? this.#anyPoint(committee) : undefined;
    const files = proven.map((file, i) => (i + 1 === victim ? withOtherShare(file) : file));
    const hashes = this.#hashes(files, version);
    const root = sharesRoot(hashes);
    if (flaw !== undefined) this.#flaws.set(root, { flaw, victim });
    const dealing = { chainId: CHAIN_ID, datasetId: this.datasetId, version, sharesRoot: root };
    const proof = encodeDealingProof(proveDealing(bn254Fr, proven, dealing));
    return { version, committee, files, hashes, sharesRoot: root, proof };
  }

  #hashes(files: readonly Uint8Array[], version: bigint): string[] {
    if (this.#parts.blind !== true) return files.map((file) => keccak256(file));
    return files.map((_, i) => id(`${this.datasetId}, version ${version}, file ${i}`));
  }

  /** @returns undefined unless every worker has signed for its file @param without a point that gets none */
  async #uploadAll({ committee, files, hashes }: Dealing, without?: number): Promise<string[] | undefined> {
    const uploads = files.map(async (file, i) =>
      i + 1 === without ? undefined : this.#upload(committee.workers[i]!, file, hashes[i]!),
    );
    const receipts = await Promise.all(uploads);
    return receipts.every((receipt) => receipt !== undefined) ? receipts : undefined;
  }

  async #upload(account: string, file: Uint8Array, fileHash: string): Promise<string | undefined> {
    const { time, mesh, choices, addresses } = this.#parts;
    const index = WORKERS.findIndex(({ address }) => address === account) + 1;
    const worker = account.toLowerCase();
    const place = { studyId: studyIdOf(addresses), datasetId: this.datasetId, worker, fileHash };
    const upload = { ...place, bytes: BigInt(file.length), nonce: this.#nonce++, deadline: FAR_FUTURE };
    const domain = opalineDomain(CHAIN_ID, addresses["DatasetRegistry"]!);
    const signature = await signTypedData(this.#account.wallet, domain, UPLOAD, upload);
    const request = { upload, signature, fingerprint: fingerprintOf(this.#account) };
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      await time.sleep(choices.whole(1, 40));
      try {
        const gate = mesh.uploadGate(endpointOf(index));
        // One that dies meanwhile never answers.
        const receipt = await Promise.race([leave(gate, request, file), time.sleep(PATIENCE_MS)]);
        if (typeof receipt === "string") return receipt;
      } catch {
        // Its node is away, or it has not seen the chain's newest block: later.
      }
      await time.sleep(RETRY_MS);
    }
    return undefined;
  }

  #activate(columns: Columns, dealing: Dealing, receipts: readonly string[]): void {
    const { chain, addresses, plain } = this.#parts;
    const { version, hashes, sharesRoot: root, proof } = dealing;
    const segment = { rowCount: BigInt(columns.rows.length), columnsRoot: columns.columnsRoot, sharesRoot: root };
    const args = [studyIdOf(addresses), version, segment, hashes, receipts, proof];
    this.#sent = chain.send(act(this.#account, addresses["DatasetRegistry"]!, "DatasetRegistry", "activate", args));
    const segments = [...this.segments.slice(0, Number(version) - 1), segment];
    plain.contributed(datasetRoot(this.datasetId, version, segments), this.partOf(segments));
  }
}

/** The first row also has the first category that is not its own. */
function withOneTwice(segment: EncodedSegment): EncodedSegment {
  const place = segment.specs.findIndex(({ kind }, i) => kind === ColumnKind.ONE_HOT && segment.columns[i]![0] === 0n);
  return { ...segment, columns: segment.columns.map((column, i) => (i === place ? column.with(0, 1n) : column)) };
}

/** The file's last share is another. */
function withOtherShare(file: Uint8Array): Uint8Array {
  const { header, seeds, columns } = decodeShareFile(file);
  const last = columns.at(-1)!;
  const changed = Uint8Array.from(last);
  changed[changed.length - 1]! ^= 1;
  return encodeShareFile(header, seeds, [...columns.slice(0, -1), changed]);
}

async function leave(gate: UploadGate | undefined, request: UploadRequest, file: Uint8Array): Promise<string | void> {
  await gate?.authorizeUpload(request);
  return gate?.receiveUpload(request, file);
}
