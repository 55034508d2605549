// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RequestId} from "../types/Identifiers.sol";

/// @title Money held per request: paid in once, then released to the workers or refunded, once; payees pull
/// @notice The life of a payment, one way only: NONE -> HELD -> RELEASED -> SETTLED, or NONE -> HELD -> REFUNDED. At any
/// time the balance is at least all credits plus everything HELD or RELEASED. A request of price 0 has no payment.
interface IEscrow {
    enum PaymentState {
        NONE,
        HELD,
        RELEASED,
        REFUNDED,
        SETTLED
    }

    /// queryContract: who paid it in, and the only one who may release or refund it; amount in wei.
    struct Payment {
        address payer;
        uint64 committeeEpoch;
        PaymentState state;
        address queryContract;
        uint96 amount;
    }

    /// @notice `queryContract` may hold, release and refund from now on.
    event QueryContractAdded(address indexed queryContract);
    /// @notice `payer` paid `amount` wei for the request.
    event PaymentHeld(RequestId indexed requestId, address indexed payer, uint256 amount);
    /// @notice The amount now belongs to the workers of the request's committee.
    event PaymentReleased(RequestId indexed requestId, uint256 amount);
    /// @notice The amount was credited back to the account that paid it.
    event PaymentRefunded(RequestId indexed requestId, address indexed payer, uint256 amount);
    /// @notice The amount was credited to `payees` workers, each to the key it had then.
    event PaymentSettled(RequestId indexed requestId, uint256 amount, uint256 payees);
    /// @notice The payee took its whole credit.
    event Withdrawn(address indexed payee, uint256 amount);

    /// @notice Thrown when the sender is no query contract, or not the one that paid this request in.
    error EscrowNotQueryContract(address account);
    /// @notice Thrown when the query contract is known already.
    error EscrowAlreadyQueryContract(address queryContract);
    /// @notice Thrown when a request is paid a second time.
    error EscrowAlreadyHeld(RequestId requestId);
    /// @notice Thrown when nothing is paid, or nobody pays.
    error EscrowInvalidPayment(address payer, uint256 amount);
    /// @notice Thrown when a payment is not, or no longer, held: never paid, released or refunded before.
    error EscrowNotHeld(RequestId requestId);
    /// @notice Thrown when a payment is settled before its release, or a second time.
    error EscrowNotReleased(RequestId requestId);
    /// @notice Thrown when the payee has no credit.
    error EscrowNothingToWithdraw(address payee);

    /// @notice Lets a query contract use the escrow. Restricted to the query catalogue.
    function addQueryContract(address queryContract) external;
    /// @notice A query contract pays a request in, once.
    /// @param committeeEpoch whose workers will be paid
    /// @param payer who is refunded
    function hold(RequestId requestId, uint64 committeeEpoch, address payer) external payable;
    /// @notice The query contract says the request was answered or refused: its money now belongs to the workers.
    function release(RequestId requestId) external;
    /// @notice The query contract says the request expired or failed: its money is credited to the payer.
    function refund(RequestId requestId) external;
    /// @notice Anyone divides released money equally among the committee's current keys; the remainder goes to the first. A
    /// credit stays with its account when the member's key is rotated later.
    function settle(RequestId requestId) external;
    /// @notice The sender takes all it is credited. Nobody else's credit depends on its success.
    function withdraw() external;
    /// @notice What the account may withdraw, in wei.
    function credit(address payee) external view returns (uint256);
    /// @notice The payment of a request; all zero where there is none.
    function paymentOf(RequestId requestId) external view returns (Payment memory);
    /// @notice Whether the account may hold, release and refund.
    function isQueryContract(address account) external view returns (bool);
}
