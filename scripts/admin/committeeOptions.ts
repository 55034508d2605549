/** How commands name the workers of a committee. */
import { checkCommitteeSize } from "#sharing";
import { invalidOption, readAddress, readBytes32, readWhole } from "../readOption.ts";

export const committeeOptions = {
  study: { type: "string", describe: "Study id", required: true },
  worker: { type: "strings", describe: "A worker's address; repeat, the first is Shamir point 1" },
  threshold: { type: "string", describe: "t: how many workers together still learn nothing", required: true },
} as const;

interface Given {
  readonly study: string;
  readonly worker: readonly string[];
  readonly threshold: string;
}

/** How many of the n workers must be online for anything to be computed (docs/architecture.md, Attempt). */
export function neededOnline({ t }: { readonly t: number }): number {
  return 2 * t + 1;
}

/** Of a committee in which one stopped worker stops every request. */
export function warnOfNoSpare(size: { readonly n: number; readonly t: number }, log: (line: string) => void): void {
  if (size.n > neededOnline(size)) return;
  log(
    `warning: n = 2t + 1 = ${size.n}: computing needs all ${size.n} workers online, one that is stopped stops every request; ` +
      `${size.n + 1} workers survive one`,
  );
}

/** @throws CodedError OPTION_INVALID | PARTY_COMMITTEE_SIZE */
export function readCommittee({ study, worker, threshold }: Given) {
  const studyId = readBytes32("study", study);
  const workers = worker.map((account) => readAddress("worker", account));
  const twice = workers.find((account, i) => workers.indexOf(account) < i);
  if (twice !== undefined) throw invalidOption("worker", `each worker once (${twice} is given twice)`);
  const size = { n: workers.length, t: Number(readWhole("threshold", threshold, 1n, 3n)) };
  checkCommitteeSize(size);
  return { studyId, workers, size };
}
