/** A field that counts its vectors, to test that functions over it give their temporaries back. */
import type { Field, FieldVector } from "../../../workers/field/field.ts";

const MAKERS: ReadonlySet<PropertyKey> = new Set<keyof Field>([
  "zeros",
  "fromIntegers",
  "fromWords",
  "view",
  "concat",
  "gather",
  "add",
  "sub",
  "mul",
  "scale",
  "axpy",
  "linearCombination",
  "powers",
  "invertEach",
  "random",
]);

export interface WatchedField {
  readonly field: Field;
  /** Vectors made so far. */
  made(): number;
  /** Vectors made and not released. */
  live(): number;
  /** The most vectors that were live at once. */
  peak(): number;
}

export function watchField(inner: Field): WatchedField {
  const vectors: FieldVector[] = [];
  let peak = 0;
  const live = (): number => vectors.filter((vector) => isLive(inner, vector)).length;
  const field = new Proxy(inner, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== "function") return member;
      return (...operands: unknown[]): unknown => {
        const result: unknown = Reflect.apply(member, target, operands);
        if (MAKERS.has(property)) {
          vectors.push(result as FieldVector);
          peak = Math.max(peak, live());
        }
        return result;
      };
    },
  });
  return { field, made: () => vectors.length, live, peak: () => peak };
}

/** Use after release is refused by every implementation. */
function isLive(field: Field, vector: FieldVector): boolean {
  try {
    field.toResidues(vector);
    return true;
  } catch {
    return false;
  }
}
