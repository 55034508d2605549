/** Which requests have an attempt under way at this worker, and which of them came before another. In memory: what ended with the process recorded nothing more. */

/** Of a request; `requestId` in lower case. */
export interface Ordered {
  readonly requestId: string;
  readonly block: number;
  /** Of the committee that was asked. */
  readonly epoch: bigint;
}

/** Oldest request first, the same at every worker: in one block, those to a committee before those to the one that followed it. */
export function inOrder(a: Ordered, b: Ordered): number {
  const byPlace = a.block - b.block || Number(a.epoch - b.epoch);
  return byPlace || (a.requestId.toLowerCase() < b.requestId.toLowerCase() ? -1 : 1);
}

interface Counted extends Ordered {
  readonly attempts: number;
}

export class UnderWay {
  /** By study in lower case, then request. */
  readonly #studies = new Map<string, Map<string, Counted>>();

  begin(studyId: string, request: Ordered): void {
    this.#count(studyId, request, 1);
  }

  /** Once for each `begin`: an attempt that was given up may end after the next one of its request began. */
  end(studyId: string, request: Ordered): void {
    this.#count(studyId, request, -1);
  }

  /** Ids of those before it. */
  olderThan(studyId: string, request: Ordered): string[] {
    const others = [...this.#of(studyId).values()];
    return others.filter((other) => inOrder(other, request) < 0).map(({ requestId }) => requestId);
  }

  #count(studyId: string, request: Ordered, change: 1 | -1): void {
    const requests = this.#of(studyId);
    const attempts = (requests.get(request.requestId)?.attempts ?? 0) + change;
    if (attempts > 0) requests.set(request.requestId, { ...request, attempts });
    else requests.delete(request.requestId);
  }

  #of(studyId: string): Map<string, Counted> {
    const name = studyId.toLowerCase();
    const requests = this.#studies.get(name) ?? new Map<string, Counted>();
    this.#studies.set(name, requests);
    return requests;
  }
}
