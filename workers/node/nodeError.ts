/** Why this worker does not compute, sign or accept something. Details carry ids, codes and counts only. */
import { CodedError } from "../errors.ts";

export type NodeErrorDetail =
  /** The request does not ask what was vetted, or not as it may be asked. */
  | { readonly code: "PLAN_REFUSED"; readonly requestId: string; readonly reason: string }
  /** The consortium has stopped requests and answers: a later attempt may find that it has not. */
  | { readonly code: "PLAN_STOPPED"; readonly requestId: string }
  /** The request is in order, but this worker lacks shares for it. */
  | {
      readonly code: "PLAN_MISSING_SHARES";
      readonly datasetId: string;
      readonly version: string;
      readonly reason: string;
    }
  /** This worker has not followed the chain to the request's block: answers given before may be unknown here. */
  | {
      readonly code: "PLAN_HISTORY_BEHIND";
      readonly requestId: string;
      readonly block: number | undefined;
      readonly needed: number;
    }
  /** A request that a participant names as opened earlier cannot be looked up: the answer cannot be tested against it. */
  | { readonly code: "PLAN_HISTORY_UNRESOLVED"; readonly earlier: string; readonly reason: HistoryGap }
  /** By public facts the gate refuses, but only for requests that others name: the attempt fails, and others follow. */
  | { readonly code: "PLAN_REFUSED_BY_NAMES"; readonly requestId: string }
  /** An earlier request's answer is under way: what of it is hidden must be known first. A later attempt follows. */
  | { readonly code: "PLAN_HISTORY_PENDING"; readonly requestId: string; readonly earlier: string }
  /** This worker has signed that the request has no answer: its outputs are opened in no later attempt either. */
  | { readonly code: "PLAN_SIGNED_REFUSAL"; readonly requestId: string }
  /** The check of a version that the request reads has not ended here: a later attempt may find that it has. */
  | { readonly code: "PLAN_BEING_CHECKED"; readonly datasetId: string; readonly version: string }
  /** The request reads a version that was rejected: it is never computed here, and ends as FAILED_UNAVAILABLE. */
  | {
      readonly code: "PLAN_DATASET_REJECTED";
      readonly datasetId: string;
      readonly version: string;
      readonly reason: string;
    }
  /** The request reads a dataset that was retired since: it ends as FAILED_UNAVAILABLE. */
  | { readonly code: "PLAN_DATASET_RETIRED"; readonly datasetId: string; readonly block: number }
  /** The gate cannot tell what the request would disclose, as public bytes alone decide: it ends as REFUSED_DISCLOSURE. */
  | { readonly code: "PLAN_UNTOLD_SETS"; readonly requestId: string }
  | { readonly code: "NODE_WRONG_CERTIFICATE"; readonly own: string; readonly registered: string }
  | { readonly code: "NODE_BAD_CERTIFICATE"; readonly path: string }
  | { readonly code: "NODE_BAD_STORE_KEY"; readonly path: string }
  /** At the start: the key is not that of the worker whose store this is; it may become that by a rotation. */
  | { readonly code: "NODE_FOREIGN_STORE"; readonly owner: string; readonly key: string }
  /** At the start: the keystore holds a key that its member has replaced. */
  | { readonly code: "NODE_KEY_REPLACED"; readonly key: string; readonly member: string; readonly current: string }
  /** While running: the key became, or ceased to be, that of the member. Only a new start can take that in. */
  | { readonly code: "NODE_KEY_CHANGED"; readonly key: string; readonly member: string };

export type HistoryGap =
  | "not confirmed here"
  | "another study's"
  | "not a vetted query"
  | "parameters out of bounds"
  | "unknown dataset root"
  | "unknown consent mask";

export function nodeError(detail: NodeErrorDetail, message: string, cause?: unknown): CodedError<NodeErrorDetail> {
  return new CodedError(detail, message, cause === undefined ? undefined : { cause });
}
