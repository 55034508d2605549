/** The catalogue of vetted queries (`contracts/query/IQueryCatalogue.sol`). */
import { type ContractRunner, type Interface, ZeroHash, keccak256, toUtf8Bytes } from "ethers";
import type { IQueryCatalogue } from "../../types/query/IQueryCatalogue.ts";
import type { Vetting } from "../messages/signedStructs.ts";
import { CodedError } from "../errors.ts";
import { type Deployment, openContract } from "./deployment.ts";
import type { ChainErrorDetail } from "./errors.ts";
import { type GovernedCall, governedCall } from "./governedCall.ts";
import { type ChainLog, onlyLog } from "./logs.ts";
import type { JsonRpc } from "./provider.ts";
import { type Remark, readRemarks } from "./queryRemarks.ts";
import { type Mined, mine, read } from "./transactions.ts";

/** As the contract numbers them. */
export const QueryState = { NONE: 0, PUBLISHED: 1, ACTIVE: 2, REVOKED: 3, SUPERSEDED: 4 } as const;
export type QueryState = (typeof QueryState)[keyof typeof QueryState];

/** What a vetter last signed about a query, as the contract numbers it. */
export const Decision = { NONE: 0, APPROVED: 1, REJECTED: 2 } as const;
export type Decision = (typeof Decision)[keyof typeof Decision];

export interface VettingState {
  readonly decision: Decision;
  /** Seconds since 1970; 0 unless approved. */
  readonly validUntil: bigint;
}

export interface Query {
  readonly studyId: string;
  readonly schemaHash: string;
  readonly author: string;
  readonly state: QueryState;
  readonly approvals: number;
  readonly organisations: number;
  /** The last second since 1970 at which an ACTIVE query takes requests; 0 before it is active. */
  readonly activeUntil: bigint;
  /** The query that superseded this one, or undefined. */
  readonly successor: string | undefined;
  /** Zero address until active. */
  readonly queryContract: string;
  readonly agreementHash: string;
  /** abi.encode(ParameterBound[]), 0x-hex. */
  readonly bounds: string;
}

/** What the publication's event adds to what the contract stores. */
export interface Publication {
  readonly sql: string;
  readonly bounds: string;
  readonly manifest: string;
  readonly agreement: string;
}

export interface QueryCatalogue {
  readonly address: string;
  publish(
    studyId: string,
    descriptor: string,
    sql: string,
    bounds: string,
    manifest: string,
    agreement: string,
  ): Promise<Mined>;
  vet(vetting: Vetting, signature: string): Promise<Mined>;
  /** As an active vetter, or as the query's author. */
  comment(queryHash: string, text: string): Promise<Mined>;
  /** As the author of both. */
  supersede(queryHash: string, successor: string): Promise<Mined>;
  /** As the consortium. */
  supersedeForAuthor(queryHash: string, successor: string): GovernedCall;
  revoke(queryHash: string, reason: string): GovernedCall;
  query(queryHash: string): Promise<Query>;
  descriptor(queryHash: string): Promise<string>;
  isActive(queryHash: string): Promise<boolean>;
  /** What this vetter last signed about it. */
  vettingOf(queryHash: string, vetter: string): Promise<VettingState>;
  nonces(vetter: string): Promise<bigint>;
  count(): Promise<number>;
  queries(offset: number, limit: number): Promise<string[]>;
  /** The texts, from the publication's event; the agreement and bounds are checked against the catalogue. */
  publication(rpc: JsonRpc, queryHash: string): Promise<Publication>;
  /** Vettings and comments, oldest first: of one query, or of all. */
  remarks(rpc: JsonRpc, queryHash?: string): Promise<Remark[]>;
}

const NAME = "QueryCatalogue";

