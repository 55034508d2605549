/** What everybody may withdraw (`contracts/fees/ICredits.sol`). */
import type { ContractRunner } from "ethers";
import type { ICredits } from "../../types/fees/ICredits.ts";
import { type Deployment, openContract } from "./deployment.ts";
import { type Mined, mine, read } from "./transactions.ts";

/** As what somebody is paid (`contracts/types/Payee.sol`). */
export const Capacity = { ACCOUNT: 0, DATA_OWNER: 1, QUERIER: 2, WORKER: 3, VETTER: 4 } as const;
export type Capacity = (typeof Capacity)[keyof typeof Capacity];

export interface Credits {
  readonly address: string;
  /** All that is credited to the member whose current key sends; as ACCOUNT, to that key. */
  withdraw(capacity: Capacity): Promise<Mined>;
  /** @param account of a member its name @returns wei */
  credit(capacity: Capacity, account: string): Promise<bigint>;
}

const NAME = "Credits";

export function credits(deployment: Deployment, runner: ContractRunner): Credits {
  const contract = openContract<ICredits>(deployment, NAME, runner);
  return {
    address: deployment.address(NAME),
    withdraw: (capacity) => mine(deployment, `${NAME}.withdraw`, contract.withdraw(capacity)),
    credit: (capacity, account) => read(deployment, `${NAME}.credit`, contract.credit(capacity, account)),
  };
}
