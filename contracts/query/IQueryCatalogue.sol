// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {QueryHash, StudyId} from "../types/Identifiers.sol";

/// @title The catalogue: published queries, their vetting, and the Query Smart Contract of each
/// @notice **How long a query takes requests.** An approval counts until its `validUntil`, while its vetter is active and of
/// another organisation than the author, and has not rejected the query since. Each vetting counts anew: `activeUntil` is
/// the last second at which the approvals that count now are still as many, of as many organisations, as the study's
/// policy asks; it is stored if it is later than the one before. So it only grows. New approvals, also by
/// the same vetters, prolong a query at any time, lapsed or not, in the same query contract. Nothing shortens it: neither
/// a vetter's credential that ends, nor a rejection after an approval (both only leave later counts). Whoever
/// finds an active query harmful asks the consortium to revoke it.
interface IQueryCatalogue {
    /// PUBLISHED -> ACTIVE -> SUPERSEDED, and from each of them REVOKED; no way back. An ACTIVE query past its activeUntil
    /// has lapsed: it takes no requests until it is prolonged.
    enum QueryState {
        NONE,
        PUBLISHED,
        ACTIVE,
        REVOKED,
        SUPERSEDED
    }

    /// What a vetter last signed about a query; REJECTED is its last word.
    enum Decision {
        NONE,
        APPROVED,
        REJECTED
    }

    /// approvals: how many approvals counted at the latest vetting; organisations: of how many organisations they were
    /// then; queryContract: zero before activation; activeUntil: unix seconds, inclusive, 0 before activation;
    /// successor: 0 unless superseded;
    /// descriptorCode: its code is a STOP byte, then abi.encode(Descriptor); bounds: abi.encode(ParameterBound[]).
    struct Query {
        StudyId studyId;
        bytes32 schemaHash;
        address author;
        QueryState state;
        uint8 approvals;
        uint8 organisations;
        uint64 activeUntil;
        address queryContract;
        address descriptorCode;
        bytes32 agreementHash;
        QueryHash successor;
        bytes bounds;
    }

    /// EIP-712 Vetting(bytes32 queryHash,address vetter,bool approved,string comment,string name,string meaning,uint64 signedAt,uint64 validUntil,uint256 nonce,uint256 deadline)
    /// comment: of a rejection, why; of an approval, what the vetter wants on record, or empty. It is signed, because anyone
    /// may relay and must neither drop nor invent a reason. name and meaning: what the vetter's signature says about itself
    /// (who, and in which sense); signedAt: unix seconds as the vetter states them; validUntil: the last second (unix) at
    /// which the approval counts, 0 in a rejection; nonce: the vetter's next; deadline: last second to relay it.
    struct Vetting {
        QueryHash queryHash;
        address vetter;
        bool approved;
        string comment;
        string name;
        string meaning;
        uint64 signedAt;
        uint64 validUntil;
        uint256 nonce;
        uint256 deadline;
    }

    /// @notice The whole query, readable by anyone; only the descriptor stays out, as code at `query(...).descriptorCode`.
    event QueryPublished(
        QueryHash indexed queryHash,
        StudyId indexed studyId,
        address indexed author,
        string sql,
        bytes bounds,
        string manifest,
        string agreement
    );
    /// @notice A vetter approved the query until validUntil, or said no and why.
    event QueryVetted(
        QueryHash indexed queryHash,
        address indexed vetter,
        bool approved,
        string comment,
        string name,
        string meaning,
        uint64 signedAt,
        uint64 validUntil
    );
    /// @notice A vetter, or the author, remarks on the query; nothing follows from it.
    event QueryCommented(QueryHash indexed queryHash, address indexed account, string text);
    /// @notice The member withdrew whatever it had signed, and not yet used, with this nonce.
    event NonceCancelled(address indexed account, uint256 nonce);
    /// @notice The vetting that completed the policy made the query's contract.
    event QueryActivated(QueryHash indexed queryHash, address indexed queryContract);
    /// @notice The query takes requests until activeUntil (unix seconds, inclusive); also when it is activated.
    event QueryProlonged(QueryHash indexed queryHash, uint64 activeUntil);
    /// @notice The query takes no more requests, its successor does; those already made run to their end.
    event QuerySuperseded(QueryHash indexed queryHash, QueryHash indexed successor);
    /// @notice The query takes no more requests; those already made run to their end.
    event QueryRevoked(QueryHash indexed queryHash, string reason);

