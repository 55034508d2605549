/** What the log may hold of an error: codes and our own messages, never what a library was given. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbiCoder, Wallet } from "ethers";
import { CodedError } from "../../../workers/errors.ts";
import { LOG_LEVELS, type LogLevel, createLog, errorFields } from "../../../workers/node/log.ts";

const SECRET = `0x${"5ec2e7".padEnd(64, "1")}`;

function linesAt(level: LogLevel): { lines: string[]; log: ReturnType<typeof createLog> } {
  const lines: string[] = [];
  return { lines, log: createLog({ level, now: () => 0, sink: (line) => lines.push(line) }) };
}

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("createLog", () => {
  it("writes one JSON object per line, integers beyond 2^53 as text, line ends escaped", () => {
    const { lines, log } = linesAt("debug");
    log("info", "request-answered", { attempt: 2n ** 60n, from: "two\nlines", rows: [1, 2], absent: undefined });
    assert.equal(lines.length, 1);
    assert.ok(!lines[0]!.includes("\n"));
    assert.deepEqual(JSON.parse(lines[0]!), {
      time: "1970-01-01T00:00:00.000Z",
      level: "info",
      event: "request-answered",
      attempt: String(2n ** 60n),
      from: "two\nlines",
      rows: [1, 2],
    });
  });

  it("leaves out what is below its level", () => {
    for (const [i, level] of LOG_LEVELS.entries()) {
      const { lines, log } = linesAt(level);
      for (const each of LOG_LEVELS) log(each, "event");
      assert.equal(lines.length, LOG_LEVELS.length - i);
    }
  });
});

describe("repeated warnings about a peer", () => {
  function writtenAt(times: readonly number[], fields: { from?: string; peer?: string }, level: LogLevel): object[] {
    let now = 0;
    const lines: string[] = [];
    const log = createLog({ level: "debug", now: () => now, sink: (line) => lines.push(line) });
    for (now of times) log(level, "early-frame-dropped", fields);
    return lines.map((line) => JSON.parse(line) as object);
  }

  it("are written once a minute, with the number left out", () => {
    for (const fields of [{ from: "0xa" }, { peer: "0xa" }]) {
      const lines = writtenAt([0, 1, 2, 59_999, 60_000, 60_001, 200_000], fields, "warn");
      assert.deepEqual(
        lines.map((line) => (line as { leftOut?: number }).leftOut),
        [undefined, 3, 1],
      );
    }
    assert.equal(writtenAt([0, 1], { from: "0xa" }, "alarm").length, 1);
    assert.equal(writtenAt([50, 40], { from: "0xa" }, "warn").length, 2, "a clock set back silences nothing");
  });

  it("do not hide another peer's, another event, or what is no warning about a peer", () => {
    const { lines, log } = linesAt("debug");
    for (const from of ["0xa", "0xb"]) for (const event of ["one", "two"]) log("warn", event, { from });
    assert.equal(lines.length, 4);
    assert.equal(writtenAt([0, 1], {}, "warn").length, 2);
    assert.equal(writtenAt([0, 1], { from: "0xa" }, "info").length, 2);
  });
});

describe("errorFields", () => {
  it("of our own error gives code, message and the cause's code, and no detail", () => {
    const cause = new CodedError({ code: "STORE_FULL", key: SECRET }, `cause ${SECRET}`);
    const error = new CodedError({ code: "PLAN_REFUSED", row: SECRET }, "not computed", { cause });
    assert.deepEqual(errorFields(error), { error: "PLAN_REFUSED", message: "not computed", cause: "STORE_FULL" });
  });

  it("of a library's error gives its code only: ethers quotes what it was given", () => {
    const quoted = [
      thrownBy(() => new Wallet(`${SECRET}zz`)),
      thrownBy(() => AbiCoder.defaultAbiCoder().encode(["address"], [SECRET])),
      thrownBy(() => JSON.parse(SECRET)),
      Object.assign(new Error(SECRET), { code: "ENOENT", path: SECRET }),
    ];
    const { lines, log } = linesAt("debug");
    for (const error of quoted) {
      log("warn", "failed", errorFields(error));
      log("warn", "failed", errorFields(new CodedError({ code: "OUR_CODE" }, "ours", { cause: error })));
    }
    assert.ok(quoted.some((error) => String((error as Error).message).includes(SECRET)));
    assert.equal(lines.filter((line) => line.includes(SECRET.slice(2, 20))).length, 0);
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { error: string }).error).filter((_, i) => i % 2 === 0),
      ["INVALID_ARGUMENT", "INVALID_ARGUMENT", "SyntaxError", "ENOENT"],
    );
  });

  it("survives whatever is thrown", () => {
    for (const thrown of [undefined, null, "text", 7, {}, { code: 7 }]) {
      assert.deepEqual(errorFields(thrown), { error: "unknown" });
    }
  });
});
