import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CodedError } from "../../../workers/errors.ts";
import type { ParsedQuery } from "../../../workers/query/parsedQuery.ts";
import { parseSql } from "../../../workers/query/parseSql.ts";
import type { SqlErrorDetail } from "../../../workers/query/sqlError.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { joinTokens, plainly, printQuery, randomly } from "./printQuery.ts";
import type { UnplacedQuery } from "./randomParsedQuery.ts";
import { randomParsedQuery } from "./randomParsedQuery.ts";

const numRuns = budget.propertyRuns;

/** Drops every span, and the text, whose places they are. */
function unplaced({ sql: _, ...query }: ParsedQuery): unknown {
  return JSON.parse(JSON.stringify(query, (key, value: unknown) => (key === "span" ? undefined : value)));
}

const expected = (query: UnplacedQuery): unknown => JSON.parse(JSON.stringify(query));

describe("printing and parsing", () => {
  it("gives back any query, plainly written", async () => {
    const property = fc.asyncProperty(randomParsedQuery, async (query) => {
      assert.deepEqual(unplaced(await parseSql(joinTokens(printQuery(query, plainly), plainly))), expected(query));
    });
    await fc.assert(property, { numRuns });
  });

  it("gives it back from any case, white space, comments, parentheses and side of a constant", async () => {
    const property = fc.asyncProperty(randomParsedQuery, fc.gen(), async (query, g) => {
      const choose = randomly(g);
      assert.deepEqual(unplaced(await parseSql(joinTokens(printQuery(query, choose), choose))), expected(query));
    });
    await fc.assert(property, { numRuns });
  });

  it("says where what it quotes stands, whichever tokens are left out or doubled", async () => {
    const damage = fc.array(fc.tuple(fc.nat({ max: 400 }), fc.boolean()), { minLength: 1, maxLength: 3 });
    let refused = 0;
    const property = fc.asyncProperty(randomParsedQuery, fc.gen(), damage, async (query, g, places) => {
      const choose = randomly(g);
      const tokens = printQuery(query, choose);
      for (const [place, doubled] of places) {
        const at = place % tokens.length;
        const token = tokens[at];
        if (doubled && token !== undefined) tokens.splice(at, 0, token);
        else if (tokens.length > 1) tokens.splice(at, 1);
      }
      const text = joinTokens(tokens, choose);
      const detail = await refusalOf(text);
      if (detail === undefined) return;
      refused += 1;
      assert.match(detail.code, /^SQL_(SYNTAX|UNSUPPORTED|TOO_LARGE)$/);
      const after = Array.from(
        text
          .split("\n")
          .slice(detail.line - 1)
          .join("\n"),
      )
        .slice(detail.column - 1)
        .join("");
      assert.ok(after.startsWith(detail.fragment.replace(/…$/, "")), `${JSON.stringify(detail)} in ${text}`);
    });
    await fc.assert(property, { numRuns });
    assert.ok(refused > numRuns / 2, `${refused} of ${numRuns} were refused`);
  });
});

async function refusalOf(text: string): Promise<SqlErrorDetail | undefined> {
  try {
    await parseSql(text);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof CodedError, String(error));
    return error.detail as SqlErrorDetail;
  }
}
