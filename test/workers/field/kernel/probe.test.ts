import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { inOwnProcess } from "../ownProcess.ts";

/** The field that a Node started with these options chooses, and one product computed in it. */
function fieldOf(...options: string[]): string {
  const script = `
    const field = createWasmField(r);
    const [a, b] = [field.fromIntegers([r - 3n, 5n, r / 2n]), field.fromIntegers([r - 7n, -11n, 4n])];
    console.log(field.arithmetic, field.toResidues(field.mul(a, b)).map((value) => field.toSigned(value)).join(" "));`;
  return inOwnProcess(script, ...options);
}

describe("hasFusedMultiplyAdd", () => {
  // The switch is V8's own for x64 processors; elsewhere it is not offered or has no effect.
  const isX64 = process.arch === "x64";

  it(
    "chooses integers where the multiply-add rounds twice, and computes the same",
    { skip: !isX64 && "x64 only" },
    () => {
      const [fused, unfused] = [fieldOf(), fieldOf("--no-enable-fma3")];
      assert.equal(unfused, "integer 21 -55 -2");
      assert.match(fused, /^(fused|integer) 21 -55 -2$/); // integer: this processor has no multiply-add
    },
  );

  it("refuses fused limbs where they would be wrong", { skip: !isX64 && "x64 only" }, () => {
    const script = `
      try { createWasmField(r, { arithmetic: "fused" }); console.log("made"); }
      catch (error) { console.log(error.message); }`;
    assert.match(inOwnProcess(script, "--no-enable-fma3"), /rounds a multiply-add twice/);
  });
});
