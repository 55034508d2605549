// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IQuerySmartContract} from "../query/IQuerySmartContract.sol";
import {QueryHash, RequestId, StudyId, TrialId} from "../types/Identifiers.sol";
import {ArmState, BoardSignature, Decision, Evidence, TrialRules, TrialState, TrialVerdict} from "../types/Trial.sol";

/// @title Adaptive trials: rules fixed before the first patient's data, and what a safety board decided under them
/// @notice The contract checks, for every verdict: the rules, the order of looks, that enough active board members of at
/// least two organisations signed exactly this, that the cited answer is one of a query named in the rules, asked for after
/// the verdict before and given by a quorum of workers, and over how many rows. Of a PUBLIC answer it checks the number of
/// subjects that responded from the outputs. What it cannot check, the board attests by signing: that number for a SEALED
/// answer, that the posterior probabilities follow from the answer by the analysis plan, and what halting or stopping for
/// safety is grounded on.
interface IAdaptiveTrial {
    /// looksTaken: verdicts recorded, a STOP included; decidedBlock: of the latest verdict, or of the registration;
    /// latestHash: hash of the latest verdict, or rulesHash before the first; rulesHash: keccak256(abi.encode(TrialRules)).
    struct Trial {
        StudyId studyId;
        TrialState state;
        uint8 looksTaken;
        uint64 decidedBlock;
        bytes32 rulesHash;
        bytes32 latestHash;
    }

    /// @notice The consortium fixed a trial's rules, for good.
    event TrialRegistered(TrialId indexed trialId, StudyId indexed studyId, bytes32 rulesHash);
    /// @notice The board decided; `enrolled`: rows that the cited answer is over, 0 where none is cited.
    event VerdictRecorded(
        TrialId indexed trialId,
        uint8 indexed look,
        Decision decision,
        bytes32 verdictHash,
        TrialVerdict verdict,
        uint256 enrolled
    );
    /// @notice One of the signatures of the verdict just recorded.
    event VerdictSigned(
        bytes32 indexed verdictHash,
        address indexed member,
        string name,
        string meaning,
        uint64 signedAt
    );
    /// @notice The verdict just recorded was the last: no more patients are allocated.
    event TrialEnded(TrialId indexed trialId, TrialState state);
    /// @notice The member's signature of this verdict does not count any more.
    event VerdictSignatureWithdrawn(bytes32 indexed verdictHash, address indexed member);

