/** A reporter for Node's test runner that says only what failed, one line of JSON each, and at last how many passed. */
import { basename } from "node:path";
import type { TestEvent } from "node:test/reporters";

/** What stands on a line. */
export type Report =
  { readonly failed: string; readonly file: string; readonly why: string } | { readonly passed: number };

/** Of suites nothing: they pass and fail with what is in them, which is told before them. */
export default async function* reportFailures(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let passed = 0;
  for await (const event of events) {
    if (event.type === "test:pass" && event.data.details.type !== "suite") passed++;
    if (event.type === "test:fail") {
      const { error } = event.data.details;
      const why = error.cause instanceof Error ? error.cause.message : error.message;
      const file = basename(event.data.file ?? "");
      yield line({ failed: event.data.name, file, why: why.split("\n", 1)[0] ?? "" });
    }
  }
  yield line({ passed });
}

function line(report: Report): string {
  return `${JSON.stringify(report)}\n`;
}
