import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ImmutableFacts } from "../../../workers/node/immutableFacts.ts";

describe("ImmutableFacts", () => {
  /** Answers with each of these in turn; errors are thrown. */
  function asking(...answers: readonly (string | undefined | Error)[]) {
    const facts = new ImmutableFacts<string>();
    let asked = 0;
    const read = (key = "key"): Promise<string | undefined> =>
      facts.read(key, () => {
        const answer = answers[asked++];
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      });
    return { read, asked: () => asked };
  }

  it("asks once for each key, and once for readers at the same time", async () => {
    const { read, asked } = asking("fact", "other");
    assert.deepEqual(await Promise.all([read(), read()]), ["fact", "fact"]);
    assert.deepEqual([await read(), await read("other key"), asked()], ["fact", "other", 2]);
  });

  it("asks again after a failure, which all its readers see, and for what was not there yet", async () => {
    const { read, asked } = asking(new Error("away"), undefined, "fact");
    const outcomes = await Promise.allSettled([read(), read()]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["rejected", "rejected"],
    );
    assert.deepEqual([await read(), await read(), await read(), asked()], [undefined, "fact", "fact", 3]);
  });
});
