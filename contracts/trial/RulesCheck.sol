// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Arm, ArmState, Look, Source, TrialRules} from "../types/Trial.sol";
import {Allocations} from "./Allocations.sol";
import {IAdaptiveTrial} from "./IAdaptiveTrial.sol";

/// @title Which rules can be followed to the end, whatever the data turn out to be
/// @dev Everything but accounts and queries, of which other contracts know. The limits bound the gas of a verdict.
library RulesCheck {
    uint256 internal constant MAX_ARMS = 10;
    /// @dev Three two-valued markers make 8 groups; twice that.
    uint256 internal constant MAX_STRATA = 16;
    uint256 internal constant MAX_LOOKS = 64;
    uint256 internal constant MAX_SOURCES = 8;
    uint256 internal constant MAX_OUTPUTS = 256;
    uint256 internal constant MAX_MEMBERS = 16;

    function check(TrialRules memory rules) internal pure {
        _require(rules.protocolHash != 0, "protocolHash");
        _require(rules.analysisPlanHash != 0, "analysisPlanHash");
        _checkArms(rules.arms, rules.control);
        _require(rules.strata.length != 0 && rules.strata.length <= MAX_STRATA, "strata");
        _checkNames(rules.strata, "strata");
        uint256 cells = rules.arms.length * rules.strata.length;
        _require(rules.allocation.length == cells, "allocation");
        Allocations.check(rules, new ArmState[](cells), rules.allocation); // all ACTIVE
        _checkLooks(rules.looks);
        _checkSources(rules.sources);
        _checkBoard(rules.board, rules.signatures);
    }

    /// @dev floors <= 10,000 <= caps for every set of arms with the control and another: an allocation lies between.
    function _checkArms(Arm[] memory arms, uint8 control) private pure {
        _require(arms.length >= 2 && arms.length <= MAX_ARMS, "arms");
        _require(control < arms.length, "control");
        _require(arms[control].floor != 0, "control floor");
        string[] memory names = new string[](arms.length);
        uint256 floors = 0;
        for (uint256 i = 0; i < arms.length; ++i) {
            names[i] = arms[i].name;
            floors += arms[i].floor;
            _require(arms[i].floor <= arms[i].cap && arms[i].cap <= Allocations.WHOLE, "arm bounds");
            bool enough = uint256(arms[i].cap) + arms[control].cap >= Allocations.WHOLE;
            _require(i == control || enough, "arm caps");
        }
        _require(floors <= Allocations.WHOLE, "arm floors");
        _checkNames(names, "arm names");
    }

    /// @dev None empty, none twice. O(names^2), at most 16.
    function _checkNames(string[] memory names, string memory field) private pure {
        for (uint256 i = 0; i < names.length; ++i) {
            _require(bytes(names[i]).length != 0, field);
            for (uint256 j = 0; j < i; ++j) {
                _require(keccak256(bytes(names[i])) != keccak256(bytes(names[j])), field);
            }
        }
    }

    function _checkLooks(Look[] memory looks) private pure {
        _require(looks.length != 0 && looks.length <= MAX_LOOKS, "looks");
        uint32 enrolled = 1;
        uint32 responded = 1;
        for (uint256 i = 0; i < looks.length; ++i) {
            Look memory look = looks[i];
            _require(look.minimumEnrolled >= enrolled, "look minimumEnrolled");
            _require(look.minimumResponded >= responded, "look minimumResponded");
            _require(look.futility <= Allocations.WHOLE && look.graduation <= Allocations.WHOLE, "look thresholds");
            // Otherwise one posterior could both drop an arm and let it graduate.
            _require(look.graduation == 0 || look.futility < look.graduation, "look thresholds");
            enrolled = look.minimumEnrolled;
            responded = look.minimumResponded;
        }
    }

    function _checkSources(Source[] memory sources) private pure {
        _require(sources.length != 0 && sources.length <= MAX_SOURCES, "sources");
        for (uint256 i = 0; i < sources.length; ++i) {
            uint16[] memory outputs = sources[i].respondedOutputs;
            _require(outputs.length != 0 && outputs.length <= MAX_OUTPUTS, "source respondedOutputs");
            for (uint256 j = 1; j < outputs.length; ++j) {
                _require(outputs[j - 1] < outputs[j], "source respondedOutputs");
            }
        }
    }

    function _checkBoard(address[] memory board, uint8 signatures) private pure {
        _require(board.length != 0 && board.length <= MAX_MEMBERS, "board");
        for (uint256 i = 1; i < board.length; ++i) _require(board[i - 1] < board[i], "board");
        bool majority = 2 * uint256(signatures) > board.length && signatures <= board.length;
        _require(majority, "signatures");
    }

    function _require(bool holds, string memory field) private pure {
        if (!holds) revert IAdaptiveTrial.AdaptiveTrialInvalidRules(field);
    }
}
