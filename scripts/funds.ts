/** Who signs must pay: what is said when the account has not enough, and a look before anything is sent. */
import type { BaseWallet, JsonRpcProvider } from "ethers";
import { type ChainErrorDetail, chainError } from "#chain";
import { CodedError, isCoded } from "#errors";
import { etherText } from "./etherText.ts";

/** @throws CodedError CHAIN_INSUFFICIENT_FUNDS when the account holds nothing at all and gas costs something | CHAIN_UNREACHABLE */
export async function requireFunds(provider: JsonRpcProvider, account: string): Promise<void> {
  const balance = await balanceOf(provider, account);
  if (balance === 0n && !(await isGasFree(provider))) throw cannotPay(account, balance);
}

/** As on a consortium's own chain: no base fee, so that transactions offer what the node calls its gas price, and that is 0. */
async function isGasFree(provider: JsonRpcProvider): Promise<boolean> {
  try {
    const { maxFeePerGas, gasPrice } = await provider.getFeeData();
    return (maxFeePerGas ?? gasPrice) === 0n;
  } catch (error) {
    throw chainError(error, [], "fees");
  }
}

/** The same error, with the account and what it has; any other error unchanged. */
export async function namePayer(error: unknown, provider: JsonRpcProvider, signer: BaseWallet): Promise<unknown> {
  if (!isCoded(error, "CHAIN_INSUFFICIENT_FUNDS")) return error;
  try {
    return cannotPay(signer.address, await balanceOf(provider, signer.address), error);
  } catch {
    return error;
  }
}

async function balanceOf(provider: JsonRpcProvider, account: string): Promise<bigint> {
  try {
    return await provider.getBalance(account);
  } catch (error) {
    throw chainError(error, [], "eth_getBalance");
  }
}

function cannotPay(account: string, balance: bigint, cause?: unknown): CodedError<ChainErrorDetail> {
  return new CodedError(
    { code: "CHAIN_INSUFFICIENT_FUNDS", account, balance: balance.toString() },
    `account ${account} cannot pay: it has ${etherText(balance)}; fund it (docs/operators.md, Funds)`,
    cause === undefined ? {} : { cause },
  );
}
