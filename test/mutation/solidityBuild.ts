/**
 * Compiles the contracts that a changed file reaches, and no others, with the compiler, the settings and the libraries of the
 * checkout's own build: what comes out is byte for byte what `hardhat build` would make of the same sources.
 */
import { globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, posix } from "node:path";

const PROJECT = "project/contracts/";
/** What Hardhat asks the compiler for, and its network reads. */
const OUTPUTS = [
  "abi",
  "evm.bytecode.linkReferences",
  "evm.bytecode.object",
  "evm.bytecode.opcodes",
  "evm.bytecode.sourceMap",
  "evm.deployedBytecode.immutableReferences",
  "evm.deployedBytecode.linkReferences",
  "evm.deployedBytecode.object",
  "evm.deployedBytecode.opcodes",
  "evm.deployedBytecode.sourceMap",
  "evm.methodIdentifiers",
];

/** Of what is only imported: Hardhat's network wants an entry for every contract that it finds in a source. */
const IMPORTED_OUTPUTS = ["abi", "evm.methodIdentifiers"];
const NO_CODE = { object: "", opcodes: "", sourceMap: "", linkReferences: {}, immutableReferences: {} };

type Sources = Record<string, { readonly content: string }>;

interface BuildInfo {
  readonly input: { readonly sources: Sources; readonly settings: { readonly remappings: readonly string[] } };
}

interface Bytecode {
  readonly object: string;
  readonly linkReferences: object;
  readonly immutableReferences?: object;
}

interface CompiledContract {
  readonly abi: unknown;
  readonly evm: { bytecode?: Bytecode; deployedBytecode?: Bytecode };
}

interface CompilerOutput {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts?: Record<string, Record<string, CompiledContract>>;
}

export interface BuiltContract {
  /** Below contracts/. */
  readonly file: string;
  readonly name: string;
  /** The parts of Hardhat's artifact that depend on the source. */
  readonly artifact: object;
}

export interface Built {
  readonly contracts: readonly BuiltContract[];
  /** A build info in Hardhat's form, but for its id. */
  readonly input: object;
  readonly output: object;
}

export class CompilationError extends Error {}

export class SolidityBuild {
  readonly #compile: (input: string) => string;
  readonly #template: BuildInfo;
  readonly #sources: Sources = {};

  /** @param checkout where `hardhat build` has left artifacts */
  constructor(checkout: string) {
    const solc = createRequire(import.meta.url)("solc") as { compile(input: string): string };
    this.#compile = solc.compile;
    const folder = join(checkout, "artifacts/build-info");
    const infos = globSync("*.json", { cwd: folder, exclude: ["*.output.json"] }).map(
      (name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as BuildInfo,
    );
    const [first] = infos;
    if (!first) throw new Error("nothing is built: run `npm run build` first");
    this.#template = first;
    // Libraries never change; contracts are read as they are now.
    for (const { input } of infos) Object.assign(this.#sources, input.sources);
    for (const name of Object.keys(this.#sources)) if (name.startsWith("project/")) delete this.#sources[name];
    for (const file of globSync("**/*.sol", { cwd: join(checkout, "contracts") })) {
      const content = readFileSync(join(checkout, "contracts", file), "utf8");
      this.#sources[PROJECT + file.replaceAll("\\", "/")] = { content };
    }
  }

  /** @param file below contracts/ */
  contentOf(file: string): string {
    const found = this.#sources[PROJECT + file];
    if (!found) throw new Error(`there is no contracts/${file}`);
    return found.content;
  }

  /** Below contracts/, sorted. */
  files(): string[] {
    const own = Object.keys(this.#sources).filter((name) => name.startsWith(PROJECT));
    return own.map((name) => name.slice(PROJECT.length)).sort();
  }

  /**
   * @param changed new contents by file below contracts/
   * @throws CompilationError
   */
  compile(changed: Readonly<Record<string, string>>): Built {
    const sources = { ...this.#sources };
    for (const [file, content] of Object.entries(changed)) sources[PROJECT + file] = { content };
    const imports = new Map(Object.keys(sources).map((name) => [name, this.#importsOf(name, sources)]));
    const reached = this.files()
      .map((file) => PROJECT + file)
      .filter((name) => Object.keys(changed).some((file) => closure(name, imports).has(PROJECT + file)));
    const needed = new Set(reached.flatMap((name) => [...closure(name, imports)]));
    const outputSelection = Object.fromEntries([
      ["*", { "": ["ast"], "*": IMPORTED_OUTPUTS }],
      ...reached.map((name) => [name, { "": ["ast"], "*": OUTPUTS }]),
    ]);
    const input = {
      ...this.#template.input,
      sources: Object.fromEntries(Object.entries(sources).filter(([name]) => needed.has(name))),
      settings: { ...this.#template.input.settings, outputSelection },
    };
    const output = JSON.parse(this.#compile(JSON.stringify(input))) as CompilerOutput;
    const error = output.errors?.find(({ severity }) => severity === "error");
    if (error) throw new CompilationError(error.formattedMessage);
    const contracts = contractsOf(output);
    return {
      contracts: contracts.filter(({ file }) => reached.includes(PROJECT + file)),
      input: { ...this.#template, input },
      output,
    };
  }

  #importsOf(name: string, sources: Sources): string[] {
    const content = sources[name]?.content ?? "";
    const found = [...content.matchAll(/^import\b[^";]*"([^"]+)";/gm)].map(([, path]) => path ?? "");
    return found.map((path) => (path.startsWith(".") ? posix.join(posix.dirname(name), path) : this.#remapped(path)));
  }

  #remapped(path: string): string {
    for (const remapping of this.#template.input.settings.remappings) {
      const [, prefix, target] = /^[^:]*:([^=]*)=(.*)$/.exec(remapping) ?? [];
      if (prefix !== undefined && target !== undefined && path.startsWith(prefix)) {
        return target + path.slice(prefix.length);
      }
    }
    throw new Error(`nothing says where ${path} is`);
  }
}

/** The file and all that it imports, directly or not. */
function closure(name: string, imports: ReadonlyMap<string, readonly string[]>): Set<string> {
  const found = new Set<string>();
  const open = [name];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    open.push(...(imports.get(next) ?? []));
  }
  return found;
}

/** Gives what has no code an empty one. */
function contractsOf(output: CompilerOutput): BuiltContract[] {
  return Object.entries(output.contracts ?? {}).flatMap(([source, contracts]) =>
    Object.entries(contracts).map(([name, { abi, evm }]) => {
      const bytecode = (evm.bytecode ??= NO_CODE);
      const deployed = (evm.deployedBytecode ??= NO_CODE);
      const artifact = {
        abi,
        bytecode: `0x${bytecode.object}`,
        deployedBytecode: `0x${deployed.object}`,
        linkReferences: bytecode.linkReferences,
        deployedLinkReferences: deployed.linkReferences,
        immutableReferences: deployed.immutableReferences ?? {},
      };
      return { file: source.slice(PROJECT.length), name, artifact };
    }),
  );
}
