/** What a query costs the workers, as far as it depends on public text alone: multiply by rows for the rest. */
import type { Descriptor } from "../messages/descriptor.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import { axisSizes, cellCount } from "./axisSizes.ts";
import { measureCount } from "./buildCircuit.ts";
import { chooseCellLayout } from "./cellLayout.ts";

/** A batch of products at one depth: shares of the masked product to a collector, and its answer back. */
const ROUNDS_PER_LEVEL = 2;

export interface QueryCost {
  /** Row-wise product columns: each costs one multiplication per row. */
  readonly products: number;
  /** Products that wait for one another. */
  readonly depth: number;
  /** Messages that wait for one another: 2 per level and 1 to open. */
  readonly rounds: number;
  readonly cells: number;
  /** Numbers that leave the computation: cells × sums. */
  readonly openedValues: number;
}

export function queryCost(descriptor: Descriptor, schema: StudySchema): QueryCost {
  const step = descriptor.steps[0]!;
  const levels = productLevels(descriptor);
  const level = (factor: number): number => levelOf(descriptor, factor, levels);
  const outputLevels = step.outputs.map(({ left, right }) =>
    Math.max(level(left), descriptor.factors[right] === undefined ? 0 : level(right)),
  );
  const depthOfOutputs = Math.max(0, ...outputLevels, ...levels);
  const cells = cellCount(step, schema);
  const sizes = axisSizes(step, schema);
  const layout = sizes.length === 0 ? undefined : chooseCellLayout(sizes, measureCount(step));
  const lineLevel = (axes: readonly number[]): number =>
    Math.max(0, ...axes.flatMap((axis) => step.axes[axis]!.lines.map(level)));
  const indicatorDepth = (axes: readonly number[]): number => lineLevel(axes) + Math.max(0, axes.length - 1);
  const innerDepth = indicatorDepth(layout?.inner ?? []);
  const cellDepth = indicatorDepth(layout?.outer ?? []);
  const multiplied =
    layout !== undefined && layout.inner.length > 0 ? Math.max(innerDepth, depthOfOutputs) + 1 : depthOfOutputs;
  const depth = Math.max(multiplied, cellDepth);
  return {
    products: descriptor.products.length + (layout?.products ?? 0),
    depth,
    rounds: ROUNDS_PER_LEVEL * depth + 1,
    cells,
    openedValues: cells * step.outputs.length,
  };
}

/** Level of each product: one more than the deepest product its factors use. */
function productLevels(descriptor: Descriptor): number[] {
  const levels: number[] = [];
  for (const { left, right } of descriptor.products) {
    levels.push(1 + Math.max(levelOf(descriptor, left, levels), levelOf(descriptor, right, levels)));
  }
  return levels;
}

function levelOf({ atoms, factors }: Descriptor, factor: number, levels: readonly number[]): number {
  return Math.max(0, ...factors[factor]!.terms.map(({ signal }) => levels[signal - atoms.length] ?? 0));
}
