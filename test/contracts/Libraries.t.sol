// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Division} from "../../contracts/fees/Division.sol";
import {Approvals, Tally} from "../../contracts/query/Approvals.sol";
import {CommitteeCode} from "../../contracts/study/CommitteeCode.sol";
import {CodeStorage} from "../../contracts/types/CodeStorage.sol";
import {Parameters} from "../../contracts/query/Parameters.sol";
import {Contribution} from "../../contracts/types/Dataset.sol";
import {ParameterBound, ParameterKind} from "../../contracts/types/Descriptor.sol";
import {StudyId} from "../../contracts/types/Identifiers.sol";
import {Paging} from "../../contracts/types/Paging.sol";
import {Capacity, Payee} from "../../contracts/types/Payee.sol";
import {Policy} from "../../contracts/types/Policy.sol";

contract ParametersHarness {
    function check(bytes calldata parameters, bytes calldata bounds) external pure {
        Parameters.check(parameters, bounds);
    }
}

/// @title Fuzzed properties of the small libraries
contract LibrariesTest {
    ParametersHarness private _harness = new ParametersHarness();

    function testFuzz_parametersPassExactlyInsideTheirBounds(int256 value, int256 minimum, int256 maximum) public view {
        bool passed = _passes(abi.encode(_one(value)), _bounds(minimum, maximum, new int256[](0)));
        assert(passed == (minimum <= value && value <= maximum));
    }

    function testFuzz_parametersPassExactlyWhenAllowed(int8 value, int8 first, int8 second) public view {
        int256[] memory allowed = new int256[](2);
        allowed[0] = first;
        allowed[1] = second;
        bool passed = _passes(abi.encode(_one(value)), _bounds(-128, 127, allowed));
        assert(passed == (value == first || value == second));
    }

    function testFuzz_onlyTheCanonicalFormPasses(bytes calldata parameters) public view {
        bytes memory bounds = _bounds(type(int256).min, type(int256).max, new int256[](0));
        bool canonical =
            parameters.length == 96 &&
                uint256(bytes32(parameters[:32])) == 32 &&
                uint256(bytes32(parameters[32:64])) == 1;
        assert(_passes(parameters, bounds) == canonical);
    }

    function testFuzz_storedCodeReadsBack(bytes calldata content, bytes32 salt) public {
        assert(keccak256(CodeStorage.read(CodeStorage.write(salt, content))) == keccak256(content));
    }

    function testFuzz_committeesReadBack(
        StudyId studyId,
        uint64 epoch,
        uint8 threshold,
        bool demonstration,
        address[7] calldata chosen,
        uint8 size
    ) public {
        address[] memory workers = new address[](size % 8);
        for (uint256 i = 0; i < workers.length; ++i) workers[i] = chosen[i];
        CommitteeCode.write(studyId, epoch, threshold, demonstration, workers);
        (uint8 t, bool labelled, address[] memory found) = CommitteeCode.read(address(this), studyId, epoch);
        assert(t == threshold && labelled == demonstration);
        assert(keccak256(abi.encode(found)) == keccak256(abi.encode(workers)));
        (, , found) = CommitteeCode.read(address(this), studyId, epoch ^ 1);
        assert(found.length == 0);
        (, , found) = CommitteeCode.read(address(_harness), studyId, epoch);
        assert(found.length == 0);
    }

    function testFuzz_pagesStayInside(uint256 length, uint256 offset, uint256 limit) public pure {
        uint256 size = Paging.size(length, offset, limit);
        assert(size <= 100 && size <= limit);
        assert(size == 0 || (offset < length && size <= length - offset));
    }

    /// Against the definition: at which of the approvals' last seconds do those that still stand suffice?
    function testFuzz_approvalsSufficeUntil(
        uint8[6] calldata times,
        uint8[6] calldata boards,
        uint8 counted,
        uint8 asked
    ) public pure {
        (uint256 vettings, uint256 needed) = (2 + (asked % 4), 2 + ((asked >> 2) % 2));
        uint64[] memory validUntil = new uint64[](6);
        bytes32[] memory organisations = new bytes32[](6);
        for (uint256 i = 0; i < 6; ++i) {
            validUntil[i] = 1 + (times[i] % 8);
            organisations[i] = bytes32(uint256(boards[i] % 3) + 1);
        }
        counted %= 7;
        uint64 expected = 0;
        for (uint64 time = 1; time <= 8; ++time) {
            (uint256 standing, uint256 distinct) = _standing(validUntil, organisations, counted, time);
            if (standing >= vettings && distinct >= needed) expected = time;
        }
        (uint256 approvals, uint256 all) = _standing(validUntil, organisations, counted, 0);
        Tally memory tally = Approvals.tally(validUntil, organisations, counted, vettings, needed);
        assert(tally.sufficientUntil == expected);
        assert(tally.approvals == approvals && tally.organisations == all);
    }

    function _standing(
        uint64[] memory validUntil,
        bytes32[] memory organisations,
        uint256 counted,
        uint64 time
    ) private pure returns (uint256 standing, uint256 distinct) {
        bool[4] memory seen;
        for (uint256 i = 0; i < counted; ++i) {
            if (validUntil[i] < time) continue;
            ++standing;
            uint256 board = uint256(organisations[i]);
            if (!seen[board]) ++distinct;
            seen[board] = true;
        }
    }

    function testFuzz_pricesAreDividedToTheWei(
        uint88 price,
        uint16 share,
        uint64[4] calldata rows,
        uint8 n
    ) public pure {
        Policy memory policy;
        policy.ownersShare = share % 10_001;
        policy.authorShare = (10_000 - policy.ownersShare) / 3;
        Contribution[] memory owners = new Contribution[](4);
        uint256 total = 0;
        for (uint256 i = 0; i < 4; ++i) (owners[i].rowCount, total) = (rows[i], total + rows[i]);
        uint256 workers = 3 + (n % 5);
        Payee memory author = Payee(Capacity.VETTER, address(1));
        (, uint256[] memory amounts) = Division.ofPrice(price, policy, owners, new address[](workers), author);
        uint256 sum = 0;
        for (uint256 i = 0; i < amounts.length; ++i) sum += amounts[i];
        assert(sum == price && amounts.length == 5 + workers);
        uint256 ownersPart = (uint256(price) * policy.ownersShare) / 10_000;
        for (uint256 i = 0; i < 4; ++i) assert(amounts[i] == (total == 0 ? 0 : (ownersPart * rows[i]) / total));
        assert(amounts[4 + workers] == (uint256(price) * policy.authorShare) / 10_000);
        // Workers get alike; only the first gets the remainders: fewer wei than payees.
        for (uint256 i = 5; i < 4 + workers; ++i) assert(amounts[4] >= amounts[i] && amounts[4] - amounts[i] < workers);
    }

    function _passes(bytes memory parameters, bytes memory bounds) private view returns (bool) {
        try _harness.check(parameters, bounds) {
            return true;
        } catch {
            return false;
        }
    }

    function _one(int256 value) private pure returns (int256[] memory values) {
        values = new int256[](1);
        values[0] = value;
    }

    function _bounds(int256 minimum, int256 maximum, int256[] memory allowed) private pure returns (bytes memory) {
        ParameterBound[] memory bounds = new ParameterBound[](1);
        bounds[0] = ParameterBound("p", ParameterKind.INTEGER, 0, 0, minimum, maximum, allowed);
        return abi.encode(bounds);
    }
}
