/** Datasets: what each owner committed to (`contracts/study/IDatasetRegistry.sol`). */
import type { ContractRunner } from "ethers";
import type { IDatasetRegistry } from "../../types/study/IDatasetRegistry.ts";
import { type Deployment, openContract } from "./deployment.ts";
import { type GovernedCall, governedCall } from "./governedCall.ts";
import { type Mined, mine, read } from "./transactions.ts";

export interface DatasetSegment {
  readonly rowCount: bigint;
  readonly columnsRoot: string;
  readonly sharesRoot: string;
}

export interface Dataset {
  readonly studyId: string;
  readonly schemaHash: string;
  readonly rowCount: bigint;
  readonly log2N: number;
  readonly scheme: number;
  readonly columnsRoot: string;
  readonly sharesRoot: string;
  /** keccak256 of the newest segment's dealing proof. */
  readonly ingestProofHash: string;
  /** Requests over any version of it so far. */
  readonly openingsUsed: number;
}

/** An owner's own terms; 0 or nothing where the study's hold. */
export interface OwnerTerms {
  readonly k: number;
  readonly openingsBudget: number;
  /** No requests at all. */
  readonly closed: boolean;
  readonly purposes: readonly string[];
}

/** How far a retired dataset was erased: workers by their points, ascending. */
export interface Erasures {
  readonly retired: boolean;
  /** Whose receipt is on chain. */
  readonly confirmed: readonly number[];
  readonly outstanding: readonly number[];
}

export interface DatasetRegistry {
  readonly address: string;
  /**
   * @param version 1 for the first segment, then one more each time
   * @param fileHashes keccak256 of each worker's share file, by Shamir point
   * @param receipts each worker's EIP-712 Receipt, by Shamir point
   * @param ingestProof the dealing proof, 0x-hex (`messages/dealingProof.ts`)
   * @param fee wei, exactly the study's storageFeePerRow for the segment's rows
   */
  activate(
    studyId: string,
    version: bigint,
    segment: DatasetSegment,
    fileHashes: readonly string[],
    receipts: readonly string[],
    ingestProof: string,
    fee: bigint,
  ): Promise<Mined>;
  setTerms(studyId: string, terms: OwnerTerms): Promise<Mined>;
  veto(studyId: string, queryHash: string, reason: string): Promise<Mined>;
  liftVeto(studyId: string, queryHash: string): Promise<Mined>;
  retire(studyId: string, reason: string): Promise<Mined>;
  retireFor(datasetId: string, reason: string): GovernedCall;
  /** @param index the worker's point @param signature its EIP-712 Erasure */
  confirmErasure(datasetId: string, index: number, signature: string): Promise<Mined>;
  erasures(datasetId: string): Promise<Erasures>;
  isRetired(datasetId: string): Promise<boolean>;
  /** The epoch of the committee that is to erase; 0 unless the dataset is retired. */
  retiredUnder(datasetId: string): Promise<bigint>;
  termsOf(datasetId: string): Promise<OwnerTerms>;
  isVetoed(queryHash: string, datasetId: string): Promise<boolean>;
  datasetIdOf(studyId: string, owner: string): Promise<string>;
  dataset(datasetId: string): Promise<Dataset>;
  ownerOf(datasetId: string): Promise<string>;
  /** Latest version; 0 before the first activation. */
  version(datasetId: string): Promise<bigint>;
  segments(datasetId: string): Promise<DatasetSegment[]>;
  datasetRoot(datasetId: string): Promise<string>;
  count(studyId: string): Promise<number>;
  datasets(studyId: string, offset: number, limit: number): Promise<string[]>;
}

const NAME = "DatasetRegistry";

