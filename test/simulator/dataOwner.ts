/**
 * A data owner: encodes and deals rows with the product's own code, leaves each worker its file, collects the receipts and
 * activates the version. It goes on trying at workers that are away, and gives a version up after a while.
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
import { datasetRoot, sharesRoot } from "../../workers/messages/datasetRoot.ts";
import { UPLOAD, opalineDomain, signTypedData } from "../../workers/messages/typedData.ts";
import type { UploadGate, UploadRequest } from "../../workers/transport/uploadDesk.ts";
import type { CommitteeSize } from "./foundedChain.ts";
import { type Account, PURPOSE, WORKERS, act, endpointOf, fingerprintOf, studyIdOf } from "./genesis.ts";
import type { ModelChain } from "./modelChain.ts";
import { CHAIN_ID, abiOf } from "./modelDeployment.ts";
import type { Segment } from "./modelState.ts";
import type { PlainModel } from "./plainModel.ts";
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
  readonly size: CommitteeSize;
  readonly plain: PlainModel;
  /** Hashes and roots say nothing of the rows. Request ids, and with them whose turn it is, are then equal for all rows. */
  readonly blind?: boolean | undefined;
}

interface Dealing {
  /** By slot. */
  readonly rows: readonly Row[];
  readonly segment: Segment;
  readonly files: readonly Uint8Array[];
  readonly proof: string;
}

export class DataOwner {
  readonly datasetId: string;
  readonly #account: Account;
  readonly #parts: DataOwnerParts;
  readonly #segments: Segment[] = [];
  /** By version, then slot. */
  #rows: readonly (readonly Row[])[] = [];
  #nonce = 0n;
  #busy = false;
  /** Of any version so far. */
  #malformed = false;

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

  /** Versions on the chain now: none, until the first is mined. */
  get version(): number {
    return this.#parts.chain.newest.state.datasets.get(this.datasetId)?.segments.length ?? 0;
  }

  /**
   * Deals and activates a further version of these rows, unless one is still on its way.
   * @param malformed one row counts twice in a category: workers must reject the version
   */
  async contribute(rows: readonly Row[], malformed = false): Promise<boolean> {
    if (this.#busy || this.version !== this.#segments.length) return false;
    this.#busy = true;
    const dealing = this.#deal(rows, malformed);
    const { files } = dealing;
    const hashes = this.#hashes(files);
    const receipts = await Promise.all(files.map((file, i) => this.#upload(i + 1, file, hashes[i]!)));
    if (receipts.every((receipt) => receipt !== undefined)) this.#activate({ ...dealing, malformed }, receipts);
    this.#busy = false;
    return receipts.every((receipt) => receipt !== undefined);
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
    return this.#rows[version - 1]!.length;
  }

  #deal(rows: readonly Row[], malformed: boolean): Dealing {
    const { choices, size, addresses } = this.#parts;
    const honest = encodeTable(tableOf(rows, this.#rows.flat().length), SCHEMA, choices.bytes);
    const encoded = malformed ? withOneTwice(honest) : honest;
    const { columnsRoot } = commitColumns(encoded, choices.bytes);
    const version = BigInt(this.#segments.length + 1);
    const place = { studyId: studyIdOf(addresses), datasetId: this.datasetId, version, schemaHash: SCHEMA.hash };
    const facts = { ...place, committeeEpoch: 1n, log2N: LOG2N, blinders: BLINDERS };
    const files = shareSegment(bn254Fr, encoded, facts, size, choices.bytes);
    const root = this.#parts.blind === true ? id(`columns ${version}`) : columnsRoot;
    const shares = sharesRoot(this.#hashes(files));
    const dealing = { chainId: CHAIN_ID, datasetId: this.datasetId, version, sharesRoot: shares };
    const proof = encodeDealingProof(proveDealing(bn254Fr, files, dealing));
    const bySlot = new Array<Row>(rows.length);
    rows.forEach((row, i) => (bySlot[encoded.slotOfRow[i]!] = row));
    const segment = { rowCount: BigInt(rows.length), columnsRoot: root, sharesRoot: shares };
    return { rows: bySlot, segment, files, proof };
  }

  #hashes(files: readonly Uint8Array[]): string[] {
    const version = this.#segments.length + 1;
    if (this.#parts.blind !== true) return files.map((file) => keccak256(file));
    return files.map((_, i) => id(`${this.datasetId}, version ${version}, file ${i}`));
  }

  async #upload(index: number, file: Uint8Array, fileHash: string): Promise<string | undefined> {
    const { time, mesh, choices, addresses } = this.#parts;
    const worker = WORKERS[index - 1]!.address.toLowerCase();
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

  #activate(
    { rows, segment, files, proof, malformed }: Dealing & { malformed: boolean },
    receipts: readonly string[],
  ): void {
    const { chain, addresses, plain } = this.#parts;
    const version = BigInt(this.#segments.length + 1);
    const args = [studyIdOf(addresses), version, segment, this.#hashes(files), receipts, proof];
    chain.send(act(this.#account, addresses["DatasetRegistry"]!, "DatasetRegistry", "activate", args));
    this.#segments.push(segment);
    this.#rows = [...this.#rows, rows];
    if (malformed) this.#malformed = true;
    const part = { owner: this.datasetId, segments: this.#rows, malformed: this.#malformed };
    plain.contributed(datasetRoot(this.datasetId, version, this.#segments), part);
  }
}

/** The first row also has the first category that is not its own. */
function withOneTwice(segment: EncodedSegment): EncodedSegment {
  const place = segment.specs.findIndex(({ kind }, i) => kind === ColumnKind.ONE_HOT && segment.columns[i]![0] === 0n);
  return { ...segment, columns: segment.columns.map((column, i) => (i === place ? column.with(0, 1n) : column)) };
}

async function leave(gate: UploadGate | undefined, request: UploadRequest, file: Uint8Array): Promise<string | void> {
  await gate?.authorizeUpload(request);
  return gate?.receiveUpload(request, file);
}
