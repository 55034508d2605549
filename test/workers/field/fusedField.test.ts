import { withLimbs } from "./availableLimbs.ts";
import { wasmSuites } from "./wasmSuites.ts";

withLimbs("fused", () => {
  wasmSuites("Fr", { arithmetic: "fused", threads: 1 });
  wasmSuites("Fq", { arithmetic: "fused", threads: 1 });
});
