/** Names in a message. */

const MAX_LISTED = 12;

/** `a, b, c`, or the first few and how many more. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED).join(", ");
  return names.length > MAX_LISTED ? `${shown} and ${names.length - MAX_LISTED} more` : shown;
}
