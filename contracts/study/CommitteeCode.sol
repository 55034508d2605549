// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Create3} from "@openzeppelin/contracts/utils/Create3.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {CodeStorage} from "../types/CodeStorage.sol";
import {StudyId} from "../types/Identifiers.sol";

/// @title A committee kept as the code of a contract, where anyone finds it without asking
/// @dev The registry makes the contract at an address that study and epoch alone determine (OpenZeppelin's Create3), and
/// nobody else can make one there. So an answer reads its whole committee with one copy of code: 2,600 gas, where a call of
/// the registry, a word there and the copy of code that it names came to thrice as much.
library CommitteeCode {
    /// @dev The most workers of a committee, after threshold and number.
    uint256 private constant MOST_BYTES = (2 + 7) * 32;

    function write(
        StudyId studyId,
        uint64 epoch,
        uint8 threshold,
        bool demonstration,
        address[] memory workers
    ) internal {
        uint256 first = demonstration ? 256 + uint256(threshold) : threshold;
        bytes memory content = abi.encodePacked(first, workers.length, workers);
        Create3.deploy(0, _salt(studyId, epoch), CodeStorage.creation(content));
    }

    /// @dev Of nobody where `registry` has made none. workers: in the order of their points.
    function read(
        address registry,
        StudyId studyId,
        uint64 epoch
    ) internal view returns (uint8 threshold, bool demonstration, address[] memory workers) {
        address account = Create3.computeAddress(_salt(studyId, epoch), registry);
        uint256 size = MOST_BYTES;
        uint256 first;
        // Number and workers are in the code as they are in memory; past its end there are zeros.
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(0x40, add(start, size))
            extcodecopy(account, start, 1, size)
            first := mload(start)
            workers := add(start, 32)
        }
        return (uint8(first), first >= 256, workers);
    }

    /// @dev min(n - t, 2t + 1): all honest workers, but no more than compute.
    function quorum(uint8 threshold, uint256 workers) internal pure returns (uint8) {
        return uint8(Math.min(workers - threshold, 2 * uint256(threshold) + 1)); // at most 7
    }

    function _salt(StudyId studyId, uint64 epoch) private pure returns (bytes32) {
        return keccak256(abi.encode(studyId, epoch));
    }
}
