// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Assurance} from "../result/IResultVerifier.sol";
import {DatasetId, QueryHash, RequestId, StudyId} from "../types/Identifiers.sol";
import {Outcome, ReleaseClass, RequestContext, Verdict, WorkerSignature} from "../types/Statement.sol";
import {IPayments} from "./IPayments.sol";
import {IProvableAnswers} from "./IProvableAnswers.sol";

/// @title One vetted query: who may ask, what was asked, and what a quorum of workers answered
interface IQuerySmartContract is IPayments, IProvableAnswers {
    /// REQUESTED -> ANSWERED | REFUSED | EXPIRED | FAILED, and no further.
    enum RequestState {
        NONE,
        REQUESTED,
        ANSWERED,
        REFUSED,
        EXPIRED,
        FAILED
    }

    /// outcome: what a quorum signed, NONE while nobody has, and when the request expired; suppressed: some outputs are hidden;
    /// commitment: the first 28 bytes of keccak256(abi.encode(contextHash, querier, outputsHash)), where contextHash =
    /// keccak256(abi.encode(RequestContext)) and outputsHash = keccak256(abi.encode(outputs)), 0 unless ANSWERED. All of it
    /// is one slot, which a request writes and its answer once more; the words behind the commitment are in the events, and
    /// whoever calls about a request brings them. 28 bytes resist collisions as SHA-224 does (2^112).
    struct Request {
        RequestState state;
        Assurance assurance;
        Outcome outcome;
        bool suppressed;
        bytes28 commitment;
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
    /// @notice The member withdrew whatever it had signed, and not yet used, with this nonce.
    event NonceCancelled(address indexed account, uint256 nonce);
    /// @notice The workers' order: everything they need besides the descriptor. recipients: none for PUBLIC.
    /// k: the stricter of the study's and the owners'; the context's policyHash is of the study's policy with this k.
    event QueryRequested(
        RequestId indexed requestId,
        address indexed querier,
        bytes parameters,
        DatasetId[] datasetIds,
        RequestContext context,
        uint64 deadlineBlock,
        bytes[] recipients,
        uint16 k
    );
    /// @notice A quorum signed this answer. Of a SEALED one the outputs are under a mask: {KeyCopiesPublished} has its keys.
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
    /// @notice The worker with this index (its point in the committee) has encrypted the mask keys it holds of a SEALED answer
    /// to each recipient. Of all keys the hashes are given, in the order that the answer's sealedHash =
    /// keccak256(abi.encode(maskKeyHashes)) binds. Nothing of it is checked here: a recipient takes any key that has its hash.
    event KeyCopiesPublished(RequestId indexed requestId, uint8 index, bytes32[] maskKeyHashes, bytes[] copies);
    /// @notice Nobody answered in time. Whose silence it is, the request says: its context names the committee's epoch.
    event QueryExpired(RequestId indexed requestId);
    /// @notice A quorum of the same committee also signed this, which is another outcome, or other outputs, than the chain has.
    /// What the chain has stays; nobody is paid, refunded or punished for it.
    event QueryDisputed(
        RequestId indexed requestId,
        uint64 attempt,
        Outcome outcome,
        bytes suppressedBitmap,
        uint256[] outputs,
        bytes32 sealedHash,
        bytes32 statement
    );

