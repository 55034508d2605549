/** Searching what lies in a text in order, in logarithmic time: a query of 16 KiB may have thousands of constants. */

/** Index of the first item at or after an offset; the number of items if there is none. */
export function firstFrom<Item>(items: readonly Item[], offsetOf: (item: Item) => number, offset: number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (offsetOf(items[middle]!) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
