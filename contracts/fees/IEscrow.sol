// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RequestId, StudyId} from "../types/Identifiers.sol";

/// @title Money held per request: paid in once, then released to the workers or refunded, once; payees pull
interface IEscrow {
    event PaymentHeld(RequestId indexed requestId, address indexed payer, uint256 amount);
    event PaymentReleased(RequestId indexed requestId, uint256 amount);
    event PaymentRefunded(RequestId indexed requestId, address indexed payer, uint256 amount);
    event PaymentSettled(RequestId indexed requestId, uint256 amount, uint256 payees);
    event Withdrawn(address indexed payee, uint256 amount);

    error EscrowNotQueryContract(address account);
    error EscrowAlreadyHeld(RequestId requestId);
    error EscrowNotHeld(RequestId requestId);
    error EscrowNotReleased(RequestId requestId);
    error EscrowNothingToWithdraw(address payee);

    function hold(RequestId requestId, StudyId studyId, uint64 committeeEpoch, address payer) external payable;
    /// @notice The query contract says the request was answered or refused: its money now belongs to the workers.
    function release(RequestId requestId) external;
    /// @notice The query contract says the request expired or failed: its money is credited to the payer.
    function refund(RequestId requestId) external;
    /// @notice Anyone divides released money equally among the committee; the remainder goes to the first worker.
    function settle(RequestId requestId) external;
    function withdraw() external;
    function credit(address payee) external view returns (uint256);
}