    /// @notice Thrown when the implementation is called where only a clone can serve.
    error QuerySmartContractNotClone();
    /// @notice Thrown while the consortium has stopped requests and answers, see {IEmergencyStop}.
    error QuerySmartContractStopped();
    /// @notice Thrown when the account is not an active querier, or not the current key of one; when it cancels a
    /// nonce, only if it is no querier's current key.
    error QuerySmartContractNotQuerier(address account);
    /// @notice Thrown when the querier's credential lacks a purpose the study asks for.
    error QuerySmartContractMissingPurpose(bytes32 purpose);
    /// @notice Thrown when the querier has not accepted the agreement.
    error QuerySmartContractAgreementNotAccepted(address querier);
    /// @notice Thrown when the signature is not that of the querier's current key (`expected`) over this Acceptance, this
    /// contract and this chain.
    error QuerySmartContractInvalidAcceptance(address recovered, address expected);
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
    /// @notice Thrown when a PUBLIC request names recipients, or a SEALED one none or more than `most`.
    error QuerySmartContractRecipientCount(uint256 given, uint256 most);
    /// @notice Thrown when recipient `index` (0-based) is no compressed secp256k1 key or does not come after the one before it.
    error QuerySmartContractInvalidRecipient(uint256 index);
    /// @notice Thrown when keys are published of what is not an answered SEALED request.
    error QuerySmartContractNotSealedAnswer(RequestId requestId, RequestState state, ReleaseClass releaseClass);
    /// @notice Thrown when the sender is not the current key of worker `index` of the request's committee.
    error QuerySmartContractNotWorker(address account, uint8 index);
    /// @notice Thrown when there are more keys, or more or longer copies, than any answer has.
    error QuerySmartContractKeyCopiesTooLarge();
    /// @notice Thrown unless exactly the study's price is paid, in wei.
    error QuerySmartContractWrongPayment(uint256 given, uint256 price);
    /// @notice Thrown when no request has this id.
    error QuerySmartContractUnknownRequest(RequestId requestId);
    /// @notice Thrown when the request has come to its end already.
    error QuerySmartContractNotOpen(RequestId requestId, RequestState state);
    /// @notice Thrown when the querier asks the same question with the same nonce twice in a block.
    error QuerySmartContractAlreadyRequested(RequestId requestId);
    /// @notice Thrown when the context, the querier or the outputs are not the request's; see {Request}.
    error QuerySmartContractCommitmentMismatch(bytes28 commitment, bytes28 expected);
    /// @notice Thrown when a verdict's parts do not go with its outcome: NONE; ANSWERED without outputs, or with a bitmap of
    /// hidden outputs that {Verdict} does not describe; anything else with outputs or a bitmap; a sealed hash in
    /// anything but a SEALED answer, or none in one.
    error QuerySmartContractInvalidVerdict(Outcome outcome);
    /// @notice Thrown when output `index` (0-based) is not a canonical residue of BN254 Fr.
    error QuerySmartContractOutputOutOfField(uint256 index);
    /// @notice Thrown when there are fewer signatures than the quorum.
    error QuerySmartContractQuorum(uint256 signatures, uint256 needed);
    /// @notice Thrown when the signature at `position` (0-based) has an index not above the one before it.
    error QuerySmartContractSignaturesNotAscending(uint256 position);
    /// @notice Thrown when a signature is not that of the current key (`expected`) of committee worker `index`, or that
    /// worker is not active now.
    error QuerySmartContractInvalidSigner(uint8 index, address recovered, address expected);
    /// @notice Thrown when a request is disputed that no quorum has signed anything of: it is open, or it expired.
    error QuerySmartContractNothingToDispute(RequestId requestId, RequestState state);
    /// @notice Thrown when a dispute says what the chain says: the same outcome and the same outputs, in whichever attempt. Of
    /// a SEALED answer the outputs are under other masks in each attempt: there only another outcome is a dispute.
    error QuerySmartContractNoConflict(RequestId requestId, Outcome outcome);
    /// @notice Thrown when a request is disputed a second time.
    error QuerySmartContractAlreadyDisputed(RequestId requestId);
    /// @notice Thrown when a request is expired while it may still be answered.
    error QuerySmartContractDeadlineNotReached(uint64 deadlineBlock, uint64 currentBlock);
    /// @notice Thrown when an answer comes after the deadline block.
    error QuerySmartContractDeadlinePassed(uint64 deadlineBlock, uint64 currentBlock);

