/**
 * The laws of a `Field`, for every implementation and modulus. They know nothing of how elements are stored, but they
 * know where an implementation may change its ways: pairs of elements, blocks, chunks, windows, threads.
 */
import { describe } from "node:test";

import type { Field } from "../../../workers/field/field.ts";
import { arithmeticLaws } from "./arithmeticLaws.ts";
import { chainLaws } from "./chainLaws.ts";
import { combinationLaws } from "./combinationLaws.ts";
import { equalityLaws } from "./equalityLaws.ts";
import { groupLaws } from "./groupLaws.ts";
import { lengthLaws } from "./lengthLaws.ts";
import { longSumLaws } from "./longSumLaws.ts";
import { memoryLaws } from "./memoryLaws.ts";
import { outerLaws } from "./outerLaws.ts";
import { powerLaws } from "./powerLaws.ts";
import { randomLaws } from "./randomLaws.ts";
import { releaseLaws } from "./releaseLaws.ts";
import { scalarLaws } from "./scalarLaws.ts";
import { scopeLaws } from "./scopeLaws.ts";
import { windowLaws } from "./windowLaws.ts";
import { wordLaws } from "./wordLaws.ts";

/** @param name of the implementation, for the report */
export function lawSuite(name: string, field: Field): void {
  describe(`${name} as a Field`, () => {
    arithmeticLaws(field);
    scalarLaws(field);
    powerLaws(field);
    wordLaws(field);
    windowLaws(field);
    equalityLaws(field);
    combinationLaws(field);
    lengthLaws(field);
    longSumLaws(field);
    outerLaws(field);
    chainLaws(field);
    randomLaws(field);
    releaseLaws(field);
    scopeLaws(field);
    groupLaws(field);
    memoryLaws(field);
  });
}
