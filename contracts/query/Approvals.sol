// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// A vetter's approval and the last second at which it counts; one storage slot.
struct Approval {
    address vetter;
    uint64 validUntil;
}

/// What approvals come to: how many, of how many organisations, and until when they are as many as a policy asks.
struct Tally {
    uint256 approvals;
    uint256 organisations;
    uint64 sufficientUntil;
}

/// @title Until when enough approvals of enough organisations stand
/// @dev At the last second of the d-th longest approval exactly the d longest still stand (or more, of equal length). So
/// they are taken longest first, and the one that makes them enough ends them.
library Approvals {
    /// @dev Of the first `counted` of `validUntil` and `organisations`, which go together and are left sorted, longest first.
    /// O(counted^2), by insertion: there are few. sufficientUntil is 0 when they are not enough.
    function tally(
        uint64[] memory validUntil,
        bytes32[] memory organisations,
        uint256 counted,
        uint256 vettings,
        uint256 vettingOrganisations
    ) internal pure returns (Tally memory found) {
        _sort(validUntil, organisations, counted);
        for (uint256 i = 0; i < counted; ++i) {
            ++found.approvals;
            if (_isNew(organisations, i)) ++found.organisations;
            bool suffices = found.approvals >= vettings && found.organisations >= vettingOrganisations;
            if (suffices && found.sufficientUntil == 0) found.sufficientUntil = validUntil[i];
        }
    }

    function _isNew(bytes32[] memory organisations, uint256 index) private pure returns (bool) {
        for (uint256 i = 0; i < index; ++i) {
            if (organisations[i] == organisations[index]) return false;
        }
        return true;
    }

    function _sort(uint64[] memory validUntil, bytes32[] memory organisations, uint256 counted) private pure {
        for (uint256 i = 1; i < counted; ++i) {
            (uint64 time, bytes32 organisation) = (validUntil[i], organisations[i]);
            uint256 place = i;
            for (; place != 0 && validUntil[place - 1] < time; --place) {
                validUntil[place] = validUntil[place - 1];
                organisations[place] = organisations[place - 1];
            }
            validUntil[place] = time;
            organisations[place] = organisation;
        }
    }
}
