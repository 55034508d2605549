// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Assurance} from "../result/IResultVerifier.sol";
import {DatasetId, QueryHash, RequestId, StudyId} from "../types/Identifiers.sol";
import {Outcome, ReleaseClass, RequestContext, Verdict, WorkerSignature} from "../types/Statement.sol";

/// @title One vetted query: who may ask, what was asked, and what a quorum of workers answered
interface IQuerySmartContract {
    /// REQUESTED -> ANSWERED | REFUSED | EXPIRED | FAILED, and no further.
    enum RequestState {
        NONE,
        REQUESTED,
        ANSWERED,
        REFUSED,
        EXPIRED,
        FAILED
    }

    /// deadlineBlock: the last block an answer may come in; paid: the escrow holds its price; contextHash =
    /// keccak256(abi.encode(RequestContext)); outputsHash = keccak256(abi.encode(outputs)), 0 unless ANSWERED; proofHash:
    /// of the proof that raised the assurance, 0 = none.
    struct Request {
        address querier;
        uint64 deadlineBlock;
        RequestState state;
        Assurance assurance;
        bool paid;
        bytes32 contextHash;
        bytes32 outputsHash;
        bytes32 proofHash;
    }

    /// EIP-712 Acceptance(bytes32 queryHash,bytes32 agreementHash,address querier,string name,string meaning,uint64 signedAt,uint256 nonce,uint256 deadline)
    /// name and meaning: what the querier's signature says about itself; signedAt: unix seconds as the querier states
    /// them; nonce: the querier's next; deadline: last valid second.
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

    /// @notice The querier accepted this query's agreement.
    event AgreementAccepted(
        address indexed querier,
        bytes32 agreementHash,
        string name,
        string meaning,
        uint64 signedAt
    );
    /// @notice The account withdrew whatever it had signed, and not yet used, with this nonce.
    event NonceCancelled(address indexed account, uint256 nonce);
    /// @notice The workers' order: everything they need besides the descriptor.
    event QueryRequested(
        RequestId indexed requestId,
        address indexed querier,
        bytes parameters,
        DatasetId[] datasetIds,
        RequestContext context,
        uint64 deadlineBlock
    );
    /// @notice A quorum signed this answer.
    event QueryAnswered(
        RequestId indexed requestId,
        uint64 attempt,
        bytes suppressedBitmap,
        uint256[] outputs,
        bytes32 sealedHash,
        bytes32 statement
    );
    /// @notice A quorum signed that there is no answer: a refusal, or FAILED_UNAVAILABLE.
    event QueryRefused(RequestId indexed requestId, uint64 attempt, Outcome outcome, bytes32 statement);
    /// @notice Nobody answered in time.
    event QueryExpired(RequestId indexed requestId);

