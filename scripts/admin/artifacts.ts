/** What the build left of each contract, in Hardhat's layout: `artifacts/contracts/<folder>/<Name>.sol/<Name>.json`. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CodedError } from "#errors";
import type { Artifact } from "./deployContracts.ts";

const PACKAGE_ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Test doubles are built with the rest; nothing that deploys finds them. @throws CodedError CONFIGURATION_NOT_BUILT */
export function readArtifact(name: string): Artifact {
  const folder = join(PACKAGE_ROOT, "artifacts", "contracts");
  const [found] = existsSync(folder)
    ? globSync(`**/${name}.sol/${name}.json`, { cwd: folder, exclude: ["mocks/**"] })
    : [];
  if (found === undefined || basename(found) !== `${name}.json`) {
    throw new CodedError(
      { code: "CONFIGURATION_NOT_BUILT", contract: name },
      `there is no compiled ${name}: run \`npm run build\` first`,
    );
  }
  return JSON.parse(readFileSync(join(folder, found), "utf8")) as Artifact;
}
