/** `opaline <role> withdraw`, alike for every role that is ever paid: shares of prices, refunds, fees and rewards. */
import {
  Capacity,
  committeeRegistry,
  credits,
  datasetRegistry,
  querySmartContract,
  type Unsettled,
  unsettledRequests,
} from "#chain";
import { isCoded } from "#errors";
import { type CommandContext, defineCommand } from "./command.ts";
import { type SignerConnection, signerOptions, withSigner } from "./connection.ts";
import { etherText } from "./etherText.ts";
import { memberOfKey } from "./memberOfKey.ts";
import { kebabCase } from "./names.ts";
import { textOf } from "./printValue.ts";
import { type RequestEvents, endedOf, queryContracts, readRequestEvents } from "./querier/requestEvents.ts";

/** An auditor is paid as whoever reports an equivocation is: as an account. */
const CAPACITIES = {
  auditor: Capacity.ACCOUNT,
  dataOwner: Capacity.DATA_OWNER,
  querier: Capacity.QUERIER,
  vetter: Capacity.VETTER,
  worker: Capacity.WORKER,
} as const;

interface Earner {
  readonly capacity: Capacity;
  /** Of a member its name, whatever its key. */
  readonly account: string;
}

export interface Withdrawal extends Omit<Earner, "capacity"> {
  /** Wei. */
  readonly withdrawn: bigint;
  /** Requests whose price this command divided. */
  readonly settled: readonly string[];
  readonly transaction?: string;
}

/** @param earnings what this role is paid for, in words */
export function withdrawCommand(paidRole: keyof typeof CAPACITIES, earnings: string) {
  const role = kebabCase(paidRole);
  const owed = paidRole === "auditor" ? "this account" : `this ${role}`;
  return defineCommand({
    command: `${role} withdraw`,
    describe: `Take what ${owed} is owed: ${earnings}`,
    examples: [
      [
        `${role} withdraw --keystore k.json --password-file pw`,
        "settles what it has a share in, then takes all it is owed",
      ],
      [
        `${role} withdraw --no-settle --keystore k.json --password-file pw`,
        "only what is settled already: one transaction",
      ],
    ],
    options: {
      ...signerOptions,
      settle: {
        type: "boolean",
        describe: "First divide the prices of answered requests that it has a share in (--no-settle: do not)",
        default: true,
      },
    },
    handler: (options, context): Promise<Withdrawal> =>
      withSigner(options, context, async (connection) => {
        const { deployment, signer } = connection;
        const capacity = CAPACITIES[paidRole];
        const key = signer.address;
        const account = paidRole === "auditor" ? key : await memberOfKey(connection, paidRole, key);
        const settled = options.settle ? await settleOwn(connection, { capacity, account }, context) : [];
        const purse = credits(deployment, signer);
        const withdrawn = await purse.credit(capacity, account);
        if (withdrawn === 0n) return { account, withdrawn, settled };
        const { hash } = await purse.withdraw(capacity);
        return { account, withdrawn, settled, transaction: hash };
      }),
    print: ({ withdrawn, ...rest }) => textOf({ ...rest, withdrawn: etherText(withdrawn) }),
  });
}

/** One transaction for each request whose price is earned and has a share for this earner. */
async function settleOwn(connection: SignerConnection, earner: Earner, { log }: CommandContext): Promise<string[]> {
  const { deployment, signer } = connection;
  const settled: string[] = [];
  for (const { queryContract, requestId } of await unsettled(connection)) {
    const found = await readRequestEvents(connection, requestId, queryContract);
    if (!(await hasShare(connection, earner, found))) continue;
    const contract = querySmartContract(deployment, queryContract, signer);
    try {
      await contract.settle(endedOf(found));
    } catch (error) {
      // Another payee was faster: the credit is there all the same.
      if (isCoded(error, "CHAIN_REVERTED") && (await contract.isSettled(requestId))) continue;
      throw error;
    }
    log(`settled request ${requestId}`);
    settled.push(requestId);
  }
  return settled;
}

/** Of all queries that are not free. */
async function unsettled(connection: SignerConnection): Promise<Unsettled[]> {
  const { deployment, provider } = connection;
  const addresses = await queryContracts(connection);
  const prices = await Promise.all(
    addresses.map((address) => querySmartContract(deployment, address, provider).price()),
  );
  const priced = addresses.filter((_, index) => prices[index] !== 0n);
  return unsettledRequests(deployment, provider, priced);
}

/** As a worker of the request's committee, as the owner of one of its datasets, or as its query's author. */
async function hasShare(
  { deployment, provider }: SignerConnection,
  { capacity, account }: Earner,
  { queryContract, requested: { context, datasetIds } }: RequestEvents,
): Promise<boolean> {
  if (capacity === Capacity.WORKER) {
    const registry = committeeRegistry(deployment, provider);
    return (await registry.committee(context.studyId, context.committeeEpoch)).workers.includes(account);
  }
  if (capacity === Capacity.DATA_OWNER) {
    const registry = datasetRegistry(deployment, provider);
    for (const datasetId of datasetIds) if ((await registry.ownerOf(datasetId)) === account) return true;
    return false;
  }
  const author = await querySmartContract(deployment, queryContract, provider).author();
  return author.capacity === capacity && author.account === account;
}
