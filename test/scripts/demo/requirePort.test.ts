/** What `npm run chain` says where its port is taken. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AddressInfo, createServer } from "node:net";
import { runProgram } from "../../support/runProgram.ts";

describe("requirePort", () => {
  it("ends with 75 and one line where something listens, and with 0 and none where nothing does", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const port = String((server.address() as AddressInfo).port);
    const taken = await runProgram("scripts/demo/requirePort.ts", [port]);
    await new Promise((resolve) => server.close(resolve));
    const why = "another chain runs there already, or another program";
    assert.deepEqual(taken, { code: 75, stdout: "", stderr: `127.0.0.1:${port} cannot be listened on: ${why}\n` });
    const free = await runProgram("scripts/demo/requirePort.ts", [port]);
    assert.deepEqual(free, { code: 0, stdout: "", stderr: "" });
  });
});
