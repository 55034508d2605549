// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {AuditTrail} from "../../contracts/audit/AuditTrail.sol";
import {ConsentRegistry} from "../../contracts/consent/ConsentRegistry.sol";
import {IConsentRegistry} from "../../contracts/consent/IConsentRegistry.sol";
import {ConsortiumAccess} from "../../contracts/governance/ConsortiumAccess.sol";
import {IMemberRegistry} from "../../contracts/identity/IMemberRegistry.sol";
import {IDatasetRegistry} from "../../contracts/study/IDatasetRegistry.sol";
import {IStudyRegistry} from "../../contracts/study/IStudyRegistry.sol";
import {ConsentRecord, ConsentRules} from "../../contracts/types/Consent.sol";
import {DatasetId, StudyId} from "../../contracts/types/Identifiers.sol";

/// @dev The cheat codes of Hardhat's Solidity tests that are needed here.
interface Vm {
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function addr(uint256 key) external pure returns (address);
    function warp(uint256 time) external;
}

uint256 constant ROWS = 3;
address constant OWNER = address(0x0123);

/// @dev One study, one owner, whose datasets have one version of three rows. What calls for the owner and what signs for it
/// are two accounts, as no contract has a key.
contract FriendlyWorld {
    address private immutable _signer;
    address private immutable _caller;

    constructor(address signer, address caller) {
        _signer = signer;
        _caller = caller;
    }

    function rowsOf(DatasetId, uint64 version) external pure returns (StudyId, address, uint64) {
        return version == 1 ? (StudyId.wrap(bytes32(uint256(7))), OWNER, uint64(ROWS)) : (StudyId.wrap(0), OWNER, 0);
    }

    function keyOf(address) external view returns (address) {
        return _caller;
    }

    function signerOf(address) external view returns (address, bool) {
        return (_signer, true);
    }

    function isActive(address) external pure returns (bool) {
        return true;
    }

    function organisationOf(address) external pure returns (bytes32) {
        return keccak256("organisation");
    }

    // solhint-disable-next-line no-empty-blocks
    function restrictConsents(StudyId) external pure {}

    function study(StudyId) external pure returns (IStudyRegistry.Study memory found) {
        return found;
    }
}

