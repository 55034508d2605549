// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RequestId} from "../types/Identifiers.sol";
import {Payee} from "../types/Payee.sol";
import {RequestContext} from "../types/Statement.sol";

/// @title A part of a query contract: the prices of its requests, which it holds in escrow
/// @notice A request pays its study's price. When it is answered or refused the price belongs to those who served it, and
/// anyone may have it divided among them; when it expires or fails, to the querier, who is credited at once. Either happens
/// once, and what was credited payees pull from {ICredits}. The balance is at any time at least the prices of the
/// requests that are open, and of those answered or refused but not settled.
interface IPayments {
    /// @notice The price was credited back to the querier.
    event PaymentRefunded(RequestId indexed requestId, address indexed querier, uint256 amount);
    /// @notice The price was divided: one payee per dataset in the request's order, then one per worker, then the author.
    event PaymentSettled(RequestId indexed requestId, uint256 amount, Payee[] payees, uint256[] amounts);

    /// @notice Thrown when a request is settled that was neither answered nor refused, that was free, or a second time.
    error QuerySmartContractNothingToSettle(RequestId requestId);

    /// @notice Anyone divides the price as the study's policy says, see {Division}: among the owners of the datasets the
    /// request fixed, by their rows in the versions it fixed; the workers of its committee; and the query's author. Who has
    /// been revoked since is paid all the same. O(datasets + workers).
    /// @param context as in QueryRequested
    /// @param querier as in QueryRequested
    /// @param outputsHash keccak256(abi.encode(outputs)) of the answer, 0 of a refusal
    function settle(RequestContext calldata context, address querier, bytes32 outputsHash) external;
    /// @notice Whether the price of the request was divided.
    function isSettled(RequestId requestId) external view returns (bool);
    /// @notice Who gets the author's share of what the query's requests pay.
    function author() external view returns (Payee memory);
    /// @notice What a request pays, in wei.
    function price() external view returns (uint256);
}
