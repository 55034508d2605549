import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { concat, keccak256, toBeHex } from "ethers";
import type { Segment } from "../../../workers/messages/datasetRoot.ts";
import { datasetRoot, sharesRoot } from "../../../workers/messages/datasetRoot.ts";

const id = (digit: string): string => `0x${digit.repeat(64)}`;
const word = (value: number): string => toBeHex(value, 32);
const segment = (rows: bigint): Segment => ({ rowCount: rows, columnsRoot: id("a"), sharesRoot: id("b") });

describe("datasetRoot", () => {
  it("is keccak256 of the ABI words, written out", () => {
    const words = [id("1"), word(2), word(96), word(2), word(10), id("a"), id("b"), word(11), id("a"), id("b")];
    assert.equal(datasetRoot(id("1"), 2n, [segment(10n), segment(11n)]), keccak256(concat(words)));
  });

  it("changes with every part", () => {
    const roots = [
      datasetRoot(id("1"), 1n, [segment(10n)]),
      datasetRoot(id("2"), 1n, [segment(10n)]),
      datasetRoot(id("1"), 2n, [segment(10n)]),
      datasetRoot(id("1"), 1n, [segment(11n)]),
      datasetRoot(id("1"), 1n, [{ ...segment(10n), columnsRoot: id("c") }]),
      datasetRoot(id("1"), 1n, [{ ...segment(10n), sharesRoot: id("c") }]),
      datasetRoot(id("1"), 1n, [segment(10n), segment(10n)]),
      datasetRoot(id("1"), 1n, []),
    ];
    assert.equal(new Set(roots).size, roots.length);
  });
});

describe("sharesRoot", () => {
  it("is keccak256 of abi.encode(bytes32[]), order included", () => {
    assert.equal(sharesRoot([id("1"), id("2")]), keccak256(concat([word(32), word(2), id("1"), id("2")])));
    assert.notEqual(sharesRoot([id("1"), id("2")]), sharesRoot([id("2"), id("1")]));
  });
});
