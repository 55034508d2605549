// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DatasetId, StudyId} from "../types/Identifiers.sol";

/// @title How a study that has data gets another committee: its owners agree, share their data anew, and the workers confirm
/// @notice {ICommitteeRegistry-propose} -> every owner of data that are not retired: {approve}, then {reshare} of every version
/// -> every worker of the new committee: {confirm} -> anyone: {complete}. Until then the committee that serves goes on, and what
/// was asked of it stays its own. A dataset whose owner does not agree stops the change, until the owner agrees or the dataset
/// is retired ({IDatasetRetirement}): it is neither moved without its owner nor left out of the study silently. The consortium
/// ends a change with {ICommitteeRegistry-withdrawProposal}.
interface ICommitteeChanges {
    /// EIP-712 CommitteeApproval(bytes32 studyId,uint64 oldEpoch,uint64 newEpoch,bytes32 committeeHash,address owner,string name,string meaning,uint64 signedAt,uint256 nonce,uint256 deadline)
    /// oldEpoch: of the committee that serves; newEpoch: of the proposal; committeeHash: keccak256(abi.encode(Committee)) of it;
    /// owner: the member; name and meaning: what the signature says about itself (who signs, and in which sense); signedAt: unix
    /// seconds as the signer states them; nonce: the owner's next here; deadline: last valid second.
    struct CommitteeApproval {
        StudyId studyId;
        uint64 oldEpoch;
        uint64 newEpoch;
        bytes32 committeeHash;
        address owner;
        string name;
        string meaning;
        uint64 signedAt;
        uint256 nonce;
        uint256 deadline;
    }

    /// @notice The owner lets the workers of `newEpoch` hold its data.
    event CommitteeApproved(
        StudyId indexed studyId,
        uint64 indexed newEpoch,
        address indexed owner,
        string name,
        string meaning,
        uint64 signedAt
    );
    /// @notice The account withdrew whatever it had signed, and not yet used, with this nonce.
    event NonceCancelled(address indexed account, uint256 nonce);
    /// @notice The owner shared the columns of `version` among the workers of `newEpoch`, too; the parameters as in
    /// {IDatasetRegistry-DatasetActivated}. Again for a version: instead of before.
    event DatasetReshared(
        DatasetId indexed datasetId,
        StudyId indexed studyId,
        address indexed owner,
        uint64 version,
        uint64 newEpoch,
        bytes32[] fileHashes,
        bytes ingestProof
    );
    /// @notice The worker at point `index` of `newEpoch` is ready to serve over `content`.
    event CommitteeChangeConfirmed(
        StudyId indexed studyId,
        uint64 indexed newEpoch,
        address indexed worker,
        uint8 index,
        bytes32 content
    );

    /// @notice Thrown when no proposal stands for the study, or another epoch than `epoch` is proposed.
    error CommitteeChangesNotProposed(StudyId studyId, uint64 epoch);
    /// @notice Thrown when the approval says that another committee serves now.
    error CommitteeChangesWrongEpoch(uint64 oldEpoch, uint64 currentEpoch);
    /// @notice Thrown when the approval is of another committee than the proposed one.
    error CommitteeChangesWrongCommittee(bytes32 committeeHash, bytes32 expected);
    /// @notice Thrown when the signature arrives after its deadline (unix seconds, inclusive).
    error CommitteeChangesSignatureExpired(uint256 deadline);
    /// @notice Thrown when the account is not an active data owner; when it cancels a nonce, only if it was never one.
    error CommitteeChangesNotOwner(address account);
    /// @notice Thrown when the owner has no data in the study that a change would move.
    error CommitteeChangesNotAffected(DatasetId datasetId);
    /// @notice Thrown when the owner has approved this committee already.
    error CommitteeChangesAlreadyApproved(StudyId studyId, address owner);
    /// @notice Thrown when the signature is not the owner's over this CommitteeApproval, this contract and this chain.
    error CommitteeChangesInvalidSignature(address recovered, address expected);
    /// @notice Thrown when the owner of data that the change would move has not approved it.
    error CommitteeChangesNotApproved(StudyId studyId, address owner);
    /// @notice Thrown when a version is shared anew that is neither the next one (`expected`) nor one before it, or that does not
    /// exist.
    error CommitteeChangesWrongVersion(uint64 version, uint64 expected);
    /// @notice Thrown when no dealing proof is given. What it says is for the workers to check.
    error CommitteeChangesEmptyProof();
    /// @notice Thrown when the new committee has shares of `reshared` versions of a dataset only.
    error CommitteeChangesNotReshared(DatasetId datasetId, uint64 reshared, uint64 version);
    /// @notice Thrown when the sender is not the current key of the active worker at this point of the proposed committee.
    error CommitteeChangesNotWorker(address account, uint8 index);
    /// @notice Thrown when a worker confirms something else than there is now.
    error CommitteeChangesOtherContent(bytes32 given, bytes32 expected);
    /// @notice Thrown when the worker has confirmed this before.
    error CommitteeChangesAlreadyConfirmed(StudyId studyId, address worker);
    /// @notice Thrown when a worker of the new committee has not confirmed what there is now.
    error CommitteeChangesNotConfirmed(StudyId studyId, uint8 index);

