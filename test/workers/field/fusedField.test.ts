import { wasmSuites } from "./wasmSuites.ts";

wasmSuites("Fr", { arithmetic: "fused", threads: 1 });
wasmSuites("Fq", { arithmetic: "fused", threads: 1 });
