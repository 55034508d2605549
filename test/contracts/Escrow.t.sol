// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AuditTrail} from "../../contracts/audit/AuditTrail.sol";
import {Credits} from "../../contracts/fees/Credits.sol";
import {Escrow} from "../../contracts/fees/Escrow.sol";
import {ICredits} from "../../contracts/fees/ICredits.sol";
import {IEscrow} from "../../contracts/fees/IEscrow.sol";
import {ConsortiumAccess} from "../../contracts/governance/ConsortiumAccess.sol";
import {IMemberRegistry} from "../../contracts/identity/IMemberRegistry.sol";
import {IQuerySmartContract} from "../../contracts/query/IQuerySmartContract.sol";
import {ICommitteeRegistry} from "../../contracts/study/ICommitteeRegistry.sol";
import {IDatasetRegistry} from "../../contracts/study/IDatasetRegistry.sol";
import {IStudyRegistry} from "../../contracts/study/IStudyRegistry.sol";
import {Contribution} from "../../contracts/types/Dataset.sol";
import {RequestId, StudyId} from "../../contracts/types/Identifiers.sol";
import {Capacity, Payee} from "../../contracts/types/Payee.sol";
import {Policy} from "../../contracts/types/Policy.sol";
import {RequestContext} from "../../contracts/types/Statement.sol";

interface Cheats {
    function prank(address sender) external;
}

/// @dev What the escrow asks of the study's three registries: five workers, and datasets of 0, 1, 2 and 3 rows.
contract FixedStudy {
    function policy(StudyId) external pure returns (Policy memory shares) {
        (shares.ownersShare, shares.workersShare, shares.authorShare) = (5_001, 3_333, 1_666);
    }

    function committee(StudyId, uint64 epoch) external pure returns (ICommitteeRegistry.Committee memory) {
        address[] memory workers = new address[](5);
        for (uint256 i = 0; i < 5; ++i) workers[i] = address(uint160(0x1000 + i));
        return ICommitteeRegistry.Committee(epoch, 2, false, workers);
    }

    function contributions(bytes32[] calldata roots) external pure returns (Contribution[] memory found) {
        found = new Contribution[](roots.length);
        for (uint256 i = 0; i < roots.length; ++i) {
            uint64 rows = uint64(uint256(roots[i]));
            found[i] = Contribution(address(uint160(0x2000 + rows)), rows);
        }
    }
}

/// @dev Members whose names are below 2^16, and how often each changed its key.
contract RotatingMembers {
    mapping(address account => uint160) private _rotations;

    function rotate(address account) external {
        ++_rotations[account];
    }

    function memberOf(address key) external view returns (address account) {
        account = address(uint160(key) & 0xffff);
        if (keyOf(account) != key) return address(0);
    }

    function organisationOf(address) external pure returns (bytes32) {
        return keccak256("organisation");
    }

    function keyOf(address account) public view returns (address) {
        return address((_rotations[account] << 16) + uint160(account));
    }
}