    /// @notice Anyone relays a querier's acceptance of the agreement; accepting again changes nothing but the nonce.
    /// @param signature 65 bytes, domain {Opaline, 1, chain id, this contract}
    function acceptAgreement(Acceptance calldata acceptance, bytes calldata signature) external;
    /// @notice The current key of a querier, active or not, uses up the querier's next nonce here: an acceptance signed
    /// with it can no longer be relayed.
    function cancelNonce() external;
    /// @notice The current key of a querier asks, and the querier, by name, is refunded. Whether the query takes requests and
    /// the data may be used, {IOwnerTerms-open} says. datasetIds strictly ascending;
    /// parameters = abi.encode(int256[]); pays the study's price exactly. The context's consentMaskRoot is
    /// {IConsentRegistry-maskRoot} of the moment; zero means every active row.
    /// The context's recipientsHash is keccak256(abi.encode(recipients)), 0 for PUBLIC.
    /// @param nonce any number; it makes the querier's equal questions in one block two requests
    /// @param recipients none for PUBLIC; of a SEALED request 1 to 16 compressed secp256k1 keys, strictly ascending.
    /// Whether each is a point of the curve is the workers' to check, who do not answer otherwise.
    /// @return requestId keccak256(abi.encode(chainId, this contract, querier, nonce, queryHash, keccak(parameters), datasetRoots, block.number))
    function request(
        uint256 nonce,
        bytes calldata parameters,
        DatasetId[] calldata datasetIds,
        ReleaseClass releaseClass,
        bytes[] calldata recipients
    ) external payable returns (RequestId requestId);
    /// @notice Anyone posts what a quorum signed, up to and including the deadline block. Refusals come the same way.
    /// Neither request nor answer is taken while the consortium has stopped them; {expire} always is.
    /// @param context as in QueryRequested
    /// @param querier as in QueryRequested
    /// @param signatures at least min(n - t, 2t + 1), all valid, strictly ascending by index; each over EIP-712 Answer(bytes32 statement)
    function answer(
        RequestContext calldata context,
        address querier,
        Verdict calldata verdict,
        WorkerSignature[] calldata signatures
    ) external;
    /// @notice The current key of a worker of the request's committee, also of one revoked since, hands out the mask
    /// keys it holds of the SEALED answer; again if it must. Costs gas only: recipients read what fits.
    /// @param context as in QueryRequested
    /// @param querier as in QueryRequested
    /// @param outputsHash keccak256(abi.encode(outputs)) of the answer
    /// @param index the sender's point in the committee
    /// @param maskKeyHashes keccak256 of each mask key, in the order that the answer's sealedHash binds
    /// @param copies one per recipient, in their order
    function publishKeyCopies(
        RequestContext calldata context,
        address querier,
        bytes32 outputsHash,
        uint8 index,
        bytes32[] calldata maskKeyHashes,
        bytes[] calldata copies
    ) external;
    /// @notice Anyone ends a request past its deadline; the price is credited to its querier, see {ICredits}.
    /// @param context as in QueryRequested
    /// @param querier as in QueryRequested
    function expire(RequestContext calldata context, address querier) external;
    /// @notice Anyone records, once, that a quorum signed another outcome, or other outputs, of a request that was answered,
    /// refused or failed; at any time. The request stays as it is.
    /// @param context as in QueryRequested
    /// @param querier as in QueryRequested
    /// @param outputsHash keccak256(abi.encode(outputs)) of the answer that the chain has, 0 where it has none
    /// @param signatures as for {answer}
    function dispute(
        RequestContext calldata context,
        address querier,
        bytes32 outputsHash,
        Verdict calldata verdict,
        WorkerSignature[] calldata signatures
    ) external;
    /// @notice Whether a dispute is recorded of the request.
    function isDisputed(RequestId requestId) external view returns (bool);
    /// @notice All zero (state NONE) for an unknown request.
    function requestOf(RequestId requestId) external view returns (Request memory);
    /// @notice Whether the querier has accepted the agreement.
    function hasAccepted(address querier) external view returns (bool);
    /// @notice The querier's next nonce for a signature; acceptances and cancellations use one each.
    function nonces(address querier) external view returns (uint256);
    /// @notice The vetted query this contract serves.
    function queryHash() external view returns (QueryHash);
    /// @notice Its study.
    function studyId() external view returns (StudyId);
    /// @notice keccak256 of the agreement's text.
    function agreementHash() external view returns (bytes32);
}
