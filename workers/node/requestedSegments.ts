/** Which segments of its datasets a request fixed by their roots. Datasets only ever grow, so a root never changes. */
import type { DatasetRegistry, DatasetSegment } from "../chain/datasetRegistry.ts";
import { datasetRoot } from "../messages/datasetRoot.ts";
import { ImmutableFacts } from "./immutableFacts.ts";

export class RequestedSegments {
  readonly #datasets: Pick<DatasetRegistry, "segments">;
  readonly #byRoot = new ImmutableFacts<readonly DatasetSegment[]>();

  constructor(datasets: Pick<DatasetRegistry, "segments">) {
    this.#datasets = datasets;
  }

  /**
   * The segments of versions 1..v of a dataset, for the v whose root it is.
   * @returns undefined when no version of the dataset has this root
   * @throws CodedError CHAIN_*
   */
  ofRoot(datasetId: string, root: string): Promise<readonly DatasetSegment[] | undefined> {
    return this.#byRoot.read(`${datasetId}/${root}`.toLowerCase(), () => this.#ask(datasetId, root));
  }

  async #ask(datasetId: string, root: string): Promise<readonly DatasetSegment[] | undefined> {
    const segments = await this.#datasets.segments(datasetId);
    for (let count = segments.length; count > 0; count--) {
      const prefix = segments.slice(0, count);
      if (datasetRoot(datasetId, BigInt(count), prefix) === root.toLowerCase()) return prefix;
    }
    return undefined;
  }
}
