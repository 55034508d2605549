/** What workers have at stake (`contracts/fees/IWorkerDeposits.sol`); the committee registry holds it. */
import { AbiCoder, type ContractRunner, keccak256 } from "ethers";
import type { IWorkerDeposits } from "../../types/fees/IWorkerDeposits.ts";
import type { Equivocation } from "../messages/equivocation.ts";
import { type Deployment, openContract } from "./deployment.ts";
import { copyOfContext, copyOfVerdict } from "./querySmartContract.ts";
import { type Mined, mine, read } from "./transactions.ts";

/** Wei. */
export interface Deposit {
  readonly amount: bigint;
  /** The part that is to be withdrawn. */
  readonly announced: bigint;
  /** From when on; seconds since 1970. */
  readonly readyAt: bigint;
  /** What the worker's committees ask of it. */
  readonly bound: bigint;
}

export interface WorkerDeposits {
  readonly address: string;
  /** @param amount wei */
  deposit(amount: bigint): Promise<Mined>;
  /** In place of what was announced before; 0 takes that back. */
  announceWithdrawal(amount: bigint): Promise<Mined>;
  withdrawDeposit(): Promise<Mined>;
  /** @param commitment {@link equivocationCommitment} */
  announceEquivocation(commitment: string): Promise<Mined>;
  /** In a later block than its announcement. */
  reportEquivocation(evidence: Equivocation): Promise<Mined>;
  depositOf(worker: string): Promise<Deposit>;
  unbondingSeconds(): Promise<bigint>;
  /** The block of the announcement; 0 for none. */
  announcedAt(commitment: string): Promise<bigint>;
  /** Whether the worker was slashed for this request and attempt. */
  isProven(worker: string, evidence: Equivocation): Promise<boolean>;
}

const NAME = "CommitteeRegistry";

/** Hides the evidence, and binds it to who reports it. */
export function equivocationCommitment(reporter: string, { first, second }: Equivocation): string {
  const hashes = [first, second].map(({ signature }) => keccak256(signature));
  return keccak256(AbiCoder.defaultAbiCoder().encode(["address", "bytes32", "bytes32"], [reporter, ...hashes]));
}

/** As calldata. */
export function evidenceStruct({ queryContract, index, context, first, second }: Equivocation) {
  return {
    queryContract,
    index,
    context: copyOfContext(context),
    first: copyOfVerdict(first.verdict),
    second: copyOfVerdict(second.verdict),
    firstSignature: first.signature,
    secondSignature: second.signature,
  };
}

export function workerDeposits(deployment: Deployment, runner: ContractRunner): WorkerDeposits {
  const contract = openContract<IWorkerDeposits>(deployment, NAME, runner);
  const what = (method: string): string => `${NAME}.${method}`;
  return {
    address: deployment.address(NAME),
    deposit: (amount) => mine(deployment, what("deposit"), contract.deposit({ value: amount })),
    announceWithdrawal: (amount) => mine(deployment, what("announceWithdrawal"), contract.announceWithdrawal(amount)),
    withdrawDeposit: () => mine(deployment, what("withdrawDeposit"), contract.withdrawDeposit()),
    announceEquivocation: (commitment) =>
      mine(deployment, what("announceEquivocation"), contract.announceEquivocation(commitment)),
    reportEquivocation: (evidence) =>
      mine(deployment, what("reportEquivocation"), contract.reportEquivocation(evidenceStruct(evidence))),
    async depositOf(worker) {
      const { amount, announced, readyAt, bound } = await read(
        deployment,
        what("depositOf"),
        contract.depositOf(worker),
      );
      return { amount, announced, readyAt, bound };
    },
    unbondingSeconds: () => read(deployment, what("unbondingSeconds"), contract.unbondingSeconds()),
    announcedAt: (commitment) => read(deployment, what("announcedAt"), contract.announcedAt(commitment)),
    isProven: (worker, { queryContract, context: { requestId }, first }) =>
      read(deployment, what("isProven"), contract.isProven(worker, queryContract, requestId, first.verdict.attempt)),
  };
}