    /// @notice Thrown when the study has a trial.
    error AdaptiveTrialAlreadyRegistered(TrialId trialId);
    /// @notice Thrown when the study has data already: rules could have been chosen to fit them.
    error AdaptiveTrialDataExist(StudyId studyId, uint256 datasets);
    /// @notice Thrown when a field of the rules is not as {register} says.
    error AdaptiveTrialInvalidRules(string field);
    /// @notice Thrown when a query of the rules does not take requests.
    error AdaptiveTrialQueryNotActive(QueryHash queryHash);
    /// @notice Thrown when a query of the rules is another study's.
    error AdaptiveTrialQueryOfOtherStudy(QueryHash queryHash, StudyId studyId);
    /// @notice Thrown when a board member may not act now: never admitted, expired or revoked.
    error AdaptiveTrialInactiveMember(address member);
    /// @notice Thrown when all members of a board, or all signers of a verdict, are of one organisation, unless one
    /// signature is enough.
    error AdaptiveTrialSameOrganisation(bytes32 organisation);
    /// @notice Thrown when no trial has this id.
    error AdaptiveTrialUnknown(TrialId trialId);
    /// @notice Thrown when the trial has ended.
    error AdaptiveTrialNotRunning(TrialId trialId, TrialState state);
    /// @notice Thrown when the verdict is not about the next look.
    error AdaptiveTrialWrongLook(uint8 look, uint256 expected);
    /// @notice Thrown when all registered looks are taken and the verdict is not STOP.
    error AdaptiveTrialNoMoreLooks(uint256 looks);
    /// @notice Thrown when the verdict comes after its deadline (unix seconds, inclusive).
    error AdaptiveTrialVerdictExpired(uint256 deadline);
    /// @notice Thrown when a list of the verdict has not one element per cell.
    error AdaptiveTrialCellCount(string field, uint256 given, uint256 expected);
    /// @notice Thrown when a posterior is neither at most 10,000 nor 65535 (not stated).
    error AdaptiveTrialInvalidPosterior(uint256 stratum, uint256 arm, uint16 posterior);
    /// @notice Thrown when the states or the allocation do not go with the decision; see {Decision}.
    error AdaptiveTrialDecisionMismatch(Decision decision);
    /// @notice Thrown when an arm that has left a stratum would change its state.
    error AdaptiveTrialArmClosed(uint256 stratum, uint256 arm, ArmState state);
    /// @notice Thrown when the control would leave a stratum.
    error AdaptiveTrialControlMustStay(uint256 stratum);
    /// @notice Thrown when an arm is dropped whose posterior is not stated, or not below the look's futility threshold.
    error AdaptiveTrialNotFutile(uint256 stratum, uint256 arm, uint16 posterior, uint16 futility);
    /// @notice Thrown when an arm graduates whose posterior is not stated, or below the look's graduation threshold, or where
    /// the look has none.
    error AdaptiveTrialNotGraduated(uint256 stratum, uint256 arm, uint16 posterior, uint16 graduation);
    /// @notice Thrown when an arm is halted, or the trial stopped, without a reason.
    error AdaptiveTrialReasonMissing();
    /// @notice Thrown when an allocation is outside [floor, cap]; both are 0 where nobody may be allocated: to an arm that has
    /// left the stratum, or in a stratum without an experimental arm.
    error AdaptiveTrialAllocationOutOfBounds(uint256 stratum, uint256 arm, uint16 bps, uint16 floor, uint16 cap);
    /// @notice Thrown when a stratum's allocation does not sum to 10,000.
    error AdaptiveTrialAllocationSum(uint256 stratum, uint256 sum);
    /// @notice Thrown when a STOP cites no request, yet names a query, outputs or a number of subjects.
    error AdaptiveTrialNothingCited();
    /// @notice Thrown when the cited query, with these parameters, is not one of the rules'.
    error AdaptiveTrialQueryNotRegistered(QueryHash queryHash, bytes32 parametersHash);
    /// @notice Thrown when the cited request has no answer.
    error AdaptiveTrialNotAnswered(RequestId requestId, IQuerySmartContract.RequestState state);
    /// @notice Thrown when the context, the querier or the verdict's outputs are not those of the cited answer, see
    /// {IQuerySmartContract-Request}.
    error AdaptiveTrialAnswerMismatch(bytes28 commitment, bytes28 expected);
    /// @notice Thrown when the evidence of a PUBLIC answer has other outputs than the verdict.
    error AdaptiveTrialOutputsMismatch(bytes32 outputsHash, bytes32 expected);
    /// @notice Thrown when outputs are given of a SEALED answer: on chain they are under a mask.
    error AdaptiveTrialOutputsSealed();
    /// @notice Thrown when the cited answer was asked for no later than the block of the verdict before: an answer that
    /// a verdict has cited already, too.
    error AdaptiveTrialAnswerNotNewer(RequestId requestId, uint64 requestBlock, uint64 decidedBlock);
    /// @notice Thrown when the number of datasets in the evidence is not the request's.
    error AdaptiveTrialDatasetCount(uint256 given, uint256 expected);
    /// @notice Thrown when dataset `index` (0-based) of the evidence is not the one that the request fixed.
    error AdaptiveTrialDatasetMismatch(uint256 index);
    /// @notice Thrown when the cited answer is over fewer rows than the look needs.
    error AdaptiveTrialTooFewEnrolled(uint256 enrolled, uint32 minimum);
    /// @notice Thrown when fewer subjects have responded than the look needs.
    error AdaptiveTrialTooFewResponded(uint32 responded, uint32 minimum);
    /// @notice Thrown when the verdict states another number of subjects than the outputs of the PUBLIC answer sum to.
    error AdaptiveTrialRespondedMismatch(uint32 responded, uint256 counted);
    /// @notice Thrown when output `index` of the answer does not exist, or is no count.
    error AdaptiveTrialNotACount(uint16 index);
    /// @notice Thrown when there are fewer signatures than the rules need.
    error AdaptiveTrialQuorum(uint256 signatures, uint8 needed);
    /// @notice Thrown when the signature at `position` (0-based) has a member's index not above the one before it.
    error AdaptiveTrialSignaturesNotAscending(uint256 position);
    /// @notice Thrown when the board has no member of this index.
    error AdaptiveTrialNoSuchMember(uint8 member);
    /// @notice Thrown when the sender is not the board member of this index.
    error AdaptiveTrialNotMember(address account, address member);
    /// @notice Thrown when a signature says neither who signs nor what it means.
    error AdaptiveTrialUnnamedSignature(address member);
    /// @notice Thrown when the member has withdrawn its signature of this verdict.
    error AdaptiveTrialSignatureWithdrawn(address member);
    /// @notice Thrown when the signature is not the member's over this verdict, this contract and this chain.
    error AdaptiveTrialInvalidSignature(address recovered, address member);
    /// @notice Thrown when a signature of a verdict is withdrawn that was recorded.
    error AdaptiveTrialAlreadyRecorded(bytes32 verdictHash);

