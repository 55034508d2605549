/**
 * Vetted queries as their vetters signed them: the parts that queryHash binds, each read from the chain and hashed by this
 * worker itself. They are immutable; whether a query may still be asked is not looked at here.
 */
import type { JsonRpc } from "../chain/provider.ts";
import type { QueryCatalogue } from "../chain/queryCatalogue.ts";
import type { StudyRegistry } from "../chain/studyRegistry.ts";
import { decodeBounds, decodeDescriptor, decodeParameters } from "../messages/decodeDescriptor.ts";
import type { Descriptor, ParameterBound } from "../messages/descriptor.ts";
import { checkParameters } from "../query/bindParameters.ts";
import { queryHash } from "../query/queryHash.ts";
import { parseSchema } from "../schema/parseSchema.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import { ImmutableFacts } from "./immutableFacts.ts";

export interface VettedQuery {
  readonly schema: StudySchema;
  readonly descriptor: Descriptor;
  readonly bounds: readonly ParameterBound[];
}

export interface VettedQueryModules {
  readonly rpc: JsonRpc;
  readonly catalogue: Pick<QueryCatalogue, "descriptor" | "publication">;
  readonly studies: Pick<StudyRegistry, "schemaText">;
}

export class VettedQueries {
  readonly #modules: VettedQueryModules;
  readonly #queries = new ImmutableFacts<VettedQuery>();

  constructor(modules: VettedQueryModules) {
    this.#modules = modules;
  }

  /**
   * @returns undefined when what the chain has does not hash to `hash`
   * @throws CodedError CHAIN_* | SCHEMA_* | DESCRIPTOR_*
   */
  read(hash: string, studyId: string): Promise<VettedQuery | undefined> {
    return this.#queries.read(hash.toLowerCase(), () => this.#ask(hash, studyId));
  }

  async #ask(hash: string, studyId: string): Promise<VettedQuery | undefined> {
    const { catalogue, studies, rpc } = this.#modules;
    const [descriptor, { sql, bounds, manifest, agreement }, schemaText] = await Promise.all([
      catalogue.descriptor(hash),
      catalogue.publication(rpc, hash),
      studies.schemaText(rpc, studyId),
    ]);
    const schema = parseSchema(schemaText);
    const recomputed = queryHash(schema.hash, descriptor, sql, bounds, manifest, agreement);
    if (recomputed !== hash.toLowerCase()) return undefined;
    return { schema, descriptor: decodeDescriptor(descriptor), bounds: decodeBounds(bounds) };
  }
}

/**
 * A request's parameters, within the bounds that were vetted.
 *
 * @param encoded abi.encode(int256[]), 0x-hex
 * @throws CodedError DESCRIPTOR_* | PARAMETER_*
 */
export function readParameters(encoded: string, { bounds }: VettedQuery): bigint[] {
  const values = decodeParameters(encoded);
  checkParameters(bounds, values);
  return values;
}
