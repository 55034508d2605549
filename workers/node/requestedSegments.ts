/**
 * Which segments of its datasets a request fixed by their roots. What this worker's follower has kept is looked at first: it
 * knows every version among every committee, and the chain only those of the committee that serves now.
 */
import type { DatasetRegistry, DatasetSegment } from "../chain/datasetRegistry.ts";
import { segmentsOfRoot } from "../messages/datasetRoot.ts";
import type { SegmentFactStore } from "../store/segmentFactStore.ts";
import { ImmutableFacts } from "./immutableFacts.ts";

export class RequestedSegments {
  readonly #datasets: Pick<DatasetRegistry, "segments">;
  readonly #facts: Pick<SegmentFactStore, "ofDataset">;
  readonly #byRoot = new ImmutableFacts<readonly DatasetSegment[]>();

  constructor(datasets: Pick<DatasetRegistry, "segments">, facts: Pick<SegmentFactStore, "ofDataset">) {
    this.#datasets = datasets;
    this.#facts = facts;
  }

  /**
   * The segments of versions 1..v of a dataset, for the v and the committee whose root it is.
   * @returns undefined when no version of the dataset has this root
   * @throws CodedError CHAIN_* | STORE_*
   */
  ofRoot(datasetId: string, root: string): Promise<readonly DatasetSegment[] | undefined> {
    return this.#byRoot.read(`${datasetId}/${root}`.toLowerCase(), () => this.#find(datasetId, root));
  }

  async #find(datasetId: string, root: string): Promise<readonly DatasetSegment[] | undefined> {
    const facts = this.#facts.ofDataset(datasetId);
    for (const epoch of new Set(facts.map((fact) => fact.epoch))) {
      const found = segmentsOfRoot(datasetId, root, withoutGaps(facts.filter((fact) => fact.epoch === epoch)));
      if (found !== undefined) return found;
    }
    // Of a store that is older than what it keeps of every version.
    return segmentsOfRoot(datasetId, root, await this.#datasets.segments(datasetId));
  }
}

/** The versions 1, 2, … up to the first that is not there: a store that is older than these facts begins in the middle. */
function withoutGaps<Fact extends { readonly version: bigint }>(facts: readonly Fact[]): Fact[] {
  const end = facts.findIndex(({ version }, position) => version !== BigInt(position + 1));
  return end < 0 ? [...facts] : facts.slice(0, end);
}
