// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FieldCuts, FieldRules, MAY_CUT_ANYWHERE, MAY_SPLIT, MAY_SUM} from "../types/FieldRules.sol";
import {Policy} from "../types/Policy.sol";
import {ReleaseClass} from "../types/Statement.sol";
import {IStudyRegistry} from "./IStudyRegistry.sol";

/// @title What a policy comes down to: the k of a request, and rules on fields that make sense
library PolicyRules {
    /// @dev Raises the policy's k to the owners', and for a SEALED request sealedK, too; both are what the request's policyHash
    /// binds, so that k alone tells a worker the rest. Returns the k of the class.
    function raise(Policy memory policy, ReleaseClass releaseClass, uint16 ownersK) internal pure returns (uint16 k) {
        if (ownersK > policy.k) policy.k = ownersK;
        if (releaseClass == ReleaseClass.PUBLIC || policy.sealedK == 0) return policy.k;
        if (ownersK > policy.sealedK) policy.sealedK = ownersK;
        return policy.sealedK;
    }

    /// @dev 0 of rules that say nothing, which permit everything.
    function hash(FieldRules calldata rules) internal pure returns (bytes32) {
        return rules.uses.length == 0 && rules.cuts.length == 0 ? bytes32(0) : keccak256(abi.encode(rules));
    }

    /// @dev Reverts unless each use is known, and each list of cuts is ascending and of some use: of a field that may be split,
    /// and not anywhere. O(fields + edges).
    function check(FieldRules calldata rules) internal pure {
        for (uint256 i = 0; i < rules.uses.length; ++i) {
            if (uint8(rules.uses[i]) > MAY_SPLIT + MAY_SUM + MAY_CUT_ANYWHERE) {
                revert IStudyRegistry.StudyRegistryInvalidFieldRule(i);
            }
        }
        for (uint256 i = 0; i < rules.cuts.length; ++i) {
            FieldCuts calldata cuts = rules.cuts[i];
            bool ascends = i == 0 || cuts.field > rules.cuts[i - 1].field;
            if (!ascends || !_isOfUse(rules.uses, cuts.field) || !_ascend(cuts.edges)) {
                revert IStudyRegistry.StudyRegistryInvalidFieldRule(cuts.field);
            }
        }
    }

    function _isOfUse(bytes calldata uses, uint16 field) private pure returns (bool) {
        return field < uses.length && uint8(uses[field]) & (MAY_SPLIT + MAY_CUT_ANYWHERE) == MAY_SPLIT;
    }

    function _ascend(int256[] calldata edges) private pure returns (bool) {
        for (uint256 i = 1; i < edges.length; ++i) {
            if (edges[i] <= edges[i - 1]) return false;
        }
        return true;
    }
}
