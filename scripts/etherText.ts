/** Amounts as people read them; JSON keeps wei. */
import { formatEther } from "ethers";

export function etherText(wei: bigint): string {
  return `${formatEther(wei)} ETH`;
}
