/** How the manifest writes names and lists. */

/** Values listed for one parameter or category before "and N more". */
const MAX_LISTED = 24;

/** JSON quoting, with every other invisible character escaped too. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`);
}

export function listed(texts: readonly string[], word: string): string {
  const shown =
    texts.length > MAX_LISTED ? [...texts.slice(0, MAX_LISTED - 1), `${texts.length - MAX_LISTED + 1} more`] : texts;
  if (shown.length <= 1) return shown.join("");
  const joiner = texts.length > MAX_LISTED ? "and" : word;
  return `${shown.slice(0, -1).join(", ")} ${joiner} ${shown.at(-1)}`;
}
