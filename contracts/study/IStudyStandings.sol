// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StudyId} from "../types/Identifiers.sol";

/// @title What a request must know of its study besides the policy, kept where its data are opened
interface IStudyStandings {
    /// committeeEpoch: of the committee that holds the shares of the study's datasets, 0 before there are any;
    /// consentsRestricted: rules or records of consent may keep rows out of a request, for good (see {IConsentRegistry}).
    struct Standing {
        uint64 committeeEpoch;
        bool consentsRestricted;
    }

    /// @notice From now on requests of the study ask the consent registry. Restricted to it; what it did is its own record.
    function restrictConsents(StudyId studyId) external;
    /// @notice All zero for a study without datasets and without consents.
    function standingOf(StudyId studyId) external view returns (Standing memory);
}
