/** A mutant: one small fault, written into one contract, that some test must notice. */

export interface Mutant {
  /** Unique; what `--only` takes. */
  readonly name: string;
  /** Below contracts/. */
  readonly file: string;
  /** Must occur in the file exactly once. */
  readonly source: string;
  readonly instead: string;
  /** The mistake that somebody could have made. */
  readonly fault: string;
  /** Files of test/contracts, the likeliest first: asked before all others. */
  readonly tests: readonly string[];
}

export class StaleMutantError extends Error {}

/** @throws StaleMutantError when the source text is not in the file exactly once */
export function applyMutant(mutant: Mutant, content: string): string {
  const parts = content.split(mutant.source);
  const [before, after] = parts;
  if (before === undefined || after === undefined || parts.length !== 2) {
    throw new StaleMutantError(`${mutant.name}: its source text is ${parts.length - 1} times in ${mutant.file}`);
  }
  return before + mutant.instead + after;
}
