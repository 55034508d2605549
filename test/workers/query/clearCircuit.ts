/** Evaluates a circuit in the clear: the reference for what the workers compute on shares. */
import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import type { Circuit, LinearForm } from "../../../workers/messages/circuit.ts";
import { columnsOf } from "../../../workers/schema/columns.ts";
import type { ColumnSpec, StudySchema } from "../../../workers/schema/studySchema.ts";
import { ColumnKind } from "../../../workers/schema/studySchema.ts";

/** [field][row], scaled; null = missing. */
export type Values = readonly (readonly (bigint | null)[])[];

/** Committed columns by id, with `padding` zero rows at the end. */
export function clearColumns(schema: StudySchema, values: Values, rows: number, padding = 1): Map<string, bigint[]> {
  return new Map(
    columnsOf(schema).map((spec) => {
      const column = Array.from({ length: rows }, (_, row) => content(schema, spec, values[spec.field]?.[row] ?? null));
      return [spec.id, [...column, ...Array.from({ length: padding }, () => 0n)]];
    }),
  );
}

export function evaluateClear(circuit: Circuit, columns: ReadonlyMap<string, readonly bigint[]>): bigint[] {
  const loaded = circuit.columns.map((id) => {
    const column = columns.get(id);
    if (column === undefined) throw new Error(`the circuit names the unknown column ${id}`);
    return column;
  });
  const rows = [...columns.values()][0]!.length;
  const products: bigint[][] = [];
  const form = ({ columns: terms, products: earlier }: LinearForm): bigint[] =>
    Array.from({ length: rows }, (_, row) => {
      const linear = terms.reduce((sum, [column, weight]) => sum + weight * loaded[column]![row]!, 0n);
      return (
        earlier.reduce((sum, [product, weight]) => sum + weight * products[product]![row]!, linear) % BN254_FR_MODULUS
      );
    });
  for (const { left, right } of circuit.products) {
    const [a, b] = [form(left), form(right)];
    products.push(a.map((value, row) => (value * b[row]!) % BN254_FR_MODULUS));
  }
  return circuit.outputs.map(({ left, right }) => {
    const [a, b] = [form(left), right === undefined ? undefined : form(right)];
    const sum = a.reduce((total, value, row) => total + value * (b?.[row] ?? 1n), 0n) % BN254_FR_MODULUS;
    return sum < 0n ? sum + BN254_FR_MODULUS : sum;
  });
}

function content({ fields }: StudySchema, { field, kind, argument }: ColumnSpec, value: bigint | null): bigint {
  const on = fields[field];
  switch (kind) {
    case ColumnKind.ACTIVE:
      return 1n;
    case ColumnKind.ONE_HOT: {
      const line = value ?? (on?.type === "category" ? BigInt(on.categories.length) : -1n);
      return line === argument ? 1n : 0n;
    }
    case ColumnKind.THERMOMETER:
      return value !== null && value >= argument ? 1n : 0n;
    case ColumnKind.VALUE:
      return value ?? 0n;
    case ColumnKind.VALIDITY:
      return value === null ? 0n : 1n;
    case ColumnKind.DIGIT: {
      if (value === null || on === undefined || on.type === "category") return 0n;
      const [position, digit] = [argument / 16n, argument % 16n];
      return ((value - on.minimum) / 16n ** position) % 16n === digit ? 1n : 0n;
    }
  }
}
