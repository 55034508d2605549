/** `opaline <role> withdraw`, alike for every role that is ever paid: shares of prices, refunds, fees and rewards. */
import { committeeRegistry, credits, datasetRegistry, escrow, queryCatalogue } from "#chain";
import { isCoded } from "#errors";
import { type CommandContext, defineCommand } from "./command.ts";
import { type SignerConnection, signerOptions, withSigner } from "./connection.ts";
import { type Requested, readRequestEvents } from "./querier/requestEvents.ts";

export interface Withdrawal {
  readonly account: string;
  /** Wei. */
  readonly withdrawn: bigint;
  /** Requests whose price this command divided. */
  readonly settled: readonly string[];
  readonly transaction?: string;
}

/** @param earnings what this role is paid for, in words */
export function withdrawCommand(role: string, earnings: string) {
  return defineCommand({
    command: `${role} withdraw`,
    describe: `Take what this account is owed: ${earnings}`,
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
        describe: "First divide the prices of answered requests that this account has a share in (--no-settle: do not)",
        default: true,
      },
    },
    handler: (options, context): Promise<Withdrawal> =>
      withSigner(options, context, async (connection) => {
        const { deployment, signer } = connection;
        const account = signer.address;
        const settled = options.settle ? await settleOwn(connection, context) : [];
        const purse = credits(deployment, signer);
        const withdrawn = await purse.credit(account);
        if (withdrawn === 0n) return { account, withdrawn, settled };
        const { hash } = await purse.withdraw();
        return { account, withdrawn, settled, transaction: hash };
      }),
  });
}

/** One transaction for each request whose price is released and has a share for this account. */
async function settleOwn(connection: SignerConnection, { log }: CommandContext): Promise<string[]> {
  const { deployment, provider, signer } = connection;
  const payments = escrow(deployment, signer);
  const settled: string[] = [];
  for (const { requestId } of await payments.unsettled(provider)) {
    const { requested } = await readRequestEvents(connection, requestId);
    if (!(await hasShare(connection, requested))) continue;
    try {
      await payments.settle(requested.context);
    } catch (error) {
      // Another payee was faster: the credit is there all the same.
      if (isCoded(error, "CHAIN_REVERTED") && !(await isUnsettled(connection, requestId))) continue;
      throw error;
    }
    log(`settled request ${requestId}`);
    settled.push(requestId);
  }
  return settled;
}

async function isUnsettled({ deployment, provider }: SignerConnection, requestId: string): Promise<boolean> {
  const left = await escrow(deployment, provider).unsettled(provider);
  return left.some((payment) => payment.requestId === requestId);
}

/** As a worker of the request's committee, as its query's author, or as the owner of one of its datasets. */
async function hasShare(connection: SignerConnection, { context, datasetIds }: Requested): Promise<boolean> {
  const { deployment, provider, signer } = connection;
  const { workers } = await committeeRegistry(deployment, provider).committee(context.studyId, context.committeeEpoch);
  if (workers.includes(signer.address)) return true;
  const { author } = await queryCatalogue(deployment, provider).query(context.queryHash);
  if (author === signer.address) return true;
  const registry = datasetRegistry(deployment, provider);
  for (const datasetId of datasetIds) if ((await registry.ownerOf(datasetId)) === signer.address) return true;
  return false;
}
