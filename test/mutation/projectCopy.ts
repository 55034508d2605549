/**
 * A copy of the project in a temporary folder, in which tests run against contracts that are not the checkout's. Node's tests
 * read what was built, so that a mutant costs them the compilation of its own contracts and no more: {@link ProjectCopy.put}
 * writes these over what the checkout's build left, and {@link ProjectCopy.restore} takes them back.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Built } from "./solidityBuild.ts";

export const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));
const COPIED = ["contracts", "scripts", "test", "workers", "hardhat.config.ts", "package.json", "tsconfig.json"];
const BUILD_INFO = "solc-mutant";

export class ProjectCopy {
  readonly folder = mkdtempSync(join(tmpdir(), "opaline-mutants-"));
  /** Of the artifacts that are not the checkout's now, what the checkout has. */
  readonly #replaced = new Map<string, string>();

  /** @param built whether the copy has the checkout's artifacts, too: Hardhat would build what it does not know anyway */
  constructor(built: boolean) {
    for (const name of COPIED) cpSync(join(CHECKOUT, name), join(this.folder, name), { recursive: true });
    symlinkSync(join(CHECKOUT, "node_modules"), join(this.folder, "node_modules"));
    if (built) cpSync(join(CHECKOUT, "artifacts"), join(this.folder, "artifacts"), { recursive: true });
  }

  writeContract(file: string, content: string): void {
    writeFileSync(join(this.folder, "contracts", file), content);
  }

  /** Puts what was built in the place of the checkout's artifacts, with the build's own words, which explain its reverts. */
  put({ contracts, input, output }: Built): void {
    for (const { file, name, artifact } of contracts) {
      const path = join(this.folder, "artifacts/contracts", file, `${name}.json`);
      if (!existsSync(path)) throw new Error(`there is no artifact of ${name}: run \`npm run build\``);
      const present = readFileSync(path, "utf8");
      if (!this.#replaced.has(path)) this.#replaced.set(path, present);
      const found = JSON.parse(present) as object;
      writeFileSync(path, JSON.stringify({ ...found, ...artifact, buildInfoId: BUILD_INFO }));
    }
    writeFileSync(this.#buildInfo("json"), JSON.stringify({ ...input, id: BUILD_INFO }));
    const words = { _format: "hh3-sol-build-info-output-1", id: BUILD_INFO, output };
    writeFileSync(this.#buildInfo("output.json"), JSON.stringify(words));
  }

  restore(): void {
    for (const [path, content] of this.#replaced) writeFileSync(path, content);
    this.#replaced.clear();
    for (const extension of ["json", "output.json"]) rmSync(this.#buildInfo(extension), { force: true });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #buildInfo(extension: string): string {
    return join(this.folder, "artifacts/build-info", `${BUILD_INFO}.${extension}`);
  }
}
