/** "Did you mean …": the known word nearest to a mistyped one. */

/** Damerau-Levenshtein distance without repeats (optimal string alignment), in edits. O(a·b). */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const above = rows[i - 1]!;
      const substitution = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(above[j]! + 1, row[j - 1]! + 1, substitution);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/**
 * The nearest known word, or undefined when none is near: at most one edit in three letters, and at least two. Failing
 * that, the one known word that begins alike: `params` for `parameter`.
 */
export function suggest(word: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let distance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const edits = editDistance(word, candidate);
    if (edits < distance) [nearest, distance] = [candidate, edits];
  }
  return nearest ?? onlyWithPrefix(word, known);
}

/** Letters of a beginning that is no coincidence. */
const PREFIX = 4;

function onlyWithPrefix(word: string, known: readonly string[]): string | undefined {
  if (word.length < PREFIX) return undefined;
  const alike = known.filter((candidate) => candidate.startsWith(word.slice(0, PREFIX)));
  return alike.length === 1 ? alike[0] : undefined;
}
