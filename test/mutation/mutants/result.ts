/** Faults of contracts/result. */
import type { Mutant } from "../mutant.ts";

export const RESULT: readonly Mutant[] = [
  {
    name: "verifier-by-anyone",
    file: "result/ProofVerifierRegistry.sol",
    source: "Assurance assurance) external restricted {",
    instead: "Assurance assurance) external {",
    fault: "a dropped modifier: anybody takes a verifier into service",
    tests: ["accessMatrix.test.ts", "proofVerifierRegistry.test.ts"],
  },
  {
    name: "verifier-retired-stays",
    file: "result/ProofVerifierRegistry.sol",
    source: "service.assurance = Assurance.NONE;",
    instead: "",
    fault: "a forgotten write: a retired verifier still proves",
    tests: ["proofVerifierRegistry.test.ts"],
  },
  {
    name: "verifier-comes-back",
    file: "result/ProofVerifierRegistry.sol",
    source: "if (service.registered) revert ProofVerifierRegistryAlreadyRegistered(studyId, verifier);",
    instead: "",
    fault: "a retired verifier is registered again",
    tests: ["proofVerifierRegistry.test.ts"],
  },
  {
    name: "verifier-claims-more",
    file: "result/ProofVerifierRegistry.sol",
    source: "if (assurance != given) revert ProofVerifierRegistryWrongAssurance(verifier, assurance, given);",
    instead: "",
    fault: "a steward says what a proof system is worth",
    tests: ["proofVerifierRegistry.test.ts"],
  },
  {
    name: "verifier-study-without-proofs",
    file: "result/ProofVerifierRegistry.sol",
    source: "if (_studies.study(studyId).srsHash == 0) revert ProofVerifierRegistryStudyWithoutProofs(studyId);",
    instead: "",
    fault: "a verifier for a study that has no proofs",
    tests: ["proofVerifierRegistry.test.ts"],
  },
  {
    name: "verifier-says-two",
    file: "result/VerifierCall.sol",
    source: "behaved = behaved && size == 32 && word < 2;\n        valid = behaved && word == 1;",
    instead: "behaved = behaved && size == 32;\n        valid = behaved && word != 0;",
    fault: "any word but 0 is a yes",
    tests: ["provableAnswers.test.ts"],
  },
  {
    name: "verifier-long-answer",
    file: "result/VerifierCall.sol",
    source: "size == 32 &&",
    instead: "size >= 32 &&",
    fault: "a verifier may return more than a word",
    tests: ["provableAnswers.test.ts"],
  },
];
