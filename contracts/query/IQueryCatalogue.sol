// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {QueryHash, StudyId} from "../types/Identifiers.sol";

/// @title The catalogue: published queries, their vetting, and the Query Smart Contract of each
interface IQueryCatalogue {
    enum QueryState {
        NONE,
        PUBLISHED,
        ACTIVE,
        REVOKED
    }

    /// approvals: approvers who were active at the latest approval; organisations: of how many organisations they were
    /// then; both final once active; queryContract: zero before activation;
    /// descriptorCode: its code is a STOP byte, then abi.encode(Descriptor); bounds: abi.encode(ParameterBound[]).
    struct Query {
        StudyId studyId;
        bytes32 schemaHash;
        address author;
        QueryState state;
        uint8 approvals;
        uint8 organisations;
        address queryContract;
        address descriptorCode;
        bytes32 agreementHash;
        bytes bounds;
    }

    /// EIP-712 Vetting(bytes32 queryHash,address vetter,bool approved,string name,string meaning,uint64 signedAt,uint256 nonce,uint256 deadline)
    /// name and meaning: what the vetter's signature says about itself (who, and in which sense); signedAt: unix seconds as
    /// the vetter states them; nonce: the vetter's next; deadline: last valid second.
    struct Vetting {
        QueryHash queryHash;
        address vetter;
        bool approved;
        string name;
        string meaning;
        uint64 signedAt;
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
    /// @notice A vetter approved the query, or said no.
    event QueryVetted(
        QueryHash indexed queryHash,
        address indexed vetter,
        bool approved,
        string name,
        string meaning,
        uint64 signedAt
    );
    /// @notice The member withdrew whatever it had signed, and not yet used, with this nonce.
    event NonceCancelled(address indexed account, uint256 nonce);
    /// @notice The vetting that completed the policy made the query's contract.
    event QueryActivated(QueryHash indexed queryHash, address indexed queryContract);
    /// @notice The query takes no more requests; those already made run to their end.
    event QueryRevoked(QueryHash indexed queryHash, string reason);

    /// @notice Thrown when the same query was published before, for whichever study.
    error QueryCatalogueAlreadyPublished(QueryHash queryHash);
    /// @notice Thrown when no query has this hash.
    error QueryCatalogueUnknown(QueryHash queryHash);
    /// @notice Thrown when a query is vetted that is active already, or revoked.
    error QueryCatalogueNotPublished(QueryHash queryHash, QueryState state);
    /// @notice Thrown when the descriptor is for another schema than the study's.
    error QueryCatalogueSchemaMismatch(bytes32 schemaHash, bytes32 expected);
    /// @notice Thrown when the descriptor's format is not 1.
    error QueryCatalogueUnsupportedFormat(uint16 format);
    /// @notice Thrown when re-encoding the descriptor or the bounds does not give the same bytes.
    error QueryCatalogueNonCanonical(string part);
    /// @notice Thrown when the publisher is the current key of neither an active querier nor an active vetter.
    error QueryCatalogueNotAuthor(address account);
    /// @notice Thrown when the vetter is not active when its signature arrives, or an account that is no vetter's current key
    /// cancels a nonce.
    error QueryCatalogueNotVetter(address account);
    /// @notice Thrown when the vetter is of the author's organisation.
    error QueryCatalogueOwnOrganisation(address vetter);
    /// @notice Thrown when the vetter has vetted this query, either way.
    error QueryCatalogueAlreadyVetted(QueryHash queryHash, address vetter);
    /// @notice Thrown when the signature arrives after its deadline (unix seconds, inclusive).
    error QueryCatalogueVettingExpired(uint256 deadline);
    /// @notice Thrown when the signature is not that of the vetter's current key (`expected`) over this Vetting, this contract
    /// and this chain.
    error QueryCatalogueInvalidSignature(address recovered, address expected);
    /// @notice Thrown when a revoked query is revoked again.
    error QueryCatalogueAlreadyRevoked(QueryHash queryHash);

    /// @notice An active querier or vetter publishes a query; anyone can recompile and compare.
    /// @param descriptor abi.encode(Descriptor) of types/Descriptor.sol, at most 24,575 bytes
    /// @param sql the query's text
    /// @param bounds abi.encode(ParameterBound[]), at most 24,575 bytes
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
    /// @notice Anyone relays a vetter's signature. The approval that completes the policy activates the query and
    /// clones its Query Smart Contract; of the earlier ones, those count whose vetters are still active. A no is recorded
    /// and counts for nothing.
    /// @param signature 65 bytes, domain {Opaline, 1, chain id, this contract}
    function vet(Vetting calldata vetting, bytes calldata signature) external;
    /// @notice The current key of a vetter, active or not, uses up the vetter's next nonce: a vetting signed with it can no longer be
    /// relayed.
    function cancelNonce() external;
    /// @notice Ends a published or active query, for good. Restricted to GUARDIAN_ROLE.
    function revoke(QueryHash queryHash, string calldata reason) external;
    /// @notice Reverts with QueryCatalogueUnknown.
    function query(QueryHash queryHash) external view returns (Query memory);
    /// @notice The ABI descriptor, read back from contract code. Reverts with QueryCatalogueUnknown.
    function descriptor(QueryHash queryHash) external view returns (bytes memory);
    /// @notice Whether the query takes requests.
    function isActive(QueryHash queryHash) external view returns (bool);
    /// @notice Whether the vetter has vetted the query, either way.
    function hasVetted(QueryHash queryHash, address vetter) external view returns (bool);
    /// @notice The nonce of the vetter's next signature.
    function nonces(address vetter) external view returns (uint256);
    /// @notice How many queries were ever published.
    function count() external view returns (uint256);
    /// @notice A page of at most 100 queries, in order of publication.
    function queries(uint256 offset, uint256 limit) external view returns (QueryHash[] memory);
}
