/**
 * Mutants, by name, that no test can notice, each with the argument: no caller sees another state, event, error or payment.
 * `npm run mutants` asks the tests that they name all the same, and complains when one of them does notice.
 */
export const EQUIVALENTS: Readonly<Record<string, string>> = {};
