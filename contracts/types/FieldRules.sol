// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev Queries may tell the field's values apart: in conditions, as table lines, in statistics of the order of values. A
/// filter for each value is a table, so there is no permission for one of them alone.
uint8 constant MAY_SPLIT = 1;
/// @dev Queries may sum the field's values.
uint8 constant MAY_SUM = 2;
/// @dev Queries may cut the field at any value that its columns can be cut at; of use with MAY_SPLIT only.
uint8 constant MAY_CUT_ANYWHERE = 4;

/// Where a numeric field may be cut, if not anywhere: a range lo <= value <= hi is permitted when lo and hi + 1 are edges.
/// edges: scaled integers, strictly ascending; the field's minimum and its maximum + 1 are listed like others.
struct FieldCuts {
    uint16 field;
    int256[] edges;
}

/// What a study's policy lets queries do with each field. uses: one byte a field, in the schema's order, the sum of the
/// permissions above; a field beyond them may not be used. cuts: ascending by field; one without an entry may not be cut at all,
/// unless MAY_CUT_ANYWHERE. Nothing at all (no uses, no cuts) permits everything.
struct FieldRules {
    bytes uses;
    FieldCuts[] cuts;
}
