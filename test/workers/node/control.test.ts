import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { CodedError } from "../../../workers/errors.ts";
import { ControlSocket } from "../../../workers/node/control.ts";

/** Sends text and collects as many answer lines as it has lines; an empty list when the socket closes first. */
function ask(path: string, text: string): Promise<unknown[]> {
  const expected = text.split("\n").length - 1;
  return new Promise((resolve, reject) => {
    const socket = createConnection(path, () => socket.write(text));
    let received = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      received += chunk;
      const lines = received.split("\n").slice(0, -1);
      if (lines.length < expected) return;
      socket.destroy();
      resolve(lines.map((line) => JSON.parse(line) as unknown));
    });
    socket.on("close", () => resolve([]));
    socket.on("error", reject);
  });
}

describe("ControlSocket", () => {
  let folder: string;
  let path: string;
  let control: ControlSocket;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "opaline-control-"));
    path = join(folder, "control.sock");
    control = new ControlSocket(path, {
      status: () => ({ address: "0x1", block: 12n }),
      fail: () => {
        throw new Error("a secret");
      },
      refuse: () => {
        throw new CodedError({ code: "CHAIN_UNREACHABLE" }, "the chain is away");
      },
    });
    await control.start();
  });
  afterEach(async () => {
    await control.stop();
    rmSync(folder, { recursive: true });
  });

  it("answers one line with one line, in order", async () => {
    const status = { ok: true, status: { address: "0x1", block: "12" } };
    assert.deepEqual(await ask(path, '{"command":"status"}\n{"command":"status"}\n'), [status, status]);
  });

  it("refuses anything else, and quotes no error that is not its own", async () => {
    const [unknown] = (await ask(path, '{"command":"__proto__"}\n')) as { code: string }[];
    assert.equal(unknown!.code, "CONTROL_UNKNOWN_COMMAND");
    for (const line of ["hello", "null", "[]", '{"command":1}']) {
      const [answer] = (await ask(path, `${line}\n`)) as { ok: boolean; code: string }[];
      assert.deepEqual([answer!.ok, answer!.code], [false, "CONTROL_BAD_REQUEST"]);
    }
    assert.deepEqual(await ask(path, '{"command":"fail"}\n'), [
      { ok: false, code: "CONTROL_FAILED", message: "internal error" },
    ]);
    assert.deepEqual(await ask(path, '{"command":"refuse"}\n'), [
      { ok: false, code: "CHAIN_UNREACHABLE", message: "the chain is away" },
    ]);
  });

  it("closes on a line that does not end", async () => {
    assert.deepEqual(await ask(path, "x".repeat(10_000)), []);
  });

  it("is its owner's, and only one runs", async () => {
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await assert.rejects(new ControlSocket(path, {}).start(), { code: "CONTROL_ALREADY_RUNNING" });
    assert.equal((await ask(path, '{"command":"status"}\n')).length, 1, "the running one is not disturbed");
  });

  it("takes over what a killed worker left behind, and refuses a path the system cannot hold", async () => {
    await control.stop();
    writeFileSync(path, "");
    control = new ControlSocket(path, { status: () => ({}) });
    await control.start();
    assert.equal((await ask(path, '{"command":"status"}\n')).length, 1);
    const long = new ControlSocket(join(folder, "x".repeat(120)), {});
    await assert.rejects(long.start(), { code: "CONTROL_SOCKET_PATH_TOO_LONG" });
  });
});
