/** What vetters and authors said about queries, from the catalogue's events (`contracts/query/IQueryCatalogue.sol`). */
import type { Deployment } from "./deployment.ts";
import { type ChainLog, allLogs, latestBlock } from "./logs.ts";
import type { JsonRpc } from "./provider.ts";

export interface Remark {
  readonly queryHash: string;
  readonly block: number;
  readonly kind: "comment" | "approval" | "rejection";
  readonly account: string;
  /** As a vetter signed it; none of a comment. */
  readonly name: string | undefined;
  /** Of an approval, the last second since 1970 at which it counts. */
  readonly validUntil: bigint | undefined;
  /** Undefined where it cannot be decoded: anyone's bytes. */
  readonly text: string | undefined;
}

const NAME = "QueryCatalogue";

/**
 * In the order of the chain.
 *
 * @param queryHash of one query; of all without it
 * @throws CodedError CHAIN_UNREACHABLE
 */
export async function readRemarks(deployment: Deployment, rpc: JsonRpc, queryHash?: string): Promise<Remark[]> {
  const abi = deployment.abi(NAME);
  const events = ["QueryVetted", "QueryCommented"].map((name) => abi.getEvent(name)!.topicHash);
  const filter = { addresses: [deployment.address(NAME)], topics: [events, queryHash ?? null] };
  const logs = await allLogs(rpc, filter, deployment.block, await latestBlock(rpc));
  return logs.map((log) => remarkOf(deployment, log));
}

function remarkOf(deployment: Deployment, log: ChainLog): Remark {
  const { name: event, args } = deployment.abi(NAME).parseLog({ topics: [...log.topics], data: log.data })!;
  const text = (name: string): string | undefined => {
    try {
      return String(args[name]);
    } catch {
      return undefined; // not UTF-8
    }
  };
  const place = { queryHash: String(args["queryHash"]), block: log.blockNumber };
  if (event === "QueryCommented") {
    const account = String(args["account"]);
    return { ...place, kind: "comment", account, name: undefined, validUntil: undefined, text: text("text") };
  }
  const approved = Boolean(args["approved"]);
  return {
    ...place,
    kind: approved ? "approval" : "rejection",
    account: String(args["vetter"]),
    name: text("name"),
    validUntil: approved ? BigInt(args["validUntil"] as bigint) : undefined,
    text: text("comment"),
  };
}