    /// @notice Anyone relays an owner's signature for the proposed committee.
    /// @param signature 65 bytes by the owner's current key, domain {Opaline, 1, chain id, this contract}
    function approve(CommitteeApproval calldata given, bytes calldata signature) external;
    /// @notice The current key of an owner, active or not, uses up its next nonce here: what it signed with it can no longer be
    /// relayed.
    function cancelNonce() external;
    /// @notice The current key of an active owner that has approved shares one version's columns among the proposed committee.
    /// Versions in their order; one that was shared anew may be so again, as long as the change is not complete, but with other
    /// files than ever before for this epoch: else DatasetRegistrySegmentReused. Row count and columns root stay the activated
    /// ones; that the shares are of these columns is the owner's word, as at activation. Reverts with
    /// DatasetRegistryReceiptCount, -InactiveWorker or -InvalidReceipt as {IDatasetRegistry-activate} does.
    /// @param receipts receipts[j] is the proposed worker j+1's EIP-712 Receipt over fileHashes[j], domain the dataset registry's
    /// @param ingestProof as {IDatasetRegistry-activate} takes it, for the proposed committee
    function reshare(
        StudyId studyId,
        uint64 version,
        bytes32[] calldata fileHashes,
        bytes[] calldata receipts,
        bytes calldata ingestProof
    ) external;
    /// @notice A worker of the proposed committee says that it has the shares of all data, that they passed its checks, and that
    /// it knows what was disclosed of them before. What is added or shared anew afterwards takes a new confirmation.
    /// @param index its point
    /// @param content what {contentOf} gives
    function confirm(StudyId studyId, uint8 index, bytes32 content) external;
    /// @notice Anyone makes the proposed committee the study's, and its shares the datasets', all at once.
    /// O(datasets x versions); see docs/governance.md for the gas.
    function complete(StudyId studyId) external;
    /// @notice Whether the owner has approved the committee of this epoch.
    function isApproved(StudyId studyId, uint64 newEpoch, address owner) external view returns (bool);
    /// @notice How many versions of a dataset were shared among the committee of this epoch.
    function reshared(DatasetId datasetId, uint64 newEpoch) external view returns (uint64);
    /// @notice What the worker at a point has confirmed; 0 for nothing.
    function confirmed(StudyId studyId, uint64 newEpoch, uint8 index) external view returns (bytes32);
    /// @notice The hash of all that the proposed committee would serve over. Reverts with CommitteeChangesNotProposed,
    /// -NotApproved or -NotReshared while something is missing. O(datasets x versions).
    function contentOf(StudyId studyId) external view returns (uint64 newEpoch, bytes32 content);
    /// @notice The nonce of the owner's next signature.
    function nonces(address owner) external view returns (uint256);
}
