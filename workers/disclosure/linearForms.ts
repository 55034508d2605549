/** Linear forms over a circuit's columns and products, in the one order and form that `query/buildCircuit.ts` gives them. */
import { residue } from "../field/bn254.ts";
import type { CircuitProduct, LinearForm } from "../messages/circuit.ts";

/** Σ coefficient × form. */
export function combineForms(terms: readonly (readonly [coefficient: bigint, form: LinearForm])[]): LinearForm {
  const [columns, products] = [new Map<number, bigint>(), new Map<number, bigint>()];
  for (const [coefficient, form] of terms) {
    for (const [sums, part] of [[columns, form.columns] as const, [products, form.products] as const])
      for (const [index, weight] of part) sums.set(index, (sums.get(index) ?? 0n) + coefficient * weight);
  }
  return { columns: reduced(columns), products: reduced(products) };
}

export function ofProduct(index: number): LinearForm {
  return { columns: [], products: [[index, 1n]] };
}

/** Zero by construction: no column, and no product that is not. */
function isZeroForm({ columns, products }: LinearForm, zeroProducts: ReadonlySet<number>): boolean {
  return columns.length === 0 && products.every(([product]) => zeroProducts.has(product));
}

/** Products with a factor that is zero by construction. */
export function zeroProductsOf(products: readonly CircuitProduct[]): Set<number> {
  const zero = new Set<number>();
  products.forEach(({ left, right }, index) => {
    if (isZeroForm(left, zero) || isZeroForm(right, zero)) zero.add(index);
  });
  return zero;
}

export function textOfProduct({ left, right }: CircuitProduct): string {
  const text = ({ columns, products }: LinearForm): string => `${columns.join(";")}|${products.join(";")}`;
  return `${text(left)}*${text(right)}`;
}

function reduced(sums: ReadonlyMap<number, bigint>): (readonly [number, bigint])[] {
  return [...sums]
    .map(([index, sum]) => [index, residue(sum)] as const)
    .filter(([, sum]) => sum !== 0n)
    .sort(([a], [b]) => a - b);
}
