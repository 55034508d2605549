/** One kernel at work: its memory, threads and blocks, which a field and its groups share. */
import type { GeneratedKernel } from "./generateKernel.ts";
import { KernelMemory } from "./kernelMemory.ts";
import { KernelThreads } from "./kernelThreads.ts";
import { Blocks } from "./wasmVector.ts";

export interface KernelCore {
  readonly kernel: GeneratedKernel;
  readonly memory: KernelMemory;
  readonly threads: KernelThreads;
  readonly blocks: Blocks;
}

/** @param threads the calling one included */
export function openCore(kernel: GeneratedKernel, threads: number): KernelCore {
  const memory = new KernelMemory(kernel, threads > 1);
  const helpers = new KernelThreads(memory, threads);
  const blocks = new Blocks(memory.arena); // after all that the kernel takes for itself
  return { kernel, memory, threads: helpers, blocks };
}
