/**
 * What becomes of each mutant. The tests that it names are asked first; a mutant that they let live has to survive all other
 * tests of the contracts, too, before it counts as a survivor.
 */
import { globSync } from "node:fs";
import { join } from "node:path";
import { applyMutant, type Mutant, StaleMutantError } from "./mutant.ts";
import { CHECKOUT, ProjectCopy } from "./projectCopy.ts";
import { BrokenRunError, type Killer, runNodeTests, runSolidityTests } from "./runKillers.ts";
import { type Built, CompilationError, SolidityBuild } from "./solidityBuild.ts";

/** It measures what code costs: a mutant that only costs more has not been understood. */
const NOT_ASKED = ["gas.test.ts"];

export type Fate =
  | { readonly kind: "killed"; readonly by: string }
  | { readonly kind: "survived" }
  | { readonly kind: "notCompiled"; readonly why: string }
  | { readonly kind: "stale"; readonly why: string }
  | { readonly kind: "broken"; readonly why: string };

export class MutationRun {
  readonly #build = new SolidityBuild(CHECKOUT);
  /** For Node's tests: built by {@link SolidityBuild}, one mutant's contracts at a time. */
  readonly #node = new ProjectCopy(true);
  /** For Solidity's tests: Hardhat builds what they need itself. */
  readonly #solidity = new ProjectCopy(false);

  /**
   * The tests must pass before anything is mutated, with contracts that went through the same build: with a comment more in
   * each of these files, so that no byte code is the one that the checkout's own build left.
   */
  async control(files: readonly string[], tests: readonly string[]): Promise<Killer> {
    const changed = Object.fromEntries(files.map((file) => [file, `${this.#build.contentOf(file)}// control\n`]));
    this.#node.put(this.#build.compile(changed));
    try {
      return await this.#ask(tests);
    } finally {
      this.#node.restore();
    }
  }

  /** @param thorough whether a mutant that its own tests let live is shown all the others */
  async fateOf(mutant: Mutant, thorough: boolean): Promise<Fate> {
    const original = this.#build.contentOf(mutant.file);
    let content: string;
    let built: Built;
    try {
      content = applyMutant(mutant, original);
      built = this.#build.compile({ [mutant.file]: content });
    } catch (error) {
      if (error instanceof StaleMutantError) return { kind: "stale", why: error.message };
      if (error instanceof CompilationError) return { kind: "notCompiled", why: error.message };
      throw error;
    }
    this.#node.put(built);
    this.#solidity.writeContract(mutant.file, content);
    try {
      const others = thorough ? contractTests().filter((file) => !mutant.tests.includes(file)) : [];
      const by = (await this.#ask(mutant.tests)) ?? (await this.#ask(others));
      return by === undefined ? { kind: "survived" } : { kind: "killed", by };
    } catch (error) {
      if (error instanceof BrokenRunError) return { kind: "broken", why: error.message };
      throw error;
    } finally {
      this.#node.restore();
      this.#solidity.writeContract(mutant.file, original);
    }
  }

  remove(): void {
    this.#node.remove();
    this.#solidity.remove();
  }

  async #ask(tests: readonly string[]): Promise<Killer> {
    const node = tests.filter((file) => file.endsWith(".test.ts"));
    const solidity = tests.filter((file) => file.endsWith(".t.sol"));
    const killer = node.length === 0 ? undefined : await runNodeTests(this.#node.folder, node);
    if (killer !== undefined || solidity.length === 0) return killer;
    return runSolidityTests(this.#solidity.folder, solidity);
  }
}

/** By name, in test/contracts. */
export function contractTests(): string[] {
  const found = globSync("*.{test.ts,t.sol}", { cwd: join(CHECKOUT, "test/contracts") });
  return found.filter((file) => !NOT_ASKED.includes(file)).sort();
}
