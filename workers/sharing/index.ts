/** Door `#sharing`: committee sizes, Shamir shares and their correction, replicated-key expansion. */
export { correctableParties, correctErrors } from "./correctErrors.ts";
export type { Correction } from "./correctErrors.ts";
export { checkCommitteeSize, MAX_PARTIES, MIN_PARTIES, partiesOf, partyIndex, subsets } from "./parties.ts";
export type { CommitteeSize, PartyIndex } from "./parties.ts";
export {
  answerMask,
  expandBlinders,
  expandShared,
  expandZero,
  REPLICATED_KEY_BYTES,
  subsetName,
  subsetsHeldBy,
} from "./prss.ts";
export type { ReplicatedKeys } from "./prss.ts";
export { checkCodeword, evaluateAt, lagrangeAtZero, reconstruct, shareVector } from "./shamir.ts";
export type { SharingError } from "./sharingError.ts";
