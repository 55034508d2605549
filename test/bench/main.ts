/**
 * `npm run -s bench -- <name> [--json] [--quick]`: measures one part of Opaline. A missed target is reported and exits 0; a wrong
 * result exits 1. With --json, stdout carries one JSON object and nothing else.
 */
import { parseArgs } from "node:util";

import { benchmarkKernel, FULL_KERNEL_PLAN, QUICK_KERNEL_PLAN } from "./kernel.ts";
import { benchmarkMpc, FULL_MPC_PLAN, QUICK_MPC_PLAN } from "./mpc.ts";
import type { Benchmark } from "./report.ts";

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  kernel: (progress, quick) => benchmarkKernel(progress, quick ? QUICK_KERNEL_PLAN : FULL_KERNEL_PLAN),
  mpc: (progress, quick) => benchmarkMpc(progress, quick ? QUICK_MPC_PLAN : FULL_MPC_PLAN),
};

async function main(): Promise<void> {
  const options = { json: { type: "boolean" }, quick: { type: "boolean" } } as const;
  const { positionals, values } = parseArgs({ allowPositionals: true, options });
  const [name, ...rest] = positionals;
  const benchmark = name !== undefined && Object.hasOwn(BENCHMARKS, name) ? BENCHMARKS[name] : undefined;
  if (benchmark === undefined || rest.length > 0) {
    const asked = positionals.length === 0 ? "no benchmark named" : `no benchmark "${positionals.join(" ")}"`;
    throw new Error(`${asked}; known: ${Object.keys(BENCHMARKS).join(", ")}`);
  }
  const { json, text } = await benchmark((line) => console.error(line), values.quick === true);
  console.log(values.json ? JSON.stringify(json) : text);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
