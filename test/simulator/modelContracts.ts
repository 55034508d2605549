/**
 * Runs one call on the model contracts: calldata to handler by the build's own ABI, results, events and custom errors
 * back to bytes. Without gas, storage slots, audit trail, prices, credits and deposits: workers depend on none of them.
 */
import type { ParamType, Result } from "ethers";
import { type Interface } from "ethers";
import { catalogueHandlers } from "./modelCatalogue.ts";
import { consentHandlers } from "./modelConsents.ts";
import { changeHandlers } from "./modelChanges.ts";
import { committeeHandlers } from "./modelCommittees.ts";
import { CHAIN_ID, abiOf, interfaceOfError } from "./modelDeployment.ts";
import { emergencyStopHandlers } from "./modelEmergencyStop.ts";
import { memberHandlers } from "./modelMembers.ts";
import { queryContractHandlers } from "./modelQueryContract.ts";
import type { CallArguments, Handlers, ModelState } from "./modelState.ts";
import { ModelRevert, REGISTRIES } from "./modelState.ts";
import { retirementHandlers } from "./modelRetirement.ts";
import { datasetHandlers, studyHandlers } from "./modelStudies.ts";
import { agreementHandlers, termsHandlers } from "./modelTerms.ts";

export interface ModelCall {
  /** Checksummed. */
  readonly from: string;
  readonly to: string;
  readonly data: string;
  readonly value: bigint;
}

export interface EmittedLog {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
}

export type CallOutcome =
  | { readonly ok: true; readonly result: string; readonly logs: readonly EmittedLog[] }
  /** `error` in words, for a reader; `data` as the node gives it. */
  | { readonly ok: false; readonly error: string; readonly data: string };

const HANDLERS: Readonly<Record<string, Handlers>> = {
  ...Object.fromEntries(REGISTRIES.map((name) => [name, memberHandlers(name)])),
  EmergencyStop: emergencyStopHandlers,
  StudyRegistry: studyHandlers,
  CommitteeRegistry: committeeHandlers,
  CommitteeChanges: changeHandlers,
  StudyAgreements: agreementHandlers,
  DatasetRegistry: { ...datasetHandlers, ...termsHandlers, ...retirementHandlers },
  ConsentRegistry: consentHandlers,
  QueryCatalogue: catalogueHandlers,
  QuerySmartContract: queryContractHandlers,
};

/** Results of ethers to plain objects and arrays, by the type that the ABI gives them. */
function plain(type: ParamType, value: unknown): unknown {
  if (type.isArray()) return [...(value as Result)].map((item) => plain(type.arrayChildren, item));
  if (!type.isTuple()) return value;
  return Object.fromEntries(type.components.map((part, i) => [part.name, plain(part, (value as Result)[i])]));
}

export class ModelContracts {
  readonly addresses: Readonly<Record<string, string>>;
  readonly #names: ReadonlyMap<string, string>;

  constructor(addresses: Readonly<Record<string, string>>) {
    this.addresses = addresses;
    this.#names = new Map(Object.entries(addresses).map(([name, address]) => [address.toLowerCase(), name]));
  }

  /** May change the state, also when it fails: the caller passes a copy. */
  call(state: ModelState, { from, to, data, value }: ModelCall, block: bigint, timestamp: bigint): CallOutcome {
    const name = this.#nameOf(state, to);
    const abi = abiOf(name);
    const parsed = abi.parseTransaction({ data });
    const handler = parsed === null ? undefined : HANDLERS[name]?.[parsed.name];
    if (parsed === null || handler === undefined) throw new Error(`the model of ${name} has no ${data.slice(0, 10)}`);
    const { inputs } = parsed.fragment;
    const args = Object.fromEntries(inputs.map((input, i) => [input.name, plain(input, parsed.args[i])]));
    const logs: EmittedLog[] = [];
    const emit = (event: string, values: readonly unknown[]): void =>
      void logs.push(this.#log(name, to, event, values));
    const place = { self: to, sender: from, value, block, timestamp, chainId: CHAIN_ID };
    try {
      const scene = { state, abi, addresses: this.addresses, ...place, emit };
      const results = handler(scene, args as CallArguments);
      return { ok: true, result: abi.encodeFunctionResult(parsed.fragment, results), logs };
    } catch (error) {
      if (!(error instanceof ModelRevert)) throw error;
      const errors = interfaceOfError(name, error.error);
      return { ok: false, error: error.message, data: errors.encodeErrorResult(error.error, error.args) };
    }
  }

  #nameOf(state: ModelState, to: string): string {
    if (state.contracts.has(to.toLowerCase())) return "QuerySmartContract";
    const name = this.#names.get(to.toLowerCase());
    if (name === undefined) throw new Error(`nothing of the model is at ${to}`);
    return name;
  }

  /** `event` is one of the contract called, or `Contract:Event` of one that it calls. */
  #log(name: string, to: string, event: string, values: readonly unknown[]): EmittedLog {
    const [other, named] = event.includes(":") ? (event.split(":") as [string, string]) : [undefined, event];
    const abi: Interface = abiOf(other ?? name);
    const { topics, data } = abi.encodeEventLog(named, values);
    return { address: other === undefined ? to : this.addresses[other]!, topics, data };
  }
}
