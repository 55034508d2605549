/**
 * `npm run mutants`: writes each mutant of the list into a copy of the contracts and says which test notices it. `-- --list`
 * says what there is, `-- --only NAME` runs one, or several with commas between, or all of a folder as in `--only query/`, and
 * `-- --shard 1/2` runs every second one: each shard is a process of its own, for a core of its own.
 */
import { parseArgs } from "node:util";
import { MUTANTS } from "./allMutants.ts";
import { EQUIVALENTS } from "./equivalents.ts";
import type { Mutant } from "./mutant.ts";
import { type Fate, MutationRun } from "./mutationRun.ts";

const LOUD = { stale: "STALE", notCompiled: "DOES NOT COMPILE", broken: "COULD NOT BE TESTED" } as const;

const { values } = parseArgs({
  options: { only: { type: "string" }, shard: { type: "string" }, list: { type: "boolean", default: false } },
});
const named = values.only === undefined ? MUTANTS : MUTANTS.filter((mutant) => isNamed(mutant, values.only ?? ""));
const chosen = values.shard === undefined ? named : shardOf(named, values.shard);
if (values.list) for (const { name, file, fault } of chosen) console.log(`${name} (${file}): ${fault}`);
else if (chosen.length === 0) throw new Error("no mutant has that name, or none of them is in this shard");
else process.exitCode = await run(chosen);

/** @returns 1 unless every mutant is killed, but for those that are argued to be equivalent */
async function run(mutants: readonly Mutant[]): Promise<number> {
  const started = performance.now();
  const mutation = new MutationRun();
  const fates: Fate["kind"][] = [];
  let wrong = 0;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      mutation.remove();
      process.exit(1);
    });
  }
  try {
    const tests = new Set(mutants.flatMap((mutant) => mutant.tests));
    const failed = await mutation.control([...new Set(mutants.map(({ file }) => file))], [...tests]);
    if (failed !== undefined) throw new Error(`a test fails without any mutant: ${failed}`);
    console.log(`control: ${tests.size} test files pass without a mutant, ${secondsSince(started)} s`);
    for (const [i, mutant] of mutants.entries()) {
      const begun = performance.now();
      const equivalent = EQUIVALENTS[mutant.name];
      const fate = await mutation.fateOf(mutant, equivalent === undefined);
      fates.push(fate.kind);
      if (fate.kind !== (equivalent === undefined ? "killed" : "survived")) wrong++;
      console.log(`${i + 1}/${mutants.length} ${wordsOn(mutant, fate, equivalent)}, ${secondsSince(begun)} s`);
    }
  } finally {
    mutation.remove();
  }
  const count = (kind: Fate["kind"]): number => fates.filter((fate) => fate === kind).length;
  const argued = mutants.filter(({ name }) => name in EQUIVALENTS).length;
  console.log(
    `\n${mutants.length} mutants: ${count("killed")} killed, ${count("survived")} survived (${argued} argued to be equivalent), ` +
      `${count("notCompiled")} do not compile, ${count("stale")} stale, ${count("broken")} could not be tested; ${wrong} not as they should be; ` +
      `${secondsSince(started)} s`,
  );
  return wrong === 0 ? 0 : 1;
}

function wordsOn({ name, fault }: Mutant, fate: Fate, equivalent: string | undefined): string {
  if (fate.kind === "killed") {
    const wrong = equivalent === undefined ? "" : " ALTHOUGH ARGUED TO BE EQUIVALENT";
    return `killed ${name}${wrong} by ${fate.by}`;
  }
  if (fate.kind === "survived") {
    return equivalent === undefined ? `SURVIVED ${name}: ${fault}` : `equivalent ${name}: ${equivalent}`;
  }
  return `${LOUD[fate.kind]} ${name}: ${fate.why}`;
}

function isNamed({ name, file }: Mutant, only: string): boolean {
  return only.split(",").some((part) => part === name || (part.endsWith("/") && file.startsWith(part)));
}

/** @param shard `K/N`: of every N mutants the K-th, so that neighbours, which cost alike, go to different shards */
function shardOf(mutants: readonly Mutant[], shard: string): readonly Mutant[] {
  const [, k, n] = (/^([1-9]\d*)\/([1-9]\d*)$/.exec(shard) ?? []).map(Number);
  if (k === undefined || n === undefined || k > n) throw new Error(`--shard ${shard}: use one like 1/2`);
  return mutants.filter((_mutant, i) => i % n === k - 1);
}

function secondsSince(start: number): string {
  return ((performance.now() - start) / 1_000).toFixed(0);
}
