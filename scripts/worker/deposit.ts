/** `opaline worker deposit`: what the worker has at stake; studies may ask for it. */
import { eventOf, workerDeposits } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { etherText } from "../etherText.ts";
import { gasReport } from "../gasReport.ts";
import { memberOfKey } from "../memberOfKey.ts";
import { textOf } from "../printValue.ts";
import { invalidOption, readEther } from "../readOption.ts";

export const command = defineCommand({
  command: "worker deposit",
  describe: "Add to the worker's deposit, which it loses if it ever signs two answers to one question",
  examples: [["worker deposit --amount-ether 1 --keystore k.json --password-file pw", "one ether more at stake"]],
  options: {
    ...signerOptions,
    amountEther: { type: "string", describe: "How much to add, in ether", required: true },
  },
  handler: (options, context) => {
    const amount = readEther("amount-ether", options.amountEther);
    if (amount === 0n) throw invalidOption("amount-ether", "more than nothing");
    return withSigner(options, context, async (connection) => {
      const { deployment, signer } = connection;
      const worker = await memberOfKey(connection, "worker", signer.address);
      const deposits = workerDeposits(deployment, signer);
      const mined = await deposits.deposit(amount);
      eventOf(mined, "Deposited");
      const { amount: deposited, bound } = await deposits.depositOf(worker);
      return { worker, deposited, bound, ...gasReport(mined) };
    });
  },
  print: ({ deposited, bound, ...rest }) =>
    textOf({ deposited: etherText(deposited), bound: etherText(bound), ...rest }),
});

if (import.meta.main) await runAlone(command);
