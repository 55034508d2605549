/** Checks 1 and 2 of queryPlan.ts: the catalogue's query that a request names, where it took requests then, as it was vetted. */
import type { Deployment } from "../chain/deployment.ts";
import { allLogs } from "../chain/logs.ts";
import { type JsonRpc, blockTime } from "../chain/provider.ts";
import { type Query, type QueryCatalogue, QueryState } from "../chain/queryCatalogue.ts";
import type { QueryRequested } from "../chain/queryEvents.ts";
import { refuse } from "./planRefusal.ts";
import type { ConfirmedRequest } from "./requestModules.ts";
import type { VettedQueries, VettedQuery } from "./vettedQueries.ts";

export interface StandingQueryModules {
  readonly rpc: JsonRpc;
  readonly deployment: Deployment;
  readonly catalogue: QueryCatalogue;
  readonly queries: VettedQueries;
}

/** @throws CodedError PLAN_REFUSED | CHAIN_* | SCHEMA_* | DESCRIPTOR_* */
export async function standingQuery(request: ConfirmedRequest, modules: StandingQueryModules): Promise<VettedQuery> {
  const { event, contract } = request;
  const { context } = event;
  const query = await modules.catalogue.query(context.queryHash);
  if (query.queryContract.toLowerCase() !== contract.toLowerCase())
    refuse(event, "the catalogue names another contract");
  if (query.studyId !== context.studyId) refuse(event, "the query is another study's");
  await checkStood(event, query, modules);
  const vetted = await modules.queries.read(context.queryHash, context.studyId);
  return vetted ?? refuse(event, "the query's parts do not hash to what was vetted");
}

/** Whether the query took requests then. Its activeUntil only grows: what is past today was past then. */
async function checkStood(event: QueryRequested, query: Query, modules: StandingQueryModules): Promise<void> {
  const { state, activeUntil } = query;
  if (state === QueryState.REVOKED || state === QueryState.SUPERSEDED) await checkEndedAfter(event, modules);
  else if (state !== QueryState.ACTIVE) refuse(event, "the query is not vetted");
  const requestTime = await blockTime(modules.rpc, event.context.requestBlock);
  if (requestTime > activeUntil) refuse(event, "the query's vettings had lapsed");
}

/** A request made while the query was active is served; within one block the contract itself decided the order. */
async function checkEndedAfter(
  event: QueryRequested,
  { rpc, deployment, catalogue }: StandingQueryModules,
): Promise<void> {
  const abi = deployment.abi("QueryCatalogue");
  const ends = ["QueryRevoked", "QuerySuperseded"].map((name) => abi.getEvent(name)!.topicHash);
  const filter = { addresses: [catalogue.address], topics: [ends, event.context.queryHash] };
  const before = await allLogs(rpc, filter, deployment.block, Number(event.context.requestBlock) - 1);
  if (before.length > 0) refuse(event, "the query had been revoked or superseded");
}
