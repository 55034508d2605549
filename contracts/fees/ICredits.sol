// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What each account may withdraw: settled and refunded prices, storage fees, rewards
/// @notice Whoever pays in says for whom; only the payee takes out. Nobody else, no role and no other contract, can change
/// what an account is credited. At any time the balance is at least all credits.
interface ICredits {
    /// @notice `payer` paid in `amount` wei for `payee`.
    event Credited(address indexed payee, address indexed payer, uint256 amount);
    /// @notice The payee took its whole credit.
    event Withdrawn(address indexed payee, uint256 amount);

    /// @notice Thrown unless there is one amount for each payee.
    error CreditsLengthMismatch(uint256 payees, uint256 amounts);
    /// @notice Thrown when nobody would get amount `index` (0-based).
    error CreditsNoPayee(uint256 index);
    /// @notice Thrown unless the amounts sum to exactly what is paid, which is not nothing.
    error CreditsWrongSum(uint256 sum, uint256 paid);
    /// @notice Thrown when the payee has no credit.
    error CreditsNothingToWithdraw(address payee);

    /// @notice Anyone pays in for others. An account may be named several times; an amount of 0 is passed over. O(payees).
    /// @param amounts in wei; they sum to the value sent
    function pay(address[] calldata payees, uint256[] calldata amounts) external payable;
    /// @notice The sender takes all it is credited. Nobody else's credit depends on its success.
    function withdraw() external;
    /// @notice What the account may withdraw, in wei.
    function credit(address payee) external view returns (uint256);
}
