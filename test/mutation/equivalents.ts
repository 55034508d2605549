/**
 * Mutants, by name, that no test can notice, each with the argument: no caller sees another state, event, error or payment.
 * `npm run mutants` asks the tests that they name all the same, and complains when one of them does notice.
 */
export const EQUIVALENTS: Readonly<Record<string, string>> = {
  "veto-lifted-uncounted":
    "_vetoes is private and only says whether the vetoes of a query need to be read at all. A count that is too high has " +
    "each dataset's own veto read, which was deleted: nothing but the gas of one read a dataset differs. It cannot " +
    "overflow, as each step costs a transaction.",
  "erased-though-in-use":
    "Of data that are not retired the committee that serves has shares (an activation notes it, and a change of committee " +
    "installs only one that all versions were shared with), and they are not due, so never marked as erased: the loop ends " +
    "there without the check, which spares it the reads.",
};
