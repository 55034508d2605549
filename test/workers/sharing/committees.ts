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

export function sizeName({ n, t }: CommitteeSize): string {
  return `n = ${n}, t = ${t}`;
}
