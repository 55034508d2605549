/** One process of the MPC benchmark: a worker, or the owner. Does what it is told over IPC and ends with its parent. */
import { BenchWorker } from "./benchWorker.ts";
import { JOBS } from "./jobs.ts";
import type { Order, Reply } from "./processes.ts";

let worker: BenchWorker | undefined;

async function obey(order: Order): Promise<unknown> {
  if (order.order === "start") {
    worker = await BenchWorker.start(order.index, order.folder);
    return worker.record;
  }
  if (worker === undefined) throw new Error("not started");
  if (order.order === "link") return worker.link(order.peers);
  const job = JOBS[order.job] as (worker: BenchWorker, options: unknown) => unknown;
  return job(worker, order.options);
}

function reply(message: Reply): void {
  process.send?.(message);
}

process.on("message", (order: Order) => {
  obey(order).then(
    (value) => reply({ value }),
    (error: unknown) => reply({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
// By process.exit, so that a profile of the process is written.
process.once("SIGTERM", () => process.exit(0));
process.once("disconnect", () => process.exit(0));
