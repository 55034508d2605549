/**
 * Which requests have an attempt under way at this worker, which of them came before another, and what they were planned
 * against. In memory: what ended with the process recorded nothing more.
 */

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

/** What of it opens may be recorded at any time. */
export interface Planned {
  /** Lower case, as those of its history. */
  readonly requestId: string;
  readonly history: ReadonlySet<string>;
}

interface Counted extends Ordered {
  readonly attempts: number;
  /** Of the newest attempt: earlier ones open nothing more. */
  readonly planned?: { readonly attempt: bigint; readonly history: ReadonlySet<string> };
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

  /** What the newest attempt of a request is planned against, until none of the request is under way. */
  plan(studyId: string, { requestId, history }: Planned, attempt: bigint): void {
    const requests = this.#of(studyId);
    const counted = requests.get(requestId);
    if (counted === undefined || (counted.planned?.attempt ?? 0n) > attempt) return;
    requests.set(requestId, { ...counted, planned: { attempt, history } });
  }

  /** Others that are planned. */
  plannedBeside(studyId: string, { requestId }: Ordered): Planned[] {
    return [...this.#of(studyId).values()].flatMap(({ requestId: other, planned }) =>
      other === requestId || planned === undefined ? [] : [{ requestId: other, history: planned.history }],
    );
  }

  /** Ids of those before it. */
  olderThan(studyId: string, request: Ordered): string[] {
    const others = [...this.#of(studyId).values()];
    return others.filter((other) => inOrder(other, request) < 0).map(({ requestId }) => requestId);
  }

  #count(studyId: string, request: Ordered, change: 1 | -1): void {
    const requests = this.#of(studyId);
    const known = requests.get(request.requestId);
    const attempts = (known?.attempts ?? 0) + change;
    if (attempts > 0) requests.set(request.requestId, { ...known, ...request, attempts });
    else requests.delete(request.requestId);
  }

  #of(studyId: string): Map<string, Counted> {
    const name = studyId.toLowerCase();
    const requests = this.#studies.get(name) ?? new Map<string, Counted>();
    this.#studies.set(name, requests);
    return requests;
  }
}

/** Of two requests, whichever is recorded first: the other, too, may be recorded where it was (`DisclosureStore`, invariant 2). */
export function arePlannedTogether(a: Planned, b: Planned): boolean {
  return mayBeRecordedBeside(a, b) && mayBeRecordedBeside(b, a);
}

function mayBeRecordedBeside({ requestId, history }: Planned, other: Planned): boolean {
  return history.has(other.requestId) || [requestId, ...history].every((id) => other.history.has(id));
}
