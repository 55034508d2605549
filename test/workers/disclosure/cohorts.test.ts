/** The cohort of an answer is what WHERE selects, and contains all that is opened. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { withClasses } from "../../../workers/disclosure/classCatalogue.ts";
import { disclosedSets } from "../../../workers/disclosure/disclosedSets.ts";
import { FactorReader } from "../../../workers/disclosure/factorReader.ts";
import { isSubset, keyOf, setWhere } from "../../../workers/disclosure/rowSet.ts";
import { isCoded } from "../../../workers/errors.ts";
import type { Descriptor } from "../../../workers/messages/descriptor.ts";
import { AtomOp } from "../../../workers/messages/descriptor.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { HandMade } from "./handMade.ts";
import { incomplete } from "./trackerStudy.ts";
import { ARM, LONG, SEX, SHORT, termsOf, treesOf, typedSchema } from "./typedStudy.ts";

const property = { numRuns: budget.propertyRuns };
const schema = typedSchema(18n, 72n, 8n, false);

const setsOf = (descriptor: Descriptor, on = schema) => {
  const request = { descriptor, parameters: [] };
  return withClasses(on, [request], (classes) => disclosedSets(request, 1n, classes));
};

/** Undefined where the gate cannot tell: it refuses such a query, and nothing is opened. */
const toldOf = (descriptor: Descriptor) => {
  try {
    return setsOf(descriptor);
  } catch (error) {
    if (!isCoded(error, "DISCLOSURE_UNSUPPORTED")) throw error;
    return undefined;
  }
};

describe("the cohort", () => {
  it("is what WHERE selects, whatever is counted and summed beside", async () => {
    const conditions = [
      "arm = 'A' OR sex = 'F'",
      "age >= 40 OR response = '1'",
      "NOT (age >= 40 AND flag IS NULL) AND arm <> 'B'",
      "age >= 40 AND sex = 'F'",
    ];
    const selections = [
      "COUNT(*)",
      "COUNT(value), COUNT(flag)",
      "AVG(age)",
      "COUNT(age), COUNT(response)",
      "COVAR_POP(value, flag), AVG(response)",
      "LINEAR_REGRESSION(value, INDICATOR(sex = 'F'))",
    ];
    for (const condition of conditions) {
      const only = await compileQuery(`SELECT COUNT(*) FROM trial WHERE ${condition}`, incomplete);
      const expected = keyOf(setsOf(only.descriptor, incomplete).made.cohort!);
      for (const selection of selections)
        for (const grouped of ["", " GROUP BY sex"]) {
          const sql = `SELECT ${selection} FROM trial WHERE ${condition}${grouped}`;
          const { descriptor } = await compileQuery(sql, incomplete);
          assert.equal(keyOf(setsOf(descriptor, incomplete).made.cohort!), expected, sql);
        }
    }
  });

  it("of one count of a column is those who have it", async () => {
    const { descriptor } = await compileQuery(
      "SELECT COUNT(age) FROM trial WHERE arm = 'A' OR flag IS NULL",
      incomplete,
    );
    const { cohort, groups } = setsOf(descriptor, incomplete).made;
    assert.equal(keyOf(cohort!), keyOf(groups[0]!.set!));
  });

  it("contains every set that is opened, and every cell what is opened of it", () => {
    const drawn = fc.tuple(
      treesOf(schema),
      fc.array(fc.tuple(treesOf(schema), fc.option(fc.constantFrom(ARM, LONG, SHORT), { nil: undefined })), {
        minLength: 1,
        maxLength: 3,
      }),
      fc.boolean(),
    );
    fc.assert(
      fc.property(drawn, ([where, outputs, isTable]) => {
        const made = new HandMade(schema);
        const cohort = made.factor(...termsOf(made, where));
        const opened = outputs.map(([tree, field]) => {
          const within = made.factor(made.product(cohort, made.factor(...termsOf(made, tree))));
          return field === undefined
            ? made.output(within)
            : made.output(within, made.factor(made.atom(AtomOp.VALUE, field)));
        });
        const axis = { field: SEX, missing: true, cuts: [], lines: [] };
        const descriptor = made.finish(opened, isTable ? [axis] : []);
        const told = toldOf(descriptor);
        fc.pre(told !== undefined);
        const { made: sets, catalogue } = told;
        const reader = new FactorReader(descriptor, [], catalogue);
        const selected = setWhere(1n, reader.factor(cohort).condition);
        if (sets.cohort !== undefined) assert.ok(isSubset(sets.cohort, selected!), "no more than WHERE selects");
        for (const { cell, set, levels } of sets.groups) {
          if (set === undefined) continue;
          assert.ok(isSubset(set, sets.cohort!) && isSubset(set, sets.cells[cell]!));
          assert.ok(levels.every((level) => isSubset(level, sets.cohort!)));
        }
      }),
      property,
    );
  });
});
