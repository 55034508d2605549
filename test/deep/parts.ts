/**
 * The tests at full size take far longer than anybody waits, so they are run in parts: a folder's files; or, of the files that
 * run whole matrices for every size of a committee, one size. Every test is in one part.
 */
import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { committees, sizeName } from "../workers/sharing/committees.ts";

export interface DeepPart {
  /** A folder or file below test/, and which of its tests. */
  readonly name: string;
  /** Of the root of the project; those of Solidity are Hardhat's, which runs all of them. */
  readonly files: readonly string[];
  readonly runner: "hardhat" | "node";
  /** For Node's runner: name patterns, and isolation. */
  readonly options: readonly string[];
}

/** Their tests say which size they are of, as `sizeName` does; where some are of none, `hasOthers`. */
export const BY_SIZE = [
  { file: "test/simulator/simulator.test.ts", hasOthers: true },
  { file: "test/workers/protocols/maliciousGate.test.ts", hasOthers: false },
  { file: "test/workers/protocols/maliciousLines.test.ts", hasOthers: false },
  { file: "test/workers/protocols/maliciousWorkers.test.ts", hasOthers: true },
];

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** In the order in which they are run: first what takes minutes. */
export function deepParts(): DeepPart[] {
  const files = globSync("test/**/*.test.ts", { cwd: ROOT }).map((file) => file.replaceAll("\\", "/"));
  const folders = Map.groupBy(files.filter((file) => !BY_SIZE.some((each) => each.file === file)).sort(), folderOf);
  return [
    { name: "contracts, Solidity", files: [], runner: "hardhat", options: [] },
    ...[...folders].map(([name, inFolder]): DeepPart => {
      // They share a chain and its fixtures (runTests.ts).
      const options = name === "contracts" ? ["--test-isolation=none"] : [];
      return { name, files: inFolder, runner: "node", options };
    }),
    ...BY_SIZE.flatMap(({ file, hasOthers }) => [
      ...(hasOthers ? [partOf(file, "of no size", "--test-skip-pattern=/n = \\d, t = \\d/")] : []),
      ...committees.map(sizeName).map((size) => partOf(file, size, `--test-name-pattern=/${size}/`)),
    ]),
  ];
}

function partOf(file: string, which: string, option: string): DeepPart {
  const name = `${file.slice("test/".length, -".test.ts".length)}, ${which}`;
  return { name, files: [file], runner: "node", options: [option] };
}

/** `workers/field` of `test/workers/field/kernel/range.test.ts`, `scripts` of `test/scripts/demo/plan.test.ts`. */
function folderOf(file: string): string {
  const folders = file.split("/").slice(1, -1);
  return folders.slice(0, folders[0] === "workers" ? 2 : 1).join("/") || "test";
}