    /// @notice Thrown when the implementation is called where only a clone can serve.
    error QuerySmartContractNotClone();
    /// @notice Thrown when the query was revoked.
    error QuerySmartContractInactiveQuery(QueryHash queryHash);
    /// @notice Thrown when the account is not an active querier; when it cancels a nonce, only if it was never one.
    error QuerySmartContractNotQuerier(address account);
    /// @notice Thrown when the querier's credential lacks a purpose the study asks for.
    error QuerySmartContractMissingPurpose(bytes32 purpose);
    /// @notice Thrown when the querier has not accepted the agreement.
    error QuerySmartContractAgreementNotAccepted(address querier);
    /// @notice Thrown when the signature is not the querier's over this Acceptance, this contract and this chain.
    error QuerySmartContractInvalidAcceptance(address recovered, address querier);
    /// @notice Thrown when the acceptance arrives after its deadline (unix seconds, inclusive).
    error QuerySmartContractAcceptanceExpired(uint256 deadline);
    /// @notice Thrown when the acceptance names another query.
    error QuerySmartContractWrongQuery(QueryHash queryHash, QueryHash expected);
    /// @notice Thrown when the acceptance names another agreement.
    error QuerySmartContractWrongAgreement(bytes32 agreementHash, bytes32 expected);
    /// @notice Thrown when the number of parameters is not the query's.
    error QuerySmartContractParameterCount(uint256 given, uint256 expected);
    /// @notice Thrown when parameter `index` (0-based) is outside its bounds.
    error QuerySmartContractParameterOutOfBounds(uint256 index, int256 value);
    /// @notice Thrown when the parameters are not exactly abi.encode(int256[]).
    error QuerySmartContractNonCanonicalParameters();
    /// @notice Thrown when no dataset is named.
    error QuerySmartContractNoDatasets();
    /// @notice Thrown when dataset `index` (0-based) does not come after the one before it.
    error QuerySmartContractDatasetsNotAscending(uint256 index);
    /// @notice Thrown when a dataset is unknown, or of another study.
    error QuerySmartContractDatasetOfOtherStudy(DatasetId datasetId);
    /// @notice Thrown for every class but PUBLIC, which is all that is offered today.
    error QuerySmartContractUnsupportedReleaseClass(ReleaseClass releaseClass);
    /// @notice Thrown when a PUBLIC request names recipients.
    error QuerySmartContractUnexpectedRecipients(bytes32 recipientsHash);
    /// @notice Thrown unless exactly the study's price is paid, in wei.
    error QuerySmartContractWrongPayment(uint256 given, uint256 price);
    /// @notice Thrown when no request has this id.
    error QuerySmartContractUnknownRequest(RequestId requestId);
    /// @notice Thrown when the request has come to its end already.
    error QuerySmartContractNotOpen(RequestId requestId, RequestState state);
    /// @notice Thrown when the context is not the one the request fixed.
    error QuerySmartContractContextMismatch(bytes32 contextHash, bytes32 expected);
    /// @notice Thrown when a verdict's parts do not go with its outcome: NONE; ANSWERED without outputs, or with a bitmap of
    /// hidden outputs that {Verdict} does not describe; anything else with outputs or a bitmap; a sealed hash in a PUBLIC
    /// answer.
    error QuerySmartContractInvalidVerdict(Outcome outcome);
    /// @notice Thrown when output `index` (0-based) is not a canonical residue of BN254 Fr.
    error QuerySmartContractOutputOutOfField(uint256 index);
    /// @notice Thrown when there are fewer signatures than the quorum.
    error QuerySmartContractQuorum(uint256 signatures, uint256 needed);
    /// @notice Thrown when the signature at `position` (0-based) has an index not above the one before it.
    error QuerySmartContractSignaturesNotAscending(uint256 position);
    /// @notice Thrown when a signature is not that of committee worker `index`, or that worker is not active now.
    error QuerySmartContractInvalidSigner(uint8 index, address recovered, address expected);
    /// @notice Thrown when a request is expired while it may still be answered.
    error QuerySmartContractDeadlineNotReached(uint64 deadlineBlock, uint64 currentBlock);
    /// @notice Thrown when an answer comes after the deadline block.
    error QuerySmartContractDeadlinePassed(uint64 deadlineBlock, uint64 currentBlock);

    /// @notice Anyone relays a querier's acceptance of the agreement; accepting again changes nothing but the nonce.
    /// @param signature 65 bytes, domain {Opaline, 1, chain id, this contract}
    function acceptAgreement(Acceptance calldata acceptance, bytes calldata signature) external;
    /// @notice The sender, a querier now or formerly, uses up its next nonce here: an acceptance signed with it can no
    /// longer be relayed.
    function cancelNonce() external;
    /// @notice Asks. datasetIds strictly ascending; parameters = abi.encode(int256[]); pays the study's price exactly.
    /// The context's consentMaskRoot is 0 until a consent registry exists; zero means every active row.
    /// @param releaseClass PUBLIC
    /// @param recipientsHash 0 for PUBLIC
    /// @return requestId keccak256(abi.encode(chainId, this contract, querier, nonce, queryHash, keccak(parameters), datasetRoots, block.number))
    function request(
        bytes calldata parameters,
        DatasetId[] calldata datasetIds,
        ReleaseClass releaseClass,
        bytes32 recipientsHash
    ) external payable returns (RequestId requestId);
    /// @notice Anyone posts what a quorum signed, up to and including the deadline block. Refusals come the same way.
    /// @param context as in QueryRequested
    /// @param signatures at least min(n - t, 2t + 1), all valid, strictly ascending by index; each over EIP-712 Answer(bytes32 statement)
    function answer(
        RequestContext calldata context,
        Verdict calldata verdict,
        WorkerSignature[] calldata signatures
    ) external;
    /// @notice Anyone ends a request past its deadline; the price goes back to the querier.
    function expire(RequestId requestId) external;
    /// @notice All zero (state NONE) for an unknown request.
    function requestOf(RequestId requestId) external view returns (Request memory);
    /// @notice Whether the querier has accepted the agreement.
    function hasAccepted(address querier) external view returns (bool);
    /// @notice The querier's next nonce; acceptances, requests and cancellations use one each.
    function nonces(address querier) external view returns (uint256);
    /// @notice The vetted query this contract serves.
    function queryHash() external view returns (QueryHash);
    /// @notice Its study.
    function studyId() external view returns (StudyId);
    /// @notice keccak256 of the agreement's text.
    function agreementHash() external view returns (bytes32);
}
