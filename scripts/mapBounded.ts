/** Many questions to one node, a few at a time. */

/** As `Promise.all(items.map(ask))`, in order, with at most `limit` under way; the first failure ends it. */
export async function mapBounded<Item, Value>(
  items: readonly Item[],
  limit: number,
  ask: (item: Item) => Promise<Value>,
): Promise<Value[]> {
  const values: Value[] = [];
  let next = 0;
  let failed = false;
  const work = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        values[index] = await ask(items[index]!);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  return values;
}