/// @dev The owner of two datasets, who is also what calls, and three participants in each, in any order. It keeps what it
/// was let do, in the plainest form, and whether that was ever against a participant's word.
contract ConsentHandler {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant OWNER_KEY = 0xA11CE;
    StudyId private constant STUDY = StudyId.wrap(bytes32(uint256(7)));
    bytes32 private constant ENROLMENT_TYPEHASH = keccak256(
        "Enrolment(bytes32 datasetId,uint64 version,uint32 slot,bytes32 handle,address participant,uint256 nonce)"
    );
    bytes32 private constant CONSENT_TYPEHASH = keccak256(
        "Consent(bytes32 datasetId,uint64 version,uint32 slot,bytes32 handle,bool given,uint32 form,bytes32 formHash,bytes32[] purposes,bool futureUse,uint64 expiry,uint256 nonce,uint256 deadline)"
    );

    IConsentRegistry private _registry;
    /// Folded from what the contract accepted.
    mapping(uint256 dataset => bytes32) public expectedHead;
    mapping(uint256 dataset => mapping(uint32 slot => bool)) private _withdrewOwn;
    mapping(uint256 dataset => mapping(uint32 slot => bool)) private _spoke;
    /// The private key of who speaks for the row; 0: nobody.
    mapping(uint256 dataset => mapping(uint32 slot => uint256)) private _keyIn;
    /// What the rules were last seen to be.
    bool public explicitOnly;
    uint32 public leastForm;
    bool public wasAgainstWord;
    bool public wasLooser;
    bool public changedUnasked;

    /// @dev Once: the fuzzer calls this, too, and finds contracts that let everything through.
    function use(IConsentRegistry registry) external {
        require(address(_registry) == address(0), "has a registry");
        _registry = registry;
    }

    function signer() external pure returns (address) {
        return VM.addr(OWNER_KEY);
    }

    function enrol(uint8 dataset, uint8 slot, uint8 key) public keepsOthers(dataset) {
        DatasetId id = datasetId(dataset);
        uint32 place = uint32(slot % ROWS);
        uint256 nonce = _registry.participant(id, 1, place).generation;
        address participant = VM.addr(_key(key));
        IConsentRegistry.Enrolment memory enrolment = IConsentRegistry.Enrolment(
            id,
            1,
            place,
            _handle(place),
            participant,
            nonce
        );
        bytes32 structHash = keccak256(abi.encode(ENROLMENT_TYPEHASH, enrolment));
        _registry.enrol(enrolment, _sign(OWNER_KEY, structHash));
        _keyIn[dataset % 2][place] = _key(key);
    }

    /// @dev By whichever key, the row's as a rule or another's: what comes through must have been the row's.
    function consent(uint8 dataset, uint8 slot, uint8 key, bool given, bool futureUse) external keepsOthers(dataset) {
        uint32 place = uint32(slot % ROWS);
        if (_keyIn[dataset % 2][place] == 0) enrol(dataset, slot, key);
        uint256 speaker = _keyIn[dataset % 2][place];
        uint256 signing = key % 4 == 0 ? _key(key) : speaker;
        IConsentRegistry.Consent memory word;
        word.datasetId = datasetId(dataset);
        (word.version, word.slot, word.handle, word.given) = (1, place, _handle(place), given);
        word.purposes = new bytes32[](0);
        if (given) {
            word.form = uint32(_registry.formCount(STUDY));
            word.formHash = bytes32(uint256(word.form));
            word.futureUse = futureUse;
        }
        word.nonce = _registry.nonces(VM.addr(signing));
        word.deadline = block.timestamp;
        _registry.consent(word, _sign(signing, _hash(word)));
        if (speaker != signing) wasAgainstWord = true;
        _withdrewOwn[dataset % 2][place] = !given;
        _spoke[dataset % 2][place] = true;
        _fold(dataset, true, _recordOf(place, 1, given, word.form, word.futureUse));
    }

    /// @param slots which rows, a bit each
    function record(uint8 dataset, uint8 slots, bool given, bool futureUse) external keepsOthers(dataset) {
        uint32 form = given ? uint32(_registry.formCount(STUDY)) : 0;
        ConsentRecord memory entry = _recordOf(0, 0, given, form, given && futureUse);
        entry.slots = _slots(slots % 8);
        _registry.record(datasetId(dataset), entry);
        for (uint256 i = 0; i < entry.slots.length; ++i) {
            bool spoke = _spoke[dataset % 2][entry.slots[i]] || _withdrewOwn[dataset % 2][entry.slots[i]];
            if (given && spoke) wasAgainstWord = true;
        }
        _fold(dataset, false, entry);
    }

    function publishForm() external {
        uint256 form = _registry.formCount(STUDY) + 1;
        if (form < 6) _registry.publishForm(STUDY, bytes32(form));
    }

    function setRules(bool explicit_, uint8 form) external {
        uint32 least = form % 7;
        _registry.setRules(STUDY, explicit_, least);
        if ((explicitOnly && !explicit_) || least < leastForm) wasLooser = true;
        (explicitOnly, leastForm) = (explicit_, least);
    }

    function pass(uint16 time) external {
        VM.warp(block.timestamp + time);
    }

    /// @dev An act about one dataset leaves the other's head and the study's rules as they were.
    modifier keepsOthers(uint8 dataset) {
        bytes32 other = _registry.head(datasetId(dataset + 1));
        bytes32 ruled = keccak256(abi.encode(_registry.rules(STUDY)));
        _;
        bool kept = other == _registry.head(datasetId(dataset + 1));
        if (!kept || ruled != keccak256(abi.encode(_registry.rules(STUDY)))) changedUnasked = true;
    }

    function datasetId(uint256 dataset) public pure returns (DatasetId) {
        return DatasetId.wrap(bytes32(1 + (dataset % 2)));
    }

    function datasetIds() public pure returns (DatasetId[] memory ids) {
        ids = new DatasetId[](2);
        (ids[0], ids[1]) = (datasetId(0), datasetId(1));
    }

    function _fold(uint8 dataset, bool own, ConsentRecord memory entry) private {
        expectedHead[dataset % 2] = keccak256(abi.encode(expectedHead[dataset % 2], own, entry));
    }

    function _recordOf(
        uint32 slot,
        uint256 slots,
        bool given,
        uint32 form,
        bool futureUse
    ) private pure returns (ConsentRecord memory entry) {
        entry = ConsentRecord(1, new uint32[](slots), given, form, new bytes32[](0), futureUse, 0);
        if (slots == 1) entry.slots[0] = slot;
    }

    function _slots(uint8 chosen) private pure returns (uint32[] memory slots) {
        slots = new uint32[]((chosen & 1) + ((chosen >> 1) & 1) + (chosen >> 2));
        uint256 next = 0;
        for (uint32 i = 0; i < ROWS; ++i) {
            if (chosen & (1 << i) != 0) slots[next++] = i;
        }
    }

    function _sign(uint256 key, bytes32 structHash) private view returns (bytes memory) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Opaline"),
                keccak256("1"),
                block.chainid,
                address(_registry)
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, MessageHashUtils.toTypedDataHash(domain, structHash));
        return abi.encodePacked(r, s, v);
    }

    function _hash(IConsentRegistry.Consent memory word) private pure returns (bytes32) {
        bytes memory first = abi.encode(
            CONSENT_TYPEHASH,
            word.datasetId,
            word.version,
            word.slot,
            word.handle,
            word.given,
            word.form,
            word.formHash
        );
        bytes32 purposes = keccak256(abi.encodePacked(word.purposes));
        return
            keccak256(
                abi.encodePacked(first, abi.encode(purposes, word.futureUse, word.expiry, word.nonce, word.deadline))
            );
    }

    function _key(uint8 key) private pure returns (uint256) {
        return 100 + (key % 3);
    }

    function _handle(uint32 slot) private pure returns (bytes32) {
        return keccak256(abi.encode("handle", slot));
    }
}