export function datasetRegistry(deployment: Deployment, runner: ContractRunner): DatasetRegistry {
  const contract = openContract<IDatasetRegistry>(deployment, NAME, runner);
  return {
    address: deployment.address(NAME),
    activate: (studyId, version, segment, fileHashes, receipts, ingestProof, fee) =>
      mine(
        deployment,
        `${NAME}.activate`,
        contract.activate(studyId, version, segment, [...fileHashes], [...receipts], ingestProof, { value: fee }),
      ),
    setTerms: (studyId, terms) =>
      mine(deployment, `${NAME}.setTerms`, contract.setTerms(studyId, { ...terms, purposes: [...terms.purposes] })),
    veto: (studyId, queryHash, reason) => mine(deployment, `${NAME}.veto`, contract.veto(studyId, queryHash, reason)),
    liftVeto: (studyId, queryHash) => mine(deployment, `${NAME}.liftVeto`, contract.liftVeto(studyId, queryHash)),
    retire: (studyId, reason) => mine(deployment, `${NAME}.retire`, contract.retire(studyId, reason)),
    retireFor(datasetId, reason) {
      const data = contract.interface.encodeFunctionData("retireFor", [datasetId, reason]);
      return governedCall(deployment, NAME, "retireFor", data);
    },
    confirmErasure: (datasetId, index, signature) =>
      mine(deployment, `${NAME}.confirmErasure`, contract.confirmErasure(datasetId, index, signature)),
    async erasures(datasetId) {
      const { retired, confirmed, outstanding } = await read(
        deployment,
        `${NAME}.erasures`,
        contract.erasures(datasetId),
      );
      return { retired, confirmed: pointsOf(confirmed), outstanding: pointsOf(outstanding) };
    },
    isRetired: async (datasetId) => (await read(deployment, `${NAME}.erasures`, contract.erasures(datasetId))).retired,
    retiredUnder: (datasetId) => read(deployment, `${NAME}.retiredUnder`, contract.retiredUnder(datasetId)),
    async termsOf(datasetId) {
      const found = await read(deployment, `${NAME}.termsOf`, contract.termsOf(datasetId));
      const { k, openingsBudget, closed, purposes } = found;
      return { k: Number(k), openingsBudget: Number(openingsBudget), closed, purposes: [...purposes] };
    },
    isVetoed: (queryHash, datasetId) => read(deployment, `${NAME}.isVetoed`, contract.isVetoed(queryHash, datasetId)),
    datasetIdOf: (studyId, owner) => read(deployment, `${NAME}.datasetIdOf`, contract.datasetIdOf(studyId, owner)),
    async dataset(datasetId) {
      const found = await read(deployment, `${NAME}.dataset`, contract.dataset(datasetId));
      return {
        studyId: found.studyId,
        schemaHash: found.schemaHash,
        rowCount: found.rowCount,
        log2N: Number(found.log2N),
        scheme: Number(found.scheme),
        columnsRoot: found.columnsRoot,
        sharesRoot: found.sharesRoot,
        ingestProofHash: found.ingestProofHash,
        openingsUsed: Number(found.openingsUsed),
      };
    },
    ownerOf: (datasetId) => read(deployment, `${NAME}.ownerOf`, contract.ownerOf(datasetId)),
    version: (datasetId) => read(deployment, `${NAME}.version`, contract.version(datasetId)),
    async segments(datasetId) {
      const found = await read(deployment, `${NAME}.segments`, contract.segments(datasetId));
      return found.map(({ rowCount, columnsRoot, sharesRoot }) => ({ rowCount, columnsRoot, sharesRoot }));
    },
    datasetRoot: (datasetId) => read(deployment, `${NAME}.datasetRoot`, contract.datasetRoot(datasetId)),
    count: async (studyId) => Number(await read(deployment, `${NAME}.count`, contract.count(studyId))),
    datasets: async (studyId, offset, limit) => [
      ...(await read(deployment, `${NAME}.datasets`, contract.datasets(studyId, offset, limit))),
    ],
  };
}

/** Bit index-1 stands for the worker at point index. */
function pointsOf(bits: bigint): number[] {
  return [1, 2, 3, 4, 5, 6, 7].filter((point) => (bits >> BigInt(point - 1)) & 1n);
}
