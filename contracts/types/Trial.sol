// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Segment} from "./Dataset.sol";
import {DatasetId, QueryHash, RequestId, StudyId, TrialId} from "./Identifiers.sol";
import {RequestContext} from "./Statement.sol";

/// @dev A cell is one arm in one stratum; lists of cells are row-major: cell = stratum x arms + arm. Probabilities and
/// allocations are basis points, 10,000 = 1.

/// RUNNING -> CONCLUDED (no experimental arm is left in any stratum) | STOPPED (by the board), and no further.
enum TrialState {
    NONE,
    RUNNING,
    CONCLUDED,
    STOPPED
}

/// Of an arm in one stratum. ACTIVE -> DROPPED (futile) | GRADUATED (promising enough) | HALTED (for the patients' safety),
/// and no further. The control is always ACTIVE; where it is the only one, nobody is allocated any more.
enum ArmState {
    ACTIVE,
    DROPPED,
    GRADUATED,
    HALTED
}

/// CONTINUE: everything stays. CHANGE_ALLOCATION: arms stay. CHANGE_ARMS: arms leave strata (dropped, graduated, halted) and
/// the rest is allocated anew. STOP: the whole trial ends. NONE is never signed.
enum Decision {
    NONE,
    CONTINUE,
    CHANGE_ALLOCATION,
    CHANGE_ARMS,
    STOP
}

/// floor, cap: the allocation of the arm, in each stratum in which it is active and which is open.
struct Arm {
    string name;
    uint16 floor;
    uint16 cap;
}

/// minimumEnrolled: rows of the datasets that the cited request is over; minimumResponded: see {Source}.
/// futility: an arm whose posterior probability is below it may be dropped, 0 = none at this look;
/// graduation: an arm whose posterior is at or above it may graduate, 0 = none at this look.
struct Look {
    uint32 minimumEnrolled;
    uint32 minimumResponded;
    uint16 futility;
    uint16 graduation;
}

/// A vetted query whose answers may be cited. parametersHash: keccak256 of the only parameters, 0 = any within the query's
/// bounds. respondedOutputs: indices of the answer's outputs (counts) whose sum, a hidden one being 0, is the number of
/// subjects that have responded; strictly ascending.
struct Source {
    QueryHash queryHash;
    bytes32 parametersHash;
    uint16[] respondedOutputs;
}

/// What is fixed before the first patient's data are here. protocolHash, analysisPlanHash: SHA-256 of the documents; control:
/// index of the control arm; strata: biomarker groups, one for a trial without; allocation: the first, per cell;
/// board: accounts in the BoardRegistry, strictly ascending; signatures: how many of them a verdict needs.
struct TrialRules {
    StudyId studyId;
    bytes32 protocolHash;
    bytes32 analysisPlanHash;
    uint8 control;
    uint8 signatures;
    Arm[] arms;
    string[] strata;
    uint16[] allocation;
    Look[] looks;
    Source[] sources;
    address[] board;
}

/// What the board signs, EIP-712. look: 1, 2, ...; queryHash, requestId, outputsHash: the answer cited, of a STOP that cites
/// none all 0; responded: see {Source}; posteriors: per cell, as the board derived them, 65535 = not stated, which is allowed
/// wherever no arm is dropped or graduates (what is stated is public); states, allocation: per cell, in force from now on;
/// reason: what the board says in public, required to halt and to stop; deadline: last second (unix) it may be recorded.
struct TrialVerdict {
    TrialId trialId;
    uint8 look;
    Decision decision;
    QueryHash queryHash;
    RequestId requestId;
    bytes32 outputsHash;
    uint32 responded;
    uint16[] posteriors;
    ArmState[] states;
    uint16[] allocation;
    string reason;
    uint256 deadline;
}

/// EIP-712 BoardSignature(TrialVerdict verdict,address member,string name,string meaning,uint64 signedAt), 65 bytes.
/// member: index (0-based) in the rules' board; name, meaning, signedAt (unix seconds): what the signature says about itself.
struct BoardSignature {
    uint8 member;
    string name;
    string meaning;
    uint64 signedAt;
    bytes signature;
}

/// One dataset as the cited request fixed it: keccak256(abi.encode(datasetId, version, segments)) is its root.
struct CitedDataset {
    DatasetId datasetId;
    uint64 version;
    Segment[] segments;
}

/// What shows the cited answer to the contract. context, querier: as in QueryRequested; datasets: in the order of its roots;
/// outputs: as in QueryAnswered of a PUBLIC answer, empty for a SEALED one.
struct Evidence {
    RequestContext context;
    address querier;
    CitedDataset[] datasets;
    uint256[] outputs;
}