    /// @notice Thrown when the same query was published before, for whichever study.
    error QueryCatalogueAlreadyPublished(QueryHash queryHash);
    /// @notice Thrown when no query has this hash.
    error QueryCatalogueUnknown(QueryHash queryHash);
    /// @notice Thrown when a query is vetted that was superseded or revoked.
    error QueryCatalogueClosed(QueryHash queryHash, QueryState state);
    /// @notice Thrown when the descriptor is for another schema than the study's.
    error QueryCatalogueSchemaMismatch(bytes32 schemaHash, bytes32 expected);
    /// @notice Thrown when the descriptor's format is not the one that the workers compute (2).
    error QueryCatalogueUnsupportedFormat(uint16 format);
    /// @notice Thrown when the bounds have more bytes than a query contract can carry.
    error QueryCatalogueBoundsTooLong(uint256 length, uint256 most);
    /// @notice Thrown when re-encoding the descriptor or the bounds does not give the same bytes.
    error QueryCatalogueNonCanonical(string part);
    /// @notice Thrown when the query uses the field that says a row's site, and the study's policy has closed it.
    error QueryCatalogueSiteClosed(uint16 field);
    /// @notice Thrown when the query sums a field, or tells its values apart, and the study's policy does not permit it.
    error QueryCatalogueFieldNotPermitted(uint16 field);
    /// @notice Thrown when the query cuts a field, or lets a parameter cut it, where the study's policy does not permit it.
    /// @param cut scaled: values from it on are told from those below it; of a comparison by digits, the value compared with
    error QueryCatalogueCutNotPermitted(uint16 field, int256 cut);
    /// @notice Thrown when an author (of a publication, a comment or a supersession) is the current key of neither an active
    /// querier nor an active vetter.
    error QueryCatalogueNotAuthor(address account);
    /// @notice Thrown when one who is not the author of the query declares its successor or, being no active vetter either,
    /// comments on it.
    error QueryCatalogueNotAuthorOf(QueryHash queryHash, address account);
    /// @notice Thrown when the vetter is not active when its signature arrives, or an account that is no vetter's current key
    /// cancels a nonce.
    error QueryCatalogueNotVetter(address account);
    /// @notice Thrown when the vetter is of the author's organisation.
    error QueryCatalogueOwnOrganisation(address vetter);
    /// @notice Thrown when the vetter has rejected this query, or approves it again for no longer than before.
    error QueryCatalogueAlreadyVetted(QueryHash queryHash, address vetter);
    /// @notice Thrown when an approval is not valid now, or for longer than 1,096 days from now (`latest`, unix seconds); or
    /// a rejection has a validity (`latest` is 0).
    error QueryCatalogueInvalidValidity(uint64 validUntil, uint64 latest);
    /// @notice Thrown when a comment has more than `most` bytes, or none where one is due: in a rejection, and by itself.
    error QueryCatalogueCommentLength(uint256 length, uint256 most);
    /// @notice Thrown when more than 64 approvals of one query would be valid at a time.
    error QueryCatalogueTooManyApprovals(QueryHash queryHash);
    /// @notice Thrown when the signature arrives after its deadline (unix seconds, inclusive).
    error QueryCatalogueVettingExpired(uint256 deadline);
    /// @notice Thrown when the signature is not that of the vetter's current key (`expected`) over this Vetting, this contract
    /// and this chain.
    error QueryCatalogueInvalidSignature(address recovered, address expected);
    /// @notice Thrown when a query is superseded that is not ACTIVE (a lapsed one is), or by one that takes no requests now.
    error QueryCatalogueNotActive(QueryHash queryHash, QueryState state);
    /// @notice Thrown when a query would be its own successor, or that of another study's query.
    error QueryCatalogueInvalidSuccessor(QueryHash queryHash, QueryHash successor);
    /// @notice Thrown when a revoked query is revoked again.
    error QueryCatalogueAlreadyRevoked(QueryHash queryHash);

