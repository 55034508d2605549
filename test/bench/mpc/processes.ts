/**
 * The benchmark's processes: workers 1 … 3 and the owner, each started from `workerProcess.ts`, linked over mutually
 * authenticated TLS and told what to do over IPC. They end with `withProcesses`, with this process, and by themselves when
 * the IPC channel closes.
 */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";

import { endChild, endWithThisProcess } from "../../../scripts/demo/childProcess.ts";
import type { Peer } from "../../../workers/transport/mesh.ts";
import type { JobName, JobOptions, JobResult } from "./jobs.ts";

const PROGRAM = new URL("./workerProcess.ts", import.meta.url);
/** For a process to write its profile, if it makes one. */
const GRACE_MS = 5_000;

/** What goes to a process. */
export type Order =
  | { readonly order: "start"; readonly index: number; readonly folder: string }
  | { readonly order: "link"; readonly peers: readonly Peer[] }
  | { readonly order: "job"; readonly job: JobName; readonly options: unknown };

/** What comes back, one for each order. */
export type Reply = { readonly value: unknown } | { readonly error: string };

export class BenchProcess {
  readonly child: ChildProcess;

  constructor() {
    this.child = fork(PROGRAM, { serialization: "advanced", stdio: ["ignore", "inherit", "inherit", "ipc"] });
  }

  /** Rejects with what the process says went wrong, or when it ended instead of answering. */
  tell(order: Order): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null, signal: string | null): void => {
        const doing = order.order === "job" ? order.job : order.order;
        reject(new Error(`a process of the benchmark ended during "${doing}": ${signal ?? `exit code ${code}`}`));
      };
      this.child.once("exit", ended);
      this.child.once("message", (reply: Reply) => {
        this.child.off("exit", ended);
        if ("error" in reply) reject(new Error(reply.error));
        else resolve(reply.value);
      });
      this.child.send(order);
    });
  }

  async run<Name extends JobName>(job: Name, options: JobOptions<Name>): Promise<JobResult<Name>> {
    return (await this.tell({ order: "job", job, options })) as JobResult<Name>;
  }
}

/**
 * Starts and links processes 1 … count, and ends them whatever `use` does.
 *
 * @param folder each has a folder of its own in it, and finds there what an earlier one of its index has stored
 */
export async function withProcesses<Result>(
  folder: string,
  count: number,
  use: (processes: readonly BenchProcess[]) => Promise<Result>,
): Promise<Result> {
  const processes = Array.from({ length: count }, () => new BenchProcess());
  const children = processes.map(({ child }) => child);
  const takeBack = endWithThisProcess(() => children);
  try {
    const started = processes.map((each, position) => each.tell({ order: "start", index: position + 1, folder }));
    const peers = (await Promise.all(started)) as Peer[];
    await Promise.all(processes.map((each) => each.tell({ order: "link", peers })));
    return await use(processes);
  } finally {
    await Promise.all(children.map((child) => endChild(child, GRACE_MS)));
    takeBack();
  }
}

/** The same job at all of them at once; answers in their order. */
export function runAtAll<Name extends JobName>(
  processes: readonly BenchProcess[],
  job: Name,
  options: JobOptions<Name>,
): Promise<JobResult<Name>[]> {
  return Promise.all(processes.map((each) => each.run(job, options)));
}