/// @title A participant's own word is never overruled, the head is the fold of all records, and rules only tighten
contract ConsentInvariantTest {
    StudyId private constant STUDY = StudyId.wrap(bytes32(uint256(7)));

    ConsentRegistry private _registry;
    ConsentHandler private _handler;

    function setUp() public {
        ConsortiumAccess access = new ConsortiumAccess(address(this));
        AuditTrail trail = new AuditTrail(address(access));
        _handler = new ConsentHandler();
        address world = address(new FriendlyWorld(_handler.signer(), address(_handler)));
        _registry = new ConsentRegistry(
            address(access),
            trail,
            IMemberRegistry(world),
            IStudyRegistry(world),
            IDatasetRegistry(world)
        );
        trail.addRecorder(address(_registry));
        access.grantRole(0, address(_handler), 0);
        _handler.use(_registry);
        _handler.publishForm();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function invariant_noRowIsGivenAgainstItsParticipantsWord() public view {
        assert(!_handler.wasAgainstWord());
    }

    function invariant_theHeadIsTheFoldOfWhatWasAccepted() public view {
        for (uint256 i = 0; i < 2; ++i) assert(_registry.head(_handler.datasetId(i)) == _handler.expectedHead(i));
    }

    function invariant_rulesOnlyTightenAndNothingElseChangesThem() public view {
        ConsentRules memory rules = _registry.rules(STUDY);
        assert(!_handler.wasLooser() && !_handler.changedUnasked());
        assert(rules.explicitOnly == _handler.explicitOnly() && rules.leastForm == _handler.leastForm());
    }

    /// @dev What a request sees follows from rules, heads and time alone, and is 0 exactly where nothing restricts.
    function invariant_theMaskIsAFunctionOfRecordsRulesAndTime() public view {
        DatasetId[] memory ids = _handler.datasetIds();
        bytes32[] memory heads = new bytes32[](2);
        for (uint256 i = 0; i < 2; ++i) heads[i] = _handler.expectedHead(i);
        (bool explicitOnly, uint32 leastForm) = (_handler.explicitOnly(), _handler.leastForm());
        bool restricted = explicitOnly || leastForm != 0 || heads[0] != 0 || heads[1] != 0;
        bytes32 domain = keccak256("Opaline.ConsentMask.v1");
        bytes32 root = keccak256(
            abi.encode(domain, STUDY, explicitOnly, leastForm, ids, heads, uint64(block.timestamp))
        );
        assert(_registry.maskRoot(STUDY, ids) == (restricted ? root : bytes32(0)));
    }
}
