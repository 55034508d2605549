/** Payments held per request (`contracts/fees/IEscrow.sol`). */
import type { ContractRunner } from "ethers";
import type { IEscrow } from "../../types/fees/IEscrow.ts";
import type { RequestContext } from "../messages/statement.ts";
import type { Capacity } from "./credits.ts";
import { type Deployment, openContract } from "./deployment.ts";
import { allLogs, latestBlock } from "./logs.ts";
import type { JsonRpc } from "./provider.ts";
import { copyOfContext } from "./querySmartContract.ts";
import { type Mined, mine, read } from "./transactions.ts";

/** A payment that is nobody's credit yet. */
export interface ReleasedPayment {
  readonly requestId: string;
  /** Wei. */
  readonly amount: bigint;
}

export interface Payee {
  readonly capacity: Capacity;
  /** Of a member its name. */
  readonly account: string;
}

export interface Escrow {
  readonly address: string;
  /** Divides an answered or refused request's price among owners, workers and author, who then have it as credit; anyone may. */
  settle(context: RequestContext): Promise<Mined>;
  /** As what, and who, gets the author's share of the query contract's prices. */
  authorOf(queryContract: string): Promise<Payee>;
  /** What was released and not settled yet, oldest first. */
  unsettled(rpc: JsonRpc): Promise<ReleasedPayment[]>;
}

const NAME = "Escrow";

async function readUnsettled(deployment: Deployment, rpc: JsonRpc): Promise<ReleasedPayment[]> {
  const abi = deployment.abi(NAME);
  const [released, settled] = ["PaymentReleased", "PaymentSettled"].map((name) => abi.getEvent(name)!.topicHash);
  const filter = { addresses: [deployment.address(NAME)], topics: [[released!, settled!]] };
  const payments = new Map<string, ReleasedPayment>();
  for (const { topics, data } of await allLogs(rpc, filter, deployment.block, await latestBlock(rpc))) {
    const { name, args } = abi.parseLog({ topics: [...topics], data })!;
    const requestId = String(args["requestId"]);
    if (name === "PaymentSettled") payments.delete(requestId);
    else payments.set(requestId, { requestId, amount: BigInt(args["amount"] as bigint) });
  }
  return [...payments.values()];
}

export function escrow(deployment: Deployment, runner: ContractRunner): Escrow {
  const contract = openContract<IEscrow>(deployment, NAME, runner);
  return {
    address: deployment.address(NAME),
    settle: (context) => mine(deployment, `${NAME}.settle`, contract.settle(copyOfContext(context))),
    async authorOf(queryContract) {
      const { capacity, account } = await read(deployment, `${NAME}.authorOf`, contract.authorOf(queryContract));
      return { capacity: Number(capacity) as Capacity, account };
    },
    unsettled: (rpc) => readUnsettled(deployment, rpc),
  };
}
