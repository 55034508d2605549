import { existsSync } from "node:fs";
import { tmpdir } from "node:os";

/** Memory instead of a disk where there is such a folder, for tests that commit thousands of times. */
export function memoryParent(): string {
  return existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
}
