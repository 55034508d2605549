/** What scripts may use of the query language. */
export { bindParameters, checkParameters, formatParameter } from "./bindParameters.ts";
export type { ParameterErrorDetail } from "./bindParameters.ts";
export { cellCount } from "./axisSizes.ts";
export { buildCircuit } from "./buildCircuit.ts";
export type { BuiltCircuit } from "./buildCircuit.ts";
export type { CircuitErrorDetail } from "./circuitError.ts";
export { compileQuery } from "./compileQuery.ts";
export type { CompiledQuery, CompileOptions } from "./compileQuery.ts";
export { describeUnseen, findUnseen, requireLegible } from "./legibility.ts";
export type { LegibilityErrorDetail, UnseenCharacter } from "./legibility.ts";
export { gateCost } from "./gateCost.ts";
export type { GateCost, GateCostFacts } from "./gateCost.ts";
export { MAX_OPENED_VALUES } from "./openedValues.ts";
export { queryCost } from "./queryCost.ts";
export type { QueryCost } from "./queryCost.ts";
export { queryHash } from "./queryHash.ts";
export type { SqlErrorCode, SqlErrorDetail } from "./sqlError.ts";
