/** What is typed is kebab-case; what is written in code and on disk is camelCase. */

/** `dataOwner` → `data-owner` */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `data-owner` → `dataOwner` */
export function camelCase(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}
