/** The committee sizes every test of sharing and protocols runs over: smallest, t = 1 with spare, even n, largest. */
import type { CommitteeSize } from "../../../workers/sharing/parties.ts";

export const committees: readonly CommitteeSize[] = [
  { n: 3, t: 1 },
  { n: 4, t: 1 },
  { n: 5, t: 1 },
  { n: 5, t: 2 },
  { n: 6, t: 2 },
  { n: 7, t: 2 },
  { n: 7, t: 3 },
];

/** Every size that is supported at all: 3 <= n <= 7, t >= 1, n >= 2t + 1. */
export const supportedSizes: readonly CommitteeSize[] = [3, 4, 5, 6, 7].flatMap((n) =>
  [1, 2, 3].filter((t) => n >= 2 * t + 1).map((t) => ({ n, t })),
);

export function sizeName({ n, t }: CommitteeSize): string {
  return `n = ${n}, t = ${t}`;
}
