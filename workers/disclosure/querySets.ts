/**
 * The sets that a query's own circuit has already: which of its products and factors are 0/1 on the rows of which set. The gate
 * makes no product for what is one of them, a chain of digits among them.
 */
import type { Circuit, LinearForm } from "../messages/circuit.ts";
import { columnId } from "../messages/columnId.ts";
import type { Descriptor } from "../messages/descriptor.ts";
import { AtomOp } from "../messages/descriptor.ts";
import { bindAtom, expandAtom } from "../query/expandAtoms.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import type { ClassCatalogue } from "./classCatalogue.ts";
import type { Reading } from "./factorReader.ts";
import { FactorReader } from "./factorReader.ts";
import { combineForms, ofProduct, zeroProductsOf } from "./linearForms.ts";
import type { RowSet } from "./rowSet.ts";
import { setWhere } from "./rowSet.ts";

export interface KnownForm {
  readonly set: RowSet;
  readonly form: LinearForm;
}

export interface ComputedRequest {
  readonly descriptor: Descriptor;
  readonly parameters: readonly bigint[];
  readonly schema: StudySchema;
  /** Of the descriptor with these parameters. */
  readonly circuit: Circuit;
}

/** Products first. @param parts of the universe that the circuit is over */
export function setsOfQuery(request: ComputedRequest, catalogue: ClassCatalogue, parts: bigint): KnownForm[] {
  const { descriptor, parameters } = request;
  const reader = new FactorReader(descriptor, parameters, catalogue);
  const known = (reading: Reading, form: LinearForm | undefined): KnownForm[] => {
    const isCondition = reading.digits === undefined && reading.variables.length === 0;
    const set = isCondition ? setWhere(parts, reading.condition) : undefined;
    return set === undefined || form === undefined ? [] : [{ set, form }];
  };
  const products = descriptor.products.flatMap((_, index) => known(reader.product(index), ofProduct(index)));
  const formOf = factorForms(request);
  return [...products, ...descriptor.factors.flatMap((_, index) => known(reader.factor(index), formOf(index)))];
}

/** Each factor over the circuit's columns; undefined where it uses others, as one that no sum has. */
function factorForms({ descriptor, parameters, schema, circuit }: ComputedRequest) {
  const { atoms, factors } = descriptor;
  const positions = new Map(circuit.columns.map((id, position) => [id, position]));
  const zero = zeroProductsOf(circuit.products);
  return (index: number): LinearForm | undefined => {
    const terms: (readonly [bigint, LinearForm])[] = [];
    const seen = new Set<string>();
    for (const { coefficient, signal } of factors[index]!.terms) {
      const atom = atoms[signal];
      if (atom === undefined) {
        if (!zero.has(signal - atoms.length)) terms.push([coefficient, ofProduct(signal - atoms.length)]);
        continue;
      }
      const bound = bindAtom(atom, parameters);
      const key = `${bound.field},${bound.lo}`;
      if (bound.op === AtomOp.EQ && seen.has(key)) continue;
      if (bound.op === AtomOp.EQ) seen.add(key);
      for (const { coefficient: weight, field, kind, argument } of expandAtom(bound, schema)) {
        const position = positions.get(columnId(schema.hash, field, kind, argument));
        if (position === undefined) return undefined;
        terms.push([coefficient * weight, { columns: [[position, 1n]], products: [] }]);
      }
    }
    return combineForms(terms);
  };
}
