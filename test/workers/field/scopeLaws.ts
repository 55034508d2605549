/** Scopes: what was made inside goes, what is returned stays, and what was there before is left alone. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { Field, FieldVector } from "../../../workers/field/field.ts";
import { bigintModel } from "./bigintModel.ts";
import { seededBytes } from "./seededBytes.ts";

export function scopeLaws(field: Field): void {
  const model = bigintModel(field);
  const { edges, of, assertElements } = model;
  const makers: readonly (readonly [string, (base: FieldVector) => FieldVector])[] = [
    ["zeros", () => field.zeros(3)],
    ["fromIntegers", () => of(edges)],
    ["fromWords", (base) => field.fromWords(field.toWords(base))],
    ["view", (base) => field.view(base, 1, 3)],
    ["an empty view", (base) => field.view(base, 1, 1)],
    ["concat", (base) => field.concat([base])],
    ["gather", (base) => field.gather(base, [1])],
    ["add", (base) => field.add(base, base)],
    ["sub", (base) => field.sub(base, base)],
    ["mul", (base) => field.mul(base, base)],
    ["scale", (base) => field.scale(base, 3n)],
    ["axpy", (base) => field.axpy(3n, base, base)],
    ["linearCombination", (base) => field.linearCombination([1n], [base])],
    ["powers", () => field.powers(3n, 4)],
    ["invertEach", (base) => field.invertEach(field.view(base, 1, 3))],
    ["random", () => field.random(3, seededBytes("scope"))],
  ];

  function assertReleased(...vectors: readonly FieldVector[]): void {
    for (const vector of vectors) assert.throws(() => field.toWords(vector), { code: "ERR_ASSERTION" });
  }

  describe("scope", () => {
    for (const [name, make] of makers) {
      it(`releases what ${name} makes, unless it is returned`, () => {
        const base = of(edges);
        const expected = field.toResidues(make(base));
        let inside: FieldVector | undefined;
        field.scope(() => {
          inside = make(base);
          return undefined;
        });
        assertReleased(inside as unknown as FieldVector);
        const kept = field.scope(() => make(base));
        const [first, second] = field.scope(() => [make(base), make(base)]) as [FieldVector, FieldVector];
        for (let round = 0; round < 20; round++) field.release(of(edges.toReversed()));
        for (const vector of [kept, first, second]) assertElements(vector, expected, name);
        assertElements(base, edges, "vector from outside");
        field.release(kept, first, second, base);
      });
    }

    it("returns what compute returns", () => {
      const bytes = new Uint8Array(3);
      const vectors = [of(edges), of(edges)];
      for (const value of [undefined, true, false, 5n, bytes, vectors, vectors[0], []]) {
        assert.equal(
          field.scope(() => value),
          value,
        );
      }
    });

    it("leaves vectors from outside alone, returned or not", () => {
      const outside = of(edges);
      assert.equal(
        field.scope(() => outside),
        outside,
      );
      field.scope(() => {
        field.add(outside, outside);
        return undefined;
      });
      field.scope(() => [outside, outside]);
      assertElements(outside, edges);
    });

    it("keeps a returned view while its base goes", () => {
      let base: FieldVector | undefined;
      const view = field.scope(() => {
        base = of(edges);
        return field.view(base, 1, 4);
      });
      assertReleased(base as unknown as FieldVector);
      for (let round = 0; round < 20; round++) field.release(of(edges.toReversed()));
      assertElements(view, edges.slice(1, 4));
      field.release(view);
    });

    it("keeps a returned base while its views go", () => {
      let view: FieldVector | undefined;
      const base = field.scope(() => {
        const made = of(edges);
        view = field.view(made, 1, 4);
        return made;
      });
      assertReleased(view as unknown as FieldVector);
      assertElements(base, edges);
    });

    it("lets a vector be released inside, made inside or not", () => {
      const outside = of(edges);
      const kept = field.scope(() => {
        const [early, late] = [of(edges), field.add(outside, outside)];
        field.release(early, outside);
        assertReleased(early, outside);
        return late;
      });
      assertElements(kept, model.add(edges, edges));
      assertReleased(outside);
    });

    it("hands what an inner scope returns to the outer one", () => {
      let [made, returned, views]: FieldVector[][] = [[], [], []];
      const kept = field.scope(() => {
        const before = of(edges);
        const inner = field.scope(() => {
          const a = field.add(before, before);
          const b = field.sub(a, before);
          made = [a];
          views = [field.view(b, 0, 2)];
          return [b, field.mul(b, b)];
        });
        assertReleased(...(made as FieldVector[]), ...(views as FieldVector[]));
        assertElements(before, edges);
        assertElements(inner[0] as FieldVector, edges);
        assertElements(inner[1] as FieldVector, model.mul(edges, edges));
        returned = [inner[0] as FieldVector, before];
        return inner[1] as FieldVector;
      });
      assertReleased(...(returned as FieldVector[]));
      assertElements(kept, model.mul(edges, edges));
      field.release(kept);
    });

    it("lets an inner scope release what the outer one made, once", () => {
      field.scope(() => {
        const outer = of(edges);
        field.scope(() => {
          field.release(outer);
          return undefined;
        });
        assertReleased(outer);
        return undefined;
      });
    });

    it("records nothing when none runs", () => {
      const between: FieldVector[] = [];
      for (let round = 0; round < 3; round++) {
        field.scope(() => of(edges));
        between.push(of(edges));
      }
      for (const vector of between) assertElements(vector, edges);
    });

    it("releases when compute throws, and passes the error on", () => {
      const failure = new Error("stop");
      const made: FieldVector[] = [];
      const outside = of(edges);
      assert.throws(
        () =>
          field.scope(() => {
            made.push(of(edges), field.view(outside, 0, 1));
            field.scope(() => {
              made.push(field.add(outside, outside));
              throw failure;
            });
            return undefined;
          }),
        (error) => error === failure,
      );
      assert.equal(made.length, 3);
      assertReleased(...made);
      assertElements(outside, edges);
      const after = of(edges);
      assertElements(after, edges, "vector made after a failure");
    });

    it("goes on after an inner scope threw", () => {
      const kept = field.scope(() => {
        const before = of(edges);
        assert.throws(() => field.scope(() => field.view(before, 3, 2)), { code: "ERR_ASSERTION" });
        assertElements(before, edges);
        return field.add(before, before);
      });
      assertElements(kept, model.add(edges, edges));
    });

    it("refuses a computation that goes on later, and releases what it made", () => {
      const made: FieldVector[] = [];
      const later = (): Promise<FieldVector> => {
        made.push(of(edges));
        return Promise.resolve(field.zeros(1));
      };
      assert.throws(() => field.scope(later as unknown as () => undefined), { code: "ERR_ASSERTION" });
      assertReleased(...made);
    });
  });
}
