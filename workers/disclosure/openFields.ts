/** What of a query is not known before its parameters are. */
import type { Descriptor, Factor } from "../messages/descriptor.ts";
import { AtomOp } from "../messages/descriptor.ts";

/**
 * Fields of which an unknown parameter decides, alone or with others, which rows count: whatever depends on their classes is not
 * known before it is.
 */
export function openFields({ atoms, factors, products }: Descriptor): Set<number> {
  const open = new Set<number>();
  const visit = (terms: Factor["terms"]): { readonly fields: ReadonlySet<number>; readonly isBound: boolean } => {
    const found = terms.map(({ signal }) => {
      const atom = atoms[signal];
      if (atom !== undefined) {
        return { fields: new Set(atom.op === AtomOp.ACTIVE ? [] : [atom.field]), isBound: atom.bind !== 0 };
      }
      const { left, right } = products[signal - atoms.length]!;
      const sides = [left, right].map((operand) => known(operand));
      return {
        fields: new Set(sides.flatMap(({ fields }) => [...fields])),
        isBound: sides.some(({ isBound }) => isBound),
      };
    });
    return {
      fields: new Set(found.flatMap(({ fields }) => [...fields])),
      isBound: found.some(({ isBound }) => isBound),
    };
  };
  const done = new Map<number, ReturnType<typeof visit>>();
  const known = (factor: number): ReturnType<typeof visit> => {
    const found = done.get(factor) ?? visit(factors[factor]!.terms);
    done.set(factor, found);
    return found;
  };
  factors.forEach(({ terms }, index) => {
    const { fields, isBound } = known(index);
    const isProduct = terms.length === 1 && terms[0]!.signal >= atoms.length;
    // Each factor of a product is looked at by itself: what one leaves open the others do not.
    if (isBound && !isProduct) fields.forEach((field) => open.add(field));
  });
  return open;
}
