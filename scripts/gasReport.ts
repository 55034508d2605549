/** What a transaction cost, for values that commands return. */
import type { Mined } from "#chain";

export interface GasReport {
  readonly transaction: string;
  readonly block: number;
  readonly gasUsed: bigint;
}

export function gasReport({ hash, block, gasUsed }: Mined): GasReport {
  return { transaction: hash, block, gasUsed };
}
