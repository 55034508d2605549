import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { committees, sizeName } from "../workers/sharing/committees.ts";
import { BY_SIZE, deepParts } from "./parts.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const parts = deepParts();

describe("the parts of a deep run", () => {
  it("have every test file, once, and those of the large matrices once for every size and once for the rest", () => {
    const all = globSync("test/**/*.test.ts", { cwd: root }).map((file) => file.replaceAll("\\", "/"));
    const found = parts.flatMap(({ files }) => files);
    for (const file of all) {
      const bySize = BY_SIZE.find((each) => each.file === file);
      const times = bySize === undefined ? 1 : committees.length + (bySize.hasOthers ? 1 : 0);
      assert.equal(found.filter((each) => each === file).length, times, file);
    }
    assert.deepEqual(new Set(found), new Set(all));
    assert.equal(parts.filter(({ runner }) => runner === "hardhat").length, 1);
  });

  it("have names of their own, none of which a row of the report would break", () => {
    assert.equal(new Set(parts.map(({ name }) => name)).size, parts.length);
    for (const { name } of parts) assert.match(name, /^[\w/, =]+$/);
  });

  it("choose by what the files say of sizes", () => {
    for (const { file, hasOthers } of BY_SIZE) {
      const text = readFileSync(`${root}/${file}`, "utf8");
      const titles = text.match(/^ *describe\(.*$/gm) ?? [];
      assert.match(text, /\$\{sizeName\(size\)\}/);
      if (!hasOthers) for (const title of titles) assert.match(title, /sizeName\(size\)/);
    }
    const patterns = parts
      .flatMap(({ options }) => options)
      .filter((option) => option.startsWith("--test-name-pattern="));
    for (const size of committees) {
      const chosen = patterns.filter((option) =>
        new RegExp(option.split("/")[1]!).test(`of ${sizeName(size)}, sealed`),
      );
      assert.equal(chosen.length, BY_SIZE.length);
    }
  });
});
