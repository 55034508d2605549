/** The door `#chain`: what scripts may use of the chain layer. */
export {
  adaptiveTrial,
  type AdaptiveTrial,
  type Allocation,
  type BoardSignature,
  type CitedDataset,
  type Evidence,
  type RecordedVerdict,
  type Trial,
  type TrialLook,
  type TrialRules,
  type TrialSource,
} from "./adaptiveTrial.ts";
export { auditTrail, FIRST_HEAD, nextHead, verifyRecords, type AuditRecord, type AuditTrail } from "./auditTrail.ts";
export { committeeChanges, type CommitteeChanges } from "./committeeChanges.ts";
export { committeeRegistry, quorumOf, type Committee, type CommitteeRegistry } from "./committeeRegistry.ts";
export { consentRegistry, type ConsentForm, type ConsentRegistry, type Participant } from "./consentRegistry.ts";
export {
  consortiumAccess,
  operationOf,
  type ConsortiumAccess,
  type RoleHolder,
  type ScheduledOperation,
} from "./consortiumAccess.ts";
export { Capacity, credits, type Credits } from "./credits.ts";
export { segmentsByCommittee } from "./datasetEvents.ts";
export {
  datasetRegistry,
  type Dataset,
  type DatasetRegistry,
  type DatasetSegment,
  type Erasures,
  type OwnerTerms,
} from "./datasetRegistry.ts";
export { openContract, readDeployment, type Deployment } from "./deployment.ts";
export {
  contractsHashOf,
  deploymentRegistry,
  namedContracts,
  type AnnouncedDeployment,
  type DeploymentRegistry,
  type NamedContract,
} from "./deploymentRegistry.ts";
export { emergencyStop, type EmergencyStop } from "./emergencyStop.ts";
export { chainError, isConnectionError, type ChainErrorDetail, type KeystoreErrorDetail } from "./errors.ts";
export { governedCall, sendCall, type GovernedCall } from "./governedCall.ts";
export { encryptKey, openKeystore, readPassword, readPrivateFile, SCRYPT_N, writeKeystore } from "./keystore.ts";
export { allLogs, latestBlock, type ChainLog, type LogFilter } from "./logs.ts";
export {
  MEMBER_REGISTRIES,
  memberRegistry,
  type Admission,
  type Member,
  type MemberRegistry,
  type MemberRole,
} from "./memberRegistries.ts";
export { unsettledRequests, type Unsettled } from "./payments.ts";
export { blockTime, chainTime, checkChainId, connectProvider, hostOf, openProvider, type JsonRpc } from "./provider.ts";
export {
  Decision,
  queryCatalogue,
  QueryState,
  type Publication,
  type Query,
  type QueryCatalogue,
} from "./queryCatalogue.ts";
export type { Remark } from "./queryRemarks.ts";
export {
  parseDispute,
  parseKeyCopies,
  parseQueryEvent,
  signedEndOf,
  type KeyCopiesPublished,
  type QueryAnswered,
  type QueryContractEvent,
  type QueryDisputed,
  type QueryExpired,
  type QueryRefused,
  type QueryRequested,
} from "./queryEvents.ts";
export {
  querySmartContract,
  RequestState,
  type Asked,
  type Ended,
  type Payee,
  type QuerySmartContract,
  type Request,
  type WorkerSignature,
} from "./querySmartContract.ts";
export { studyAgreements, type StudyAgreement, type StudyAgreements } from "./studyAgreements.ts";
export { BASIS_POINTS, studyRegistry, type Policy, type Study, type StudyRegistry } from "./studyRegistry.ts";
export { eventOf, receiptOf, type EmittedEvent, type Mined } from "./transactions.ts";
export { equivocationCommitment, workerDeposits, type Deposit, type WorkerDeposits } from "./workerDeposits.ts";
