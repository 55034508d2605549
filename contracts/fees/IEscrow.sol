// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RequestId} from "../types/Identifiers.sol";
import {Capacity, Payee} from "../types/Payee.sol";
import {RequestContext} from "../types/Statement.sol";

/// @title Money held per request: paid in once, then released to those who served it or refunded, once
/// @notice The life of a payment, one way only: NONE -> HELD -> RELEASED -> SETTLED, or NONE -> HELD -> REFUNDED. At any
/// time the balance is at least everything HELD or RELEASED; what is settled or refunded is credited in {ICredits}, where
/// payees pull it. A request of price 0 has no payment.
interface IEscrow {
    enum PaymentState {
        NONE,
        HELD,
        RELEASED,
        REFUNDED,
        SETTLED
    }

    /// queryContract: who paid it in, and the only one who may release or refund it; amount in wei. One slot: a request
    /// writes it. Whose request it is, and of which committee, the query contract has.
    struct Payment {
        address queryContract;
        PaymentState state;
        uint88 amount;
    }

    /// @notice `queryContract` may hold, release and refund from now on; its author gets the author's share.
    event QueryContractAdded(address indexed queryContract, Capacity capacity, address indexed author);
    /// @notice `amount` wei were paid for the request of the querier `payer`.
    event PaymentHeld(RequestId indexed requestId, address indexed payer, uint256 amount);
    /// @notice The amount now belongs to the data owners, the workers and the author, by the study's policy.
    event PaymentReleased(RequestId indexed requestId, uint256 amount);
    /// @notice The amount was credited back to the querier.
    event PaymentRefunded(RequestId indexed requestId, address indexed payer, uint256 amount);
    /// @notice The amount was divided: one payee per dataset in the request's order, then one per worker, then the author.
    event PaymentSettled(RequestId indexed requestId, uint256 amount, Payee[] payees, uint256[] amounts);

    /// @notice Thrown when the payer-in is no query contract, or who ends a payment is not the one that paid it in.
    error EscrowNotQueryContract(address account);
    /// @notice Thrown when the query contract is known already.
    error EscrowAlreadyQueryContract(address queryContract);
    /// @notice Thrown when a query contract is added without its author.
    error EscrowNoAuthor(address queryContract);
    /// @notice Thrown when a request is paid a second time.
    error EscrowAlreadyHeld(RequestId requestId);
    /// @notice Thrown when nothing is paid, or nobody pays.
    error EscrowInvalidPayment(address payer, uint256 amount);
    /// @notice Thrown when a payment is not, or no longer, held: never paid, released or refunded before.
    error EscrowNotHeld(RequestId requestId);
    /// @notice Thrown when a payment is settled before its release, or a second time.
    error EscrowNotReleased(RequestId requestId);
    /// @notice Thrown when the context is not the one the request fixed.
    error EscrowContextMismatch(bytes32 contextHash, bytes32 expected);

    /// @notice Lets a query contract use the escrow. Restricted to the query catalogue.
    function addQueryContract(address queryContract, Payee calldata author) external;
    /// @notice A query contract pays a request in, once.
    /// @param payer the querier, by name; less than 2^88 wei, more than there is ether
    function hold(RequestId requestId, address payer) external payable;
    /// @notice The query contract says the request was answered or refused: its money now belongs to those who served it.
    function release(RequestId requestId) external;
    /// @notice The query contract says the request expired or failed: its money is credited to the querier.
    /// @param payer as it was held for
    function refund(RequestId requestId, address payer) external;
    /// @notice Anyone divides released money as the study's policy says, see {Division}: among the owners of the datasets the
    /// request fixed, by their rows in the versions it fixed; the workers of its committee; and the query's author. Who has
    /// been revoked since is paid all the same. O(datasets + workers).
    /// @param context as in QueryRequested
    function settle(RequestContext calldata context) external;
    /// @notice The payment of a request; all zero where there is none.
    function paymentOf(RequestId requestId) external view returns (Payment memory);
    /// @notice Who gets the author's share of what the query contract is paid; account zero where it is none.
    function authorOf(address queryContract) external view returns (Payee memory);
    /// @notice Whether the account may hold, release and refund.
    function isQueryContract(address account) external view returns (bool);
}