/// @dev Every act in every order, as a query contract and as its payees would do it; what reverts changes nothing.
contract EscrowHandler {
    Cheats private constant VM = Cheats(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    IEscrow private immutable _escrow;
    ICredits private immutable _credits;
    RotatingMembers private immutable _members;
    uint256 public paidIn;
    uint256 public paidOut;
    /// @dev A credit became less other than by a withdrawal with its payee's current key.
    bool public lost;
    /// @dev How often the request was refunded or settled.
    mapping(RequestId requestId => uint256) public endings;

    /// @dev No credit becomes less.
    modifier keepingCredits() {
        uint256[] memory before = new uint256[](11);
        for (uint8 i = 0; i < 11; ++i) before[i] = creditOf(i);
        _;
        for (uint8 i = 0; i < 11; ++i) if (creditOf(i) < before[i]) lost = true;
    }

    constructor(IEscrow escrow, ICredits credits, RotatingMembers members) {
        _escrow = escrow;
        _credits = credits;
        _members = members;
    }

    receive() external payable {}

    function hold(uint8 request, uint32 amount) external keepingCredits {
        paidIn += amount;
        _escrow.hold{value: amount}(id(request), payee(10).account);
    }

    function release(uint8 request) external keepingCredits {
        _escrow.release(id(request));
    }

    function refund(uint8 request) external keepingCredits {
        ++endings[id(request)];
        _escrow.refund(id(request), payee(10).account);
    }

    function settle(uint8 request) external keepingCredits {
        ++endings[id(request)];
        _escrow.settle(context(request));
    }

    /// @dev Anybody may be given money, but the owner without rows.
    function give(uint8 to, uint32 amount) external keepingCredits {
        require(payee(to).account != address(0x2000), "has no rows");
        paidIn += amount;
        (Payee[] memory payees, uint256[] memory amounts) = (new Payee[](2), new uint256[](2));
        (payees[0], payees[1], amounts[0], amounts[1]) = (payee(to), payee(to), amount / 2, amount - amount / 2);
        _credits.pay{value: amount}(payees, amounts);
    }

    function rotate(uint8 who) external keepingCredits {
        _members.rotate(payee(who).account);
    }

    function withdraw(uint8 who) external {
        uint256 others = _others(who);
        paidOut += creditOf(who);
        VM.prank(keyOf(who));
        _credits.withdraw(payee(who).capacity);
        if (_others(who) != others || creditOf(who) != 0) lost = true;
    }

    /// @dev By its name, which was a member's first key; or with its key in a capacity that is not its own.
    function withdrawWrongly(uint8 who, uint8 capacity) external keepingCredits {
        Payee memory own = payee(who);
        uint8 other = (uint8(own.capacity) + 1 + (capacity % 4)) % 5;
        VM.prank(own.account);
        _credits.withdraw(keyOf(who) == own.account ? Capacity(other) : own.capacity);
    }

    function requestOf(RequestId requestId) external pure returns (IQuerySmartContract.Request memory request) {
        request.contextHash = keccak256(abi.encode(context(uint8(uint256(RequestId.unwrap(requestId))) - 1)));
    }

    /// @dev Eight requests, so that acts meet; of one to four datasets, one of them without rows.
    function context(uint8 request) public pure returns (RequestContext memory fixedContext) {
        fixedContext.requestId = id(request);
        fixedContext.committeeEpoch = 1;
        fixedContext.datasetRoots = new bytes32[](1 + (request % 4));
        for (uint256 i = 0; i < fixedContext.datasetRoots.length; ++i) fixedContext.datasetRoots[i] = bytes32(i);
    }

    function id(uint8 request) public pure returns (RequestId) {
        return RequestId.wrap(bytes32((uint256(request) % 8) + 1));
    }

    function creditOf(uint8 index) public view returns (uint256) {
        Payee memory found = payee(index);
        return _credits.credit(found.capacity, found.account);
    }

    function keyOf(uint8 index) public view returns (address) {
        return _members.keyOf(payee(index).account);
    }

    /// @dev Five workers, four owners, the author, who paid.
    function payee(uint8 index) public pure returns (Payee memory) {
        uint160 place = index % 11;
        if (place < 5) return Payee(Capacity.WORKER, address(0x1000 + place));
        if (place < 9) return Payee(Capacity.DATA_OWNER, address(0x2000 + place - 5));
        return place == 9 ? Payee(Capacity.VETTER, address(0x3000)) : Payee(Capacity.QUERIER, address(0x4000));
    }

    function _others(uint8 who) private view returns (uint256 sum) {
        for (uint8 i = 0; i < 11; ++i) if (i != who % 11) sum += creditOf(i);
    }
}

/// @title Money is neither made nor lost, whatever is called in whatever order
contract EscrowInvariantTest {
    Escrow private _escrow;
    Credits private _credits;
    EscrowHandler private _handler;

    function setUp() public payable {
        ConsortiumAccess access = new ConsortiumAccess(address(this));
        AuditTrail trail = new AuditTrail(address(access));
        address study = address(new FixedStudy());
        RotatingMembers rotating = new RotatingMembers();
        IMemberRegistry members = IMemberRegistry(address(rotating));
        _credits = new Credits(trail, members, members, members, members);
        _escrow = new Escrow(
            address(access),
            trail,
            IStudyRegistry(study),
            ICommitteeRegistry(study),
            IDatasetRegistry(study),
            _credits
        );
        trail.addRecorder(address(_escrow));
        trail.addRecorder(address(_credits));
        _handler = new EscrowHandler(_escrow, _credits, rotating);
        _escrow.addQueryContract(address(_handler), _handler.payee(9));
        (bool funded, ) = address(_handler).call{value: 1 ether}("");
        require(funded, "the handler needs money");
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function invariant_escrowHoldsExactlyTheOpenPayments() public view {
        uint256 owed = 0;
        for (uint8 i = 0; i < 8; ++i) {
            IEscrow.Payment memory payment = _escrow.paymentOf(_handler.id(i));
            bool open = payment.state == IEscrow.PaymentState.HELD || payment.state == IEscrow.PaymentState.RELEASED;
            if (open) owed += payment.amount;
        }
        assert(address(_escrow).balance == owed);
    }

    function invariant_creditsAreCoveredToTheWei() public view {
        uint256 owed = 0;
        for (uint8 i = 0; i < 11; ++i) owed += _handler.creditOf(i);
        assert(address(_credits).balance == owed);
    }

    function invariant_moneyIsConserved() public view {
        uint256 inside = address(_escrow).balance + address(_credits).balance;
        assert(_handler.paidIn() == inside + _handler.paidOut());
    }

    function invariant_noCreditDecreasesButByItsOwnKeysWithdrawal() public view {
        assert(!_handler.lost());
    }

    function invariant_refundAndSettleExcludeEachOtherAndHappenOnce() public view {
        for (uint8 i = 0; i < 8; ++i) {
            IEscrow.PaymentState state = _escrow.paymentOf(_handler.id(i)).state;
            bool ended = state == IEscrow.PaymentState.REFUNDED || state == IEscrow.PaymentState.SETTLED;
            assert(_handler.endings(_handler.id(i)) == (ended ? 1 : 0));
        }
    }

    function invariant_whoHasNoRowsEarnsNothingByThem() public view {
        assert(_credits.credit(Capacity.DATA_OWNER, address(0x2000)) == 0);
    }
}
