/** `logistic_regression`: its coefficients are found by iterating over secret data, which the query language does not do. */
import type { TranslateKind } from "./translation.ts";

export const translateLogisticRegression: TranslateKind = () => ({
  unsupported: "logistic regression iterates over the data: no query of one step computes it",
});