    /// @notice An active querier or vetter publishes a query; anyone can recompile and compare.
    /// @param descriptor abi.encode(Descriptor) of types/Descriptor.sol, at most 24,575 bytes
    /// @param sql the query's text
    /// @param bounds abi.encode(ParameterBound[]), at most 22,848 bytes
    /// @param manifest what the answer discloses
    /// @param agreement what a querier must accept
    /// @return queryHash keccak256(abi.encode(schemaHash, keccak(descriptor), keccak(sql), keccak(bounds), keccak(manifest), keccak(agreement)))
    function publish(
        StudyId studyId,
        bytes calldata descriptor,
        string calldata sql,
        bytes calldata bounds,
        string calldata manifest,
        string calldata agreement
    ) external returns (QueryHash queryHash);
    /// @notice Anyone relays a vetter's signature on a published or active query. The approval that completes the policy
    /// activates the query and clones its Query Smart Contract; later ones may prolong it, see above. A no takes back the
    /// vetter's approval, is the vetter's last word, and counts for nothing else. O(approvals^2), of which there are at
    /// most 64.
    /// @param signature 65 bytes, domain {Opaline, 1, chain id, this contract}
    function vet(Vetting calldata vetting, bytes calldata signature) external;
    /// @notice An active vetter, of whichever organisation, or the author, while an active member, remarks on a query in
    /// any state.
    /// @param text 1 to 2,000 bytes
    function comment(QueryHash queryHash, string calldata text) external;
    /// @notice The current key of a vetter, active or not, uses up the vetter's next nonce: a vetting signed with it
    /// can no longer be relayed.
    function cancelNonce() external;
    /// @notice The author of two active queries of one study, while an active member, declares that one supersedes the
    /// other: for good, as a superseded query can be neither vetted nor superseded again.
    /// @param queryHash the older one; it may have lapsed
    /// @param successor it must take requests now
    function supersede(QueryHash queryHash, QueryHash successor) external;
    /// @notice The same, whoever published the two. Restricted to STEWARD_ROLE.
    function supersedeForAuthor(QueryHash queryHash, QueryHash successor) external;
    /// @notice Ends a query, for good. Restricted to GUARDIAN_ROLE.
    function revoke(QueryHash queryHash, string calldata reason) external;
    /// @notice Reverts with QueryCatalogueUnknown.
    function query(QueryHash queryHash) external view returns (Query memory);
    /// @notice The ABI descriptor, read back from contract code. Reverts with QueryCatalogueUnknown.
    function descriptor(QueryHash queryHash) external view returns (bytes memory);
    /// @notice Whether the query takes requests in this block: ACTIVE, and not past its activeUntil.
    function isActive(QueryHash queryHash) external view returns (bool);
    /// @notice The query that superseded this one, which may itself be superseded; 0 when none did. Following it ends:
    /// only an active query supersedes, and a superseded one is never active again.
    function successorOf(QueryHash queryHash) external view returns (QueryHash);
    /// @notice What the vetter last signed about the query, and until when it counts (0 unless APPROVED).
    function vettingOf(
        QueryHash queryHash,
        address vetter
    ) external view returns (Decision decision, uint64 validUntil);
    /// @notice The nonce of the vetter's next signature.
    function nonces(address vetter) external view returns (uint256);
    /// @notice How many queries were ever published.
    function count() external view returns (uint256);
    /// @notice A page of at most 100 queries, in order of publication.
    function queries(uint256 offset, uint256 limit) external view returns (QueryHash[] memory);
}
