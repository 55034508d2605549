/**
 * `opaline worker withdraw-deposit`: in two steps, 21 days apart. Until the second the announced part can still be slashed.
 */
import { type SignerConnection, signerOptions, withSigner } from "../connection.ts";
import { workerDeposits } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { etherText } from "../etherText.ts";
import { gasReport } from "../gasReport.ts";
import { memberOfKey } from "../memberOfKey.ts";
import { textOf } from "../printValue.ts";
import { readEther } from "../readOption.ts";

export const command = defineCommand({
  command: "worker withdraw-deposit",
  describe: "Announce a withdrawal from the worker's deposit, or take what was announced 21 days ago",
  examples: [
    [
      "worker withdraw-deposit --announce-ether 1 --keystore k.json --password-file pw",
      "prints from when on it can be taken",
    ],
    ["worker withdraw-deposit --keystore k.json --password-file pw", "takes what was announced, once it is ready"],
    ["worker withdraw-deposit --announce-ether 0 --keystore k.json --password-file pw", "takes the announcement back"],
  ],
  options: {
    ...signerOptions,
    announceEther: {
      type: "string",
      describe: "Announce this much, in ether, instead of what was announced before; without it, take what is ready",
    },
  },
  handler: (options, context) => {
    const { announceEther } = options;
    const announced = announceEther === undefined ? undefined : readEther("announce-ether", announceEther);
    return withSigner(options, context, (connection) =>
      announced === undefined ? take(connection) : announce(connection, announced),
    );
  },
  print: ({ announced, withdrawn, ...rest }) =>
    textOf({ announced: etherText(announced), withdrawn: etherText(withdrawn), ...rest }),
});

async function announce(connection: SignerConnection, amount: bigint) {
  const { deployment, signer } = connection;
  const worker = await memberOfKey(connection, "worker", signer.address);
  const deposits = workerDeposits(deployment, signer);
  const mined = await deposits.announceWithdrawal(amount);
  const { announced, readyAt } = await deposits.depositOf(worker);
  const ready = announced === 0n ? undefined : new Date(Number(readyAt) * 1_000).toISOString();
  return { worker, announced, readyAt: ready, withdrawn: 0n, ...gasReport(mined) };
}

async function take(connection: SignerConnection) {
  const { deployment, signer } = connection;
  const worker = await memberOfKey(connection, "worker", signer.address);
  const deposits = workerDeposits(deployment, signer);
  const { announced } = await deposits.depositOf(worker);
  const mined = await deposits.withdrawDeposit();
  return { worker, announced: 0n, readyAt: undefined, withdrawn: announced, ...gasReport(mined) };
}

if (import.meta.main) await runAlone(command);
