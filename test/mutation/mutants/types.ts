/** Faults of contracts/types. */
import type { Mutant } from "../mutant.ts";

export const TYPES: readonly Mutant[] = [
  {
    name: "statement-on-any-chain",
    file: "types/Statement.sol",
    source: "block.chainid,",
    instead: "uint256(0),",
    fault: "a wrong hash domain: a statement counts on every chain",
    tests: ["statement.test.ts"],
  },
  {
    name: "statement-without-attempt",
    file: "types/Statement.sol",
    source: "verdict.attempt,",
    instead: "uint64(0),",
    fault: "statements of two attempts are one",
    tests: ["statement.test.ts"],
  },
  {
    name: "statement-without-consents",
    file: "types/Statement.sol",
    source: "context.consentMaskRoot,",
    instead: "bytes32(0),",
    fault: "workers do not sign whose data they left out",
    tests: ["statement.test.ts"],
  },
  {
    name: "answer-digest-of-another-version",
    file: "types/AnswerSignature.sol",
    source: 'keccak256("1"),',
    instead: 'keccak256("2"),',
    fault: "a wrong hash domain: evidence is checked against another",
    tests: ["workerDeposits.test.ts"],
  },
  {
    name: "mask-without-time",
    file: "types/Consent.sol",
    source: "datasetIds, heads, time));",
    instead: "datasetIds, heads, uint64(0)));",
    fault: "consents that expired since are not seen",
    tests: ["consentHash.test.ts"],
  },
  {
    name: "mask-of-rules-only",
    file: "types/Consent.sol",
    source: "restricted = heads[i] != 0;",
    instead: "restricted = false;",
    fault: "records alone restrict nothing",
    tests: ["consentHash.test.ts", "consentRecords.test.ts"],
  },
  {
    name: "pages-without-end",
    file: "types/Paging.sol",
    source: "Math.min(Math.min(limit, MAX_PAGE), Math.saturatingSub(length, offset))",
    instead: "Math.min(limit, Math.saturatingSub(length, offset))",
    fault: "a page as long as it is asked for",
    tests: ["studyRegistry.test.ts", "Libraries.t.sol"],
  },
  {
    name: "deployed-anything",
    file: "types/Deployed.sol",
    source: "if (account.code.length == 0) revert DeployedNotContract(account);",
    instead: "",
    fault: "an account without code passes for a contract",
    tests: ["auditTrail.test.ts", "payments.test.ts"],
  },
];
