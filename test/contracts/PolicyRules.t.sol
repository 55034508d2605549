// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PermittedFields} from "../../contracts/query/PermittedFields.sol";
import {PolicyRules} from "../../contracts/study/PolicyRules.sol";
import {RequestQuotas} from "../../contracts/study/RequestQuotas.sol";
import {Atom, AtomOp, Descriptor, ParameterBound} from "../../contracts/types/Descriptor.sol";
import {FieldCuts, FieldRules} from "../../contracts/types/FieldRules.sol";
import {StudyId} from "../../contracts/types/Identifiers.sol";
import {Policy} from "../../contracts/types/Policy.sol";
import {ReleaseClass} from "../../contracts/types/Statement.sol";

contract PermittedFieldsHarness {
    function check(
        Descriptor memory descriptor,
        ParameterBound[] memory bounds,
        uint16 closedSite,
        FieldRules memory rules
    ) external pure {
        PermittedFields.check(descriptor, bounds, closedSite, rules);
    }

    function checkRules(FieldRules calldata rules) external pure {
        PolicyRules.check(rules);
    }
}

contract QuotasHarness is RequestQuotas {
    function count(StudyId studyId, bytes32 organisation, uint24 quota) external {
        _countRequest(studyId, organisation, quota);
    }
}

/// @title Fuzzed properties of a policy's rules
contract PolicyRulesTest {
    PermittedFieldsHarness private _harness = new PermittedFieldsHarness();

    /// The k of each class is the strictest of the study's for it and the owners', and that of PUBLIC never lower.
    function testFuzz_ofEachClassTheStrictestK(uint16 k, uint16 sealedK, uint16 ownersK, bool isSealed) public pure {
        k = (k % 996) + 5;
        sealedK = sealedK % (k + 1);
        Policy memory policy;
        (policy.k, policy.sealedK) = (k, sealedK);
        uint16 applied = PolicyRules.raise(policy, isSealed ? ReleaseClass.SEALED : ReleaseClass.PUBLIC, ownersK);
        uint16 own = isSealed && sealedK != 0 ? sealedK : k;
        assert(applied == (ownersK > own ? ownersK : own));
        assert(policy.k == (ownersK > k ? ownersK : k));
        assert(policy.sealedK == (own == k && (!isSealed || sealedK == 0) ? sealedK : applied));
        assert(applied <= policy.k);
    }

    /// Against the definition: is each end of the range, and one beyond its upper, among the edges?
    function testFuzz_rangesEndAtEdges(int8 lo, int8 hi, int8[5] calldata steps) public view {
        int256[] memory edges = new int256[](5);
        for (uint256 i = 0; i < 5; ++i) {
            int256 step = steps[i];
            edges[i] = (i == 0 ? int256(-40) : edges[i - 1]) + 1 + (step < 0 ? -step : step) / 8;
        }
        bool expected = _among(edges, lo) && _among(edges, int256(hi) + 1);
        assert(_passes(_range(lo, hi, 0), new ParameterBound[](0), 0, _rules(1, edges)) == expected);
        assert(_passes(_range(lo, hi, 0), new ParameterBound[](0), 0, _rules(5, new int256[](0))));
        assert(!_passes(_range(lo, hi, 0), new ParameterBound[](0), 0, _rules(2, new int256[](0))));
        assert(!_passes(_range(lo, hi, 0), new ParameterBound[](0), 1, _rules(5, new int256[](0))));
    }

    /// A parameter without a list may be anything between its bounds, so all of that must be edges.
    function testFuzz_aParameterEndsAtEdgesOnly(uint8 from, uint8 length, uint8 minimum, uint8 more) public view {
        int256[] memory edges = new int256[](length % 40);
        for (uint256 i = 0; i < edges.length; ++i) edges[i] = int256(uint256(from) + i);
        ParameterBound[] memory bounds = new ParameterBound[](1);
        (bounds[0].minimum, bounds[0].maximum) = (int256(uint256(minimum)), int256(uint256(minimum)) + int8(more % 40));
        bool isInside = minimum >= from && uint256(minimum) + (more % 40) < uint256(from) + edges.length;
        bool hi = edges.length != 0 && _among(edges, int256(uint256(from)));
        Descriptor memory descriptor = _range(0, int256(uint256(from)) - 1, 1);
        assert(_passes(descriptor, bounds, 0, _rules(1, edges)) == (isInside && hi));
    }

    /// Rules are taken exactly when their edges ascend strictly and are of some use.
    function testFuzz_onlyAscendingEdgesOfUse(int8[4] calldata given, uint8 uses) public view {
        int256[] memory edges = new int256[](4);
        for (uint256 i = 0; i < 4; ++i) edges[i] = given[i];
        bool ascends = given[0] < given[1] && given[1] < given[2] && given[2] < given[3];
        bool passed = true;
        try _harness.checkRules(_rules(uses, edges)) {} catch {
            passed = false;
        }
        assert(passed == (ascends && (uses == 1 || uses == 3)));
    }

    /// An organisation asks exactly as often as its quota says, whatever others do.
    function testFuzz_quotasAreCountedByOrganisation(uint8 quota, uint8 tries) public {
        QuotasHarness quotas = new QuotasHarness();
        quota = (quota % 20) + 1;
        uint256 counted = 0;
        for (uint256 i = 0; i < tries % 40; ++i) {
            quotas.count(StudyId.wrap(0), bytes32(i + 1), quota);
            try quotas.count(StudyId.wrap(0), bytes32(0), quota) {
                ++counted;
            } catch {}
        }
        uint256 most = tries % 40 < quota ? tries % 40 : quota;
        assert(counted == most && quotas.requestsOf(StudyId.wrap(0), bytes32(0)) == most);
    }

    function _passes(
        Descriptor memory descriptor,
        ParameterBound[] memory bounds,
        uint16 closedSite,
        FieldRules memory rules
    ) private view returns (bool) {
        try _harness.check(descriptor, bounds, closedSite, rules) {
            return true;
        } catch {
            return false;
        }
    }

    function _rules(uint8 uses, int256[] memory edges) private pure returns (FieldRules memory rules) {
        rules.uses = abi.encodePacked(uses);
        rules.cuts = new FieldCuts[](1);
        rules.cuts[0].edges = edges;
    }

    function _range(int256 lo, int256 hi, uint8 bind) private pure returns (Descriptor memory descriptor) {
        descriptor.atoms = new Atom[](1);
        descriptor.atoms[0] = Atom(AtomOp.RANGE, 0, lo, hi, bind);
    }

    function _among(int256[] memory edges, int256 cut) private pure returns (bool) {
        for (uint256 i = 0; i < edges.length; ++i) {
            if (edges[i] == cut) return true;
        }
        return false;
    }
}
