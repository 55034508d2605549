/** Faults of contracts/audit. */
import type { Mutant } from "../mutant.ts";

export const AUDIT: readonly Mutant[] = [
  {
    name: "trail-open-to-anyone",
    file: "audit/AuditTrail.sol",
    source: "if (!_recorders[msg.sender]) revert AuditTrailNotRecorder(msg.sender);",
    instead: "",
    fault: "any account can write into the trail",
    tests: ["auditTrail.test.ts"],
  },
  {
    name: "trail-recorder-by-anyone",
    file: "audit/AuditTrail.sol",
    source: "function addRecorder(address recorder) external restricted {",
    instead: "function addRecorder(address recorder) external {",
    fault: "a dropped modifier: anybody makes itself a recorder",
    tests: ["accessMatrix.test.ts", "auditTrail.test.ts"],
  },
  {
    name: "trail-recorder-twice",
    file: "audit/AuditTrail.sol",
    source: "if (_recorders[recorder]) revert AuditTrailAlreadyRecorder(recorder);",
    instead: "",
    fault: "a recorder is added twice, and recorded twice",
    tests: ["auditTrail.test.ts"],
  },
  {
    name: "trail-not-chained",
    file: "audit/AuditTrail.sol",
    source: "                    before.head,\n",
    instead: "                    bytes27(0),\n",
    fault: "the head forgets what came before",
    tests: ["auditTrail.test.ts"],
  },
  {
    name: "trail-block-unhashed",
    file: "audit/AuditTrail.sol",
    source: "                    reasonHash,\n                    block.number\n",
    instead: "                    reasonHash\n",
    fault: "the head does not say when",
    tests: ["auditTrail.test.ts"],
  },
  {
    name: "trail-reason-unhashed",
    file: "audit/AuditTrail.sol",
    source: "bytes32 reasonHash = keccak256(bytes(reason));",
    instead: 'bytes32 reasonHash = keccak256("");',
    fault: "a reason can be altered without the head showing it",
    tests: ["auditTrail.test.ts"],
  },
  {
    name: "trail-length-stands",
    file: "audit/AuditTrail.sol",
    source: "Newest(newHead, before.length + 1)",
    instead: "Newest(newHead, before.length)",
    fault: "a counter that is not advanced: all acts have one number",
    tests: ["auditTrail.test.ts"],
  },
];
