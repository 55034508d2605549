/** A worker's own verdict as text, integers as decimal text: kept until the chain ends the request, so that a restart
 * sends the signature again instead of computing once more. */
import type { Verdict } from "../messages/statement.ts";

export function verdictToJson({ attempt, outcome, suppressedBitmap, outputs, sealedHash }: Verdict): string {
  return JSON.stringify({
    attempt: String(attempt),
    outcome,
    suppressedBitmap,
    outputs: outputs.map(String),
    sealedHash,
  });
}

/** Of a text that `verdictToJson` made. */
export function verdictFromJson(text: string): Verdict {
  const { attempt, outputs, ...rest } = JSON.parse(text) as Verdict & {
    readonly attempt: unknown;
    readonly outputs: readonly unknown[];
  };
  return { ...rest, attempt: BigInt(String(attempt)), outputs: outputs.map((output) => BigInt(String(output))) };
}
