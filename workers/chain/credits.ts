/** What each account may withdraw (`contracts/fees/ICredits.sol`). */
import type { ContractRunner } from "ethers";
import type { ICredits } from "../../types/fees/ICredits.ts";
import { type Deployment, openContract } from "./deployment.ts";
import { type Mined, mine, read } from "./transactions.ts";

export interface Credits {
  readonly address: string;
  withdraw(): Promise<Mined>;
  /** Wei that `payee` may withdraw. */
  credit(payee: string): Promise<bigint>;
}

const NAME = "Credits";

export function credits(deployment: Deployment, runner: ContractRunner): Credits {
  const contract = openContract<ICredits>(deployment, NAME, runner);
  return {
    address: deployment.address(NAME),
    withdraw: () => mine(deployment, `${NAME}.withdraw`, contract.withdraw()),
    credit: (payee) => read(deployment, `${NAME}.credit`, contract.credit(payee)),
  };
}
