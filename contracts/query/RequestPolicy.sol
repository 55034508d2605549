// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PolicyRules} from "../study/PolicyRules.sol";
import {Policy} from "../types/Policy.sol";
import {ReleaseClass} from "../types/Statement.sol";
import {CloneArguments, QueryOrigin} from "./CloneArguments.sol";

/// @title The policy that a request binds: the study's, with the strictest k of the study and the owners
library RequestPolicy {
    /// @dev The k of the request's class, and the policy's hash. Where no owner asks for more than the study, which is most
    /// often, the hash is known since the query was vetted, and the policy need not be decoded.
    function bind(
        QueryOrigin memory origin,
        bytes memory arguments,
        ReleaseClass releaseClass,
        uint16 ownersK
    ) internal pure returns (uint16 k, bytes32 policyHash) {
        (uint16 publicK, uint16 sealedK) = (origin.k, origin.sealedK);
        if (ownersK <= publicK && (sealedK == 0 || ownersK <= sealedK)) {
            bool isSealed = releaseClass == ReleaseClass.SEALED && sealedK != 0;
            return (isSealed ? sealedK : publicK, origin.policyHash);
        }
        Policy memory policy = CloneArguments.policy(arguments);
        k = PolicyRules.raise(policy, releaseClass, ownersK);
        policyHash = keccak256(abi.encode(policy));
    }
}
