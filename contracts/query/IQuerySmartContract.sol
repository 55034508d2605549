// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Assurance} from "../result/IResultVerifier.sol";
import {DatasetId, QueryHash, RequestId, StudyId} from "../types/Identifiers.sol";
import {Outcome, ReleaseClass, RequestContext, Verdict, WorkerSignature} from "../types/Statement.sol";

/// @title One vetted query: who may ask, what was asked, and what a quorum of workers answered
interface IQuerySmartContract {
    /// Requested -> Answered | Refused | Expired | Failed
    enum RequestState {
        NONE,
        REQUESTED,
        ANSWERED,
        REFUSED,
        EXPIRED,
        FAILED
    }

    struct Request {
        address querier;
        uint64 deadlineBlock;
        RequestState state;
        Assurance assurance;
        bytes32 contextHash;
        bytes32 outputsHash;
        bytes32 proofHash;
    }

    /// EIP-712 Acceptance(bytes32 queryHash,bytes32 agreementHash,address querier,string name,string meaning,uint64 signedAt,uint256 nonce,uint256 deadline)
    struct Acceptance {
        QueryHash queryHash;
        bytes32 agreementHash;
        address querier;
        string name;
        string meaning;
        uint64 signedAt;
        uint256 nonce;
        uint256 deadline;
    }

    event AgreementAccepted(address indexed querier, bytes32 agreementHash, string name, string meaning, uint64 signedAt);
    event QueryRequested(
        RequestId indexed requestId,
        address indexed querier,
        bytes parameters,
        DatasetId[] datasetIds,
        RequestContext context,
        uint64 deadlineBlock
    );
    event QueryAnswered(RequestId indexed requestId, uint64 attempt, bytes suppressedBitmap, uint256[] outputs, bytes32 sealedHash, bytes32 statement);
    event QueryRefused(RequestId indexed requestId, uint64 attempt, Outcome outcome, bytes32 statement);
    event QueryExpired(RequestId indexed requestId);

    error QuerySmartContractInactiveQuery(QueryHash queryHash);
    error QuerySmartContractNotQuerier(address account);
    error QuerySmartContractMissingPurpose(bytes32 purpose);
    error QuerySmartContractAgreementNotAccepted(address querier);
    error QuerySmartContractInvalidAcceptance(address recovered, address querier);
    error QuerySmartContractAcceptanceExpired(uint256 deadline);
    error QuerySmartContractWrongAgreement(bytes32 agreementHash, bytes32 expected);
    error QuerySmartContractParameterCount(uint256 given, uint256 expected);
    error QuerySmartContractParameterOutOfBounds(uint256 index, int256 value);
    error QuerySmartContractNoDatasets();
    error QuerySmartContractDatasetsNotAscending(uint256 index);
    error QuerySmartContractDatasetOfOtherStudy(DatasetId datasetId);
    error QuerySmartContractUnsupportedReleaseClass(ReleaseClass releaseClass);
    error QuerySmartContractWrongPayment(uint256 given, uint256 price);
    error QuerySmartContractUnknownRequest(RequestId requestId);
    error QuerySmartContractNotOpen(RequestId requestId, RequestState state);
    error QuerySmartContractContextMismatch(bytes32 contextHash, bytes32 expected);
    error QuerySmartContractInvalidVerdict(Outcome outcome);
    error QuerySmartContractOutputOutOfField(uint256 index);
    error QuerySmartContractQuorum(uint256 signatures, uint256 needed);
    error QuerySmartContractSignaturesNotAscending(uint256 position);
    error QuerySmartContractInvalidSigner(uint8 index, address recovered, address expected);
    error QuerySmartContractDeadlineNotReached(uint64 deadlineBlock, uint64 currentBlock);
    error QuerySmartContractDeadlinePassed(uint64 deadlineBlock, uint64 currentBlock);

    function acceptAgreement(Acceptance calldata acceptance, bytes calldata signature) external;
    /// @notice Asks. datasetIds strictly ascending; parameters = abi.encode(int256[]); pays the study's price exactly.
    function request(
        bytes calldata parameters,
        DatasetId[] calldata datasetIds,
        ReleaseClass releaseClass,
        bytes32 recipientsHash
    ) external payable returns (RequestId requestId);
    /// @notice Anyone posts what a quorum signed. signatures strictly ascending by index. Refusals come the same way.
    function answer(RequestContext calldata context, Verdict calldata verdict, WorkerSignature[] calldata signatures) external;
    /// @notice Anyone ends a request past its deadline; the price goes back to the querier.
    function expire(RequestId requestId) external;
    function requestOf(RequestId requestId) external view returns (Request memory);
    function hasAccepted(address querier) external view returns (bool);
    function nonces(address querier) external view returns (uint256);
    function queryHash() external view returns (QueryHash);
    function studyId() external view returns (StudyId);
}