async function readPublication(
  deployment: Deployment,
  rpc: JsonRpc,
  queryHash: string,
  stored: Query,
): Promise<Publication> {
  const abi = deployment.abi(NAME);
  const topics = abi.encodeFilterTopics("QueryPublished", [queryHash]) as string[];
  const filter = { addresses: [deployment.address(NAME)], topics };
  const log = await onlyLog(rpc, filter, deployment.block, "QueryPublished", queryHash);
  const { sql, bounds, manifest, agreement } = decodePublication(abi, log, queryHash);
  if (bounds === stored.bounds && keccak256(toUtf8Bytes(agreement)) === stored.agreementHash) {
    return { sql, bounds, manifest, agreement };
  }
  throw new CodedError<ChainErrorDetail>(
    { code: "CHAIN_EVENT_MISSING", event: "QueryPublished", id: queryHash },
    `The publication of query ${queryHash} does not agree with what the catalogue stores`,
  );
}

/** Anyone's bytes: the contract does not look whether a text is UTF-8. @throws CodedError CHAIN_EVENT_UNREADABLE */
function decodePublication(abi: Interface, log: ChainLog, queryHash: string): Publication {
  try {
    const args = abi.parseLog({ topics: [...log.topics], data: log.data })!.args;
    const text = (name: string): string => String(args[name]); // an undecodable text throws here
    return { sql: text("sql"), bounds: text("bounds"), manifest: text("manifest"), agreement: text("agreement") };
  } catch {
    throw new CodedError<ChainErrorDetail>(
      { code: "CHAIN_EVENT_UNREADABLE", event: "QueryPublished", id: queryHash },
      `The publication of query ${queryHash} cannot be decoded: a text is not UTF-8, or its encoding is broken`,
    );
  }
}

export function queryCatalogue(deployment: Deployment, runner: ContractRunner): QueryCatalogue {
  const contract = openContract<IQueryCatalogue>(deployment, NAME, runner);
  const query = async (queryHash: string): Promise<Query> => {
    const found = await read(deployment, `${NAME}.query`, contract.query(queryHash));
    return {
      studyId: found.studyId,
      schemaHash: found.schemaHash,
      author: found.author,
      state: Number(found.state) as QueryState,
      approvals: Number(found.approvals),
      organisations: Number(found.organisations),
      activeUntil: found.activeUntil,
      successor: found.successor === ZeroHash ? undefined : found.successor,
      queryContract: found.queryContract,
      agreementHash: found.agreementHash,
      bounds: found.bounds,
    };
  };
  return {
    address: deployment.address(NAME),
    publish: (studyId, descriptor, sql, bounds, manifest, agreement) =>
      mine(deployment, `${NAME}.publish`, contract.publish(studyId, descriptor, sql, bounds, manifest, agreement)),
    vet: (vetting, signature) => mine(deployment, `${NAME}.vet`, contract.vet({ ...vetting }, signature)),
    comment: (queryHash, text) => mine(deployment, `${NAME}.comment`, contract.comment(queryHash, text)),
    supersede: (queryHash, successor) =>
      mine(deployment, `${NAME}.supersede`, contract.supersede(queryHash, successor)),
    supersedeForAuthor: (queryHash, successor) => {
      const data = contract.interface.encodeFunctionData("supersedeForAuthor", [queryHash, successor]);
      return governedCall(deployment, NAME, "supersedeForAuthor", data);
    },
    revoke: (queryHash, reason) =>
      governedCall(deployment, NAME, "revoke", contract.interface.encodeFunctionData("revoke", [queryHash, reason])),
    query,
    descriptor: (queryHash) => read(deployment, `${NAME}.descriptor`, contract.descriptor(queryHash)),
    isActive: (queryHash) => read(deployment, `${NAME}.isActive`, contract.isActive(queryHash)),
    async vettingOf(queryHash, vetter) {
      const found = await read(deployment, `${NAME}.vettingOf`, contract.vettingOf(queryHash, vetter));
      return { decision: Number(found.decision) as Decision, validUntil: found.validUntil };
    },
    nonces: (vetter) => read(deployment, `${NAME}.nonces`, contract.nonces(vetter)),
    count: async () => Number(await read(deployment, `${NAME}.count`, contract.count())),
    queries: async (offset, limit) => [...(await read(deployment, `${NAME}.queries`, contract.queries(offset, limit)))],
    publication: async (rpc, queryHash) => readPublication(deployment, rpc, queryHash, await query(queryHash)),
    remarks: (rpc, queryHash) => readRemarks(deployment, rpc, queryHash),
  };
}
