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

    event QueryPublished(
        QueryHash indexed queryHash,
        StudyId indexed studyId,
        address indexed author,
        string sql,
        bytes bounds,
        string manifest,
        string agreement
    );
    event QueryVetted(QueryHash indexed queryHash, address indexed vetter, bool approved, string name, string meaning, uint64 signedAt);
    event QueryActivated(QueryHash indexed queryHash, address indexed queryContract);
    event QueryRevoked(QueryHash indexed queryHash, string reason);

    error QueryCatalogueAlreadyPublished(QueryHash queryHash);
    error QueryCatalogueUnknown(QueryHash queryHash);
    error QueryCatalogueNotPublished(QueryHash queryHash, QueryState state);
    error QueryCatalogueSchemaMismatch(bytes32 schemaHash, bytes32 expected);
    error QueryCatalogueNotAuthor(address account);
    error QueryCatalogueNotVetter(address account);
    error QueryCatalogueOwnOrganisation(address vetter);
    error QueryCatalogueAlreadyVetted(QueryHash queryHash, address vetter);
    error QueryCatalogueVettingExpired(uint256 deadline);
    error QueryCatalogueInvalidSignature(address recovered, address vetter);
    error QueryCatalogueAlreadyRevoked(QueryHash queryHash);

    /// @notice An active querier or vetter publishes a query; anyone can recompile and compare. descriptor and bounds are
    /// the ABI forms of types/Descriptor.sol.
    function publish(
        StudyId studyId,
        bytes calldata descriptor,
        string calldata sql,
        bytes calldata bounds,
        string calldata manifest,
        string calldata agreement
    ) external returns (QueryHash queryHash);
    /// @notice Anyone relays a vetter's signature. The one that completes the policy activates the query and clones its
    /// Query Smart Contract.
    function vet(Vetting calldata vetting, bytes calldata signature) external;
    function revoke(QueryHash queryHash, string calldata reason) external;
    function query(QueryHash queryHash) external view returns (Query memory);
    /// @notice The ABI descriptor, read back from contract code.
    function descriptor(QueryHash queryHash) external view returns (bytes memory);
    function isActive(QueryHash queryHash) external view returns (bool);
    function nonces(address vetter) external view returns (uint256);
    function count() external view returns (uint256);
    function queries(uint256 offset, uint256 limit) external view returns (QueryHash[] memory);
}
