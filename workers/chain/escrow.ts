/** Payments held per request (`contracts/fees/IEscrow.sol`). */
import type { ContractRunner } from "ethers";
import type { IEscrow } from "../../types/fees/IEscrow.ts";
import { type Deployment, openContract } from "./deployment.ts";
import { type Mined, mine, read } from "./transactions.ts";

export interface Escrow {
  readonly address: string;
  /** Divides an answered request's price among its committee; anyone may. */
  settle(requestId: string): Promise<Mined>;
  withdraw(): Promise<Mined>;
  /** The account that paid a request, and is refunded; undefined where nothing was to be paid. */
  payerOf(requestId: string): Promise<string | undefined>;
  /** Wei that `payee` may withdraw. */
  credit(payee: string): Promise<bigint>;
}

const NAME = "Escrow";

export function escrow(deployment: Deployment, runner: ContractRunner): Escrow {
  const contract = openContract<IEscrow>(deployment, NAME, runner);
  return {
    address: deployment.address(NAME),
    settle: (requestId) => mine(deployment, `${NAME}.settle`, contract.settle(requestId)),
    withdraw: () => mine(deployment, `${NAME}.withdraw`, contract.withdraw()),
    async payerOf(requestId) {
      const { payer, amount } = await read(deployment, `${NAME}.paymentOf`, contract.paymentOf(requestId));
      return amount === 0n ? undefined : payer;
    },
    credit: (payee) => read(deployment, `${NAME}.credit`, contract.credit(payee)),
  };
}
