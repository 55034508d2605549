/**
 * The cheapest way to multiply a table's cells into its measures, chosen alike by everyone from public sizes.
 *
 * A cell's indicator is the product of one line's form per axis; an opened sum is an inner product of two columns, so
 * one multiplication is free. The axes are split in two: the *outer* axes' indicators meet, in the free inner product,
 * the measures multiplied by the *inner* axes' indicators. With A = Π of the outer sizes, B = Π of the inner sizes and M
 * measure columns, the product columns are
 *
 *   indicators(outer) + indicators(inner) + B·M (0 when there are no inner axes)
 *
 * where indicators(sizes) = the sum of the running products from the second size on: axes are multiplied in order.
 * One axis: no product at all. Every split with at least one outer axis is tried; the cheapest wins, and of equals the
 * one with the smallest bit mask of outer axes (bit 0 = first axis).
 */

export interface CellLayout {
  /** Indices of axes, ascending. */
  readonly outer: readonly number[];
  readonly inner: readonly number[];
  /** Product columns this adds. */
  readonly products: number;
}

/**
 * @param sizes lines per axis, at least one axis
 * @param measures distinct measure columns
 */
export function chooseCellLayout(sizes: readonly number[], measures: number): CellLayout {
  const layouts = Array.from({ length: (1 << sizes.length) - 1 }, (_, index) => layoutOf(index + 1, sizes, measures));
  return layouts.reduce((best, layout) => (layout.products < best.products ? layout : best));
}

/** How many product columns the indicators of these axes take. */
function indicatorProducts(sizes: readonly number[]): number {
  let running = sizes[0] ?? 1;
  let products = 0;
  for (const size of sizes.slice(1)) {
    running *= size;
    products += running;
  }
  return products;
}

function layoutOf(mask: number, sizes: readonly number[], measures: number): CellLayout {
  const axes = sizes.map((_, axis) => axis);
  const outer = axes.filter((axis) => (mask >> axis) & 1);
  const inner = axes.filter((axis) => !((mask >> axis) & 1));
  const [outerSizes, innerSizes] = [outer, inner].map((part) => part.map((axis) => sizes[axis]!)) as [
    number[],
    number[],
  ];
  const measured = inner.length === 0 ? 0 : innerSizes.reduce((a, b) => a * b, 1) * measures;
  return { outer, inner, products: indicatorProducts(outerSizes) + indicatorProducts(innerSizes) + measured };
}
