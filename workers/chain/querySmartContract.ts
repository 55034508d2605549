/** One vetted query's contract: requests and answers (`contracts/query/IQuerySmartContract.sol`). */
import type { ContractRunner } from "ethers";
import type { IQuerySmartContract } from "../../types/query/IQuerySmartContract.ts";
import type { Assurance, Outcome, ReleaseClass, RequestContext, Verdict } from "../messages/statement.ts";
import type { Acceptance } from "../messages/signedStructs.ts";
import type { Capacity } from "./credits.ts";
import { type Deployment, openContract } from "./deployment.ts";
import type { KeyCopiesPublished, QueryRequested } from "./queryEvents.ts";
import { type Mined, mine, read } from "./transactions.ts";

/** As the contract numbers them. */
export const RequestState = { NONE: 0, REQUESTED: 1, ANSWERED: 2, REFUSED: 3, EXPIRED: 4, FAILED: 5 } as const;
export type RequestState = (typeof RequestState)[keyof typeof RequestState];

export interface Request {
  readonly state: RequestState;
  readonly assurance: Assurance;
  /** What a quorum signed; NONE while nobody has, and when it expired. */
  readonly outcome: Outcome;
  /** `requestCommitment` of its words. */
  readonly commitment: string;
}

/** A worker's signature on the statement; index is its Shamir point. */
export interface WorkerSignature {
  readonly index: number;
  readonly signature: string;
}

/** The words that a call about a request brings: the contract has their hash alone. */
export type Asked = Pick<QueryRequested, "context" | "querier">;

/** The same of a request that came to its end. */
export interface Ended extends Asked {
  /** Of the answer; ZERO_HASH where there is none. */
  readonly outputsHash: string;
}

export interface Payee {
  readonly capacity: Capacity;
  /** Of a member its name. */
  readonly account: string;
}

export interface QuerySmartContract {
  readonly address: string;
  acceptAgreement(acceptance: Acceptance, signature: string): Promise<Mined>;
  /**
   * @param nonce makes the querier's equal questions in one block two requests
   * @param price wei, exactly the study's price
   */
  request(
    nonce: bigint,
    parameters: string,
    datasetIds: readonly string[],
    releaseClass: ReleaseClass,
    recipients: readonly string[],
    price: bigint,
  ): Promise<Mined>;
  /** @param signatures strictly ascending by index */
  answer(asked: Asked, verdict: Verdict, signatures: readonly WorkerSignature[]): Promise<Mined>;
  publishKeyCopies(ended: Ended, published: Omit<KeyCopiesPublished, "requestId">): Promise<Mined>;
  expire(asked: Asked): Promise<Mined>;
  /** Divides an answered or refused request's price among owners, workers and author, who then have it as credit; anyone may. */
  settle(ended: Ended): Promise<Mined>;
  isSettled(requestId: string): Promise<boolean>;
  /** As what, and who, gets the author's share of the prices. */
  author(): Promise<Payee>;
  /** Wei. */
  price(): Promise<bigint>;
  /** Records that a quorum signed another outcome or other outputs than the chain has. */
  dispute(ended: Ended, verdict: Verdict, signatures: readonly WorkerSignature[]): Promise<Mined>;
  isDisputed(requestId: string): Promise<boolean>;
  requestOf(requestId: string): Promise<Request>;
  hasAccepted(querier: string): Promise<boolean>;
  nonces(querier: string): Promise<bigint>;
  queryHash(): Promise<string>;
  studyId(): Promise<string>;
}

/** Name under which the clones' ABI is deployed. */
const NAME = "QuerySmartContract";

export function querySmartContract(
  deployment: Deployment,
  address: string,
  runner: ContractRunner,
): QuerySmartContract {
  const contract = openContract<IQuerySmartContract>(deployment, NAME, runner, address);
  return {
    address,
    acceptAgreement: (acceptance, signature) =>
      mine(deployment, `${NAME}.acceptAgreement`, contract.acceptAgreement({ ...acceptance }, signature)),
    request: (nonce, parameters, datasetIds, releaseClass, recipients, price) =>
      mine(
        deployment,
        `${NAME}.request`,
        contract.request(nonce, parameters, [...datasetIds], releaseClass, [...recipients], { value: price }),
      ),
    answer: ({ context, querier }, verdict, signatures) =>
      mine(
        deployment,
        `${NAME}.answer`,
        contract.answer(
          copyOfContext(context),
          querier,
          copyOfVerdict(verdict),
          signatures.map(({ index, signature }) => ({ index, signature })),
        ),
      ),
    publishKeyCopies: ({ context, querier, outputsHash }, { index, maskKeyHashes, copies }) =>
      mine(
        deployment,
        `${NAME}.publishKeyCopies`,
        contract.publishKeyCopies(copyOfContext(context), querier, outputsHash, index, [...maskKeyHashes], [...copies]),
      ),
    expire: ({ context, querier }) =>
      mine(deployment, `${NAME}.expire`, contract.expire(copyOfContext(context), querier)),
    settle: ({ context, querier, outputsHash }) =>
      mine(deployment, `${NAME}.settle`, contract.settle(copyOfContext(context), querier, outputsHash)),
    isSettled: (requestId) => read(deployment, `${NAME}.isSettled`, contract.isSettled(requestId)),
    async author() {
      const { capacity, account } = await read(deployment, `${NAME}.author`, contract.author());
      return { capacity: Number(capacity) as Capacity, account };
    },
    price: () => read(deployment, `${NAME}.price`, contract.price()),
    dispute: ({ context, querier, outputsHash }, verdict, signatures) =>
      mine(
        deployment,
        `${NAME}.dispute`,
        contract.dispute(
          copyOfContext(context),
          querier,
          outputsHash,
          copyOfVerdict(verdict),
          signatures.map(({ index, signature }) => ({ index, signature })),
        ),
      ),
    isDisputed: (requestId) => read(deployment, `${NAME}.isDisputed`, contract.isDisputed(requestId)),
    async requestOf(requestId) {
      const found = await read(deployment, `${NAME}.requestOf`, contract.requestOf(requestId));
      return {
        state: Number(found.state) as RequestState,
        assurance: Number(found.assurance) as Assurance,
        outcome: Number(found.outcome) as Outcome,
        commitment: found.commitment,
      };
    },
    hasAccepted: (querier) => read(deployment, `${NAME}.hasAccepted`, contract.hasAccepted(querier)),
    nonces: (querier) => read(deployment, `${NAME}.nonces`, contract.nonces(querier)),
    queryHash: () => read(deployment, `${NAME}.queryHash`, contract.queryHash()),
    studyId: () => read(deployment, `${NAME}.studyId`, contract.studyId()),
  };
}

/** ethers wants mutable arrays. */
export function copyOfContext(context: RequestContext): RequestContext & { datasetRoots: string[] } {
  return { ...context, datasetRoots: [...context.datasetRoots] };
}

export function copyOfVerdict(verdict: Verdict): Verdict & { outputs: bigint[] } {
  return { ...verdict, outputs: [...verdict.outputs] };
}
