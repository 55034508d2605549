/** Calls that must throw a `CodedError`. */
import assert from "node:assert/strict";

import { isCoded } from "../../workers/errors.ts";
import type { ErrorDetail } from "../../workers/errors.ts";

export function assertCode(call: () => unknown, code: string): void {
  assert.throws(call, (error) => {
    assert(isCoded(error, code), `expected ${code}, got ${String(error)}`);
    return true;
  });
}

/** @param detail all of it; `message` is compared when it is given */
export function assertRefused<Detail extends ErrorDetail>(call: () => unknown, detail: Detail, message?: string): void {
  assert.throws(call, (error) => {
    assert(isCoded(error, detail.code), `expected ${detail.code}, got ${String(error)}`);
    assert.deepEqual(error.detail, detail);
    if (message !== undefined) assert.equal(error.message, message);
    return true;
  });
}
