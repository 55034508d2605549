import { wasmSuites } from "./wasmSuites.ts";

wasmSuites("Fr", { arithmetic: "integer", threads: 1 });
wasmSuites("Fq", { arithmetic: "integer", threads: 1 });