    /// @notice Fixes the rules of a study's only trial, for good, while the study has no dataset. Restricted to STEWARD_ROLE.
    /// @param rules 2..10 arms with different names; floors <= caps <= 10,000, the floors together at most 10,000, the
    /// control's floor above 0, and the control's cap with that of each other arm at least 10,000, so that whichever
    /// arms are left, an allocation exists; 1..16 strata with different names; the first allocation within floors and
    /// caps, 10,000 in each stratum; 1..64 looks, none needing fewer subjects than the one before, the first at least
    /// one of each, futility < graduation <= 10,000 where the look has one; 1..8 sources of 1..256 outputs each, of
    /// active queries of this study; 1..16 board members, all active, of at least two organisations unless one
    /// signature is enough; signatures: more than half of the board, so that no two groups can decide differently;
    /// encoded at most 24,575 bytes.
    /// @return trialId keccak256(abi.encode(chainId, this contract, studyId))
    function register(TrialRules calldata rules) external returns (TrialId trialId);
    /// @notice Anyone relays what enough of the board signed. Takes effect at once.
    /// @param evidence what shows the cited answer; of a STOP that cites none it is not read
    /// @param signatures at least as many as the rules say, all valid, strictly ascending by member
    function recordVerdict(
        TrialVerdict calldata verdict,
        Evidence calldata evidence,
        BoardSignature[] calldata signatures
    ) external;
    /// @notice The sender, a member of the trial's board now or formerly, takes back whatever it signed over exactly
    /// this verdict, which is not recorded yet. For good: a verdict with another deadline is another one.
    /// @param member the sender's index in the board
    function withdrawSignature(TrialVerdict calldata verdict, uint8 member) external;
    /// @notice Reverts as {recordVerdict} would, but for the signatures; a board member asks before it signs.
    /// @return enrolled rows that the cited answer is over, 0 where none is cited
    function checkVerdict(
        TrialVerdict calldata verdict,
        Evidence calldata evidence
    ) external view returns (uint256 enrolled);
    /// @notice Reverts with AdaptiveTrialUnknown.
    function trial(TrialId trialId) external view returns (Trial memory);
    /// @notice As registered. Reverts with AdaptiveTrialUnknown.
    function rules(TrialId trialId) external view returns (TrialRules memory);
    /// @notice What is in force, per cell: how patients of a stratum are allocated, and which arms are left. All
    /// allocations are 0 once the trial has ended. Reverts with AdaptiveTrialUnknown.
    function allocation(TrialId trialId) external view returns (uint16[] memory bps, ArmState[] memory states);
    /// @notice The EIP-712 hash of the verdict of this look (1, 2, ...); 0 before it is recorded.
    function verdictHashOf(TrialId trialId, uint8 look) external view returns (bytes32);
    /// @notice The contract whose answers may be cited for this query; zero where the rules do not name it.
    function queryContractOf(TrialId trialId, QueryHash queryHash) external view returns (address);
    /// @notice Whether the member has taken back its signature of the verdict with this EIP-712 hash.
    function hasWithdrawn(bytes32 verdictHash, address member) external view returns (bool);
    /// @notice keccak256(abi.encode(chainId, this contract, studyId)), whether it exists or not.
    function trialIdOf(StudyId studyId) external view returns (TrialId);
    /// @notice How many trials are registered.
    function count() external view returns (uint256);
    /// @notice A page of at most 100 trials, in order of registration.
    function trials(uint256 offset, uint256 limit) external view returns (TrialId[] memory);
}
