// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Atom, AtomOp, Axis, Descriptor, ParameterBound} from "../types/Descriptor.sol";
import {FieldRules, MAY_CUT_ANYWHERE, MAY_SPLIT, MAY_SUM} from "../types/FieldRules.sol";
import {IQueryCatalogue} from "./IQueryCatalogue.sol";

/// @title Whether a query uses only what the study's policy permits
/// @dev All that a query reads of the data it reads by atoms, and by the lines of axes of categories, which have none of their
/// own. Whether a cut is one that columns can make is for the workers: the chain does not read the schema.
library PermittedFields {
    /// @dev Reverts at the first atom, then the first axis, that is not permitted. O((atoms x allowed values + cuts) x log edges).
    /// @param closedSite index + 1 of a field that may not be used at all, 0 = none
    /// @param rules none of them (no uses) = every field may be used
    function check(
        Descriptor memory descriptor,
        ParameterBound[] memory bounds,
        uint16 closedSite,
        FieldRules memory rules
    ) internal pure {
        for (uint256 i = 0; i < descriptor.atoms.length; ++i) {
            Atom memory atom = descriptor.atoms[i];
            if (atom.op == AtomOp.ACTIVE) continue;
            _checkSite(atom.field, closedSite);
            if (rules.uses.length != 0) _checkAtom(atom, bounds, rules);
        }
        for (uint256 s = 0; s < descriptor.steps.length; ++s) {
            for (uint256 i = 0; i < descriptor.steps[s].axes.length; ++i) {
                Axis memory axis = descriptor.steps[s].axes[i];
                _checkSite(axis.field, closedSite);
                if (rules.uses.length != 0) _checkAxis(axis, rules);
            }
        }
    }

    function _checkSite(uint16 field, uint16 closedSite) private pure {
        if (uint256(field) + 1 == closedSite) revert IQueryCatalogue.QueryCatalogueSiteClosed(field);
    }

    function _checkAtom(Atom memory atom, ParameterBound[] memory bounds, FieldRules memory rules) private pure {
        uint8 uses = _uses(rules, atom.field);
        uint8 needed = MAY_SPLIT;
        if (atom.op == AtomOp.VALUE) needed = MAY_SUM;
        if (atom.op == AtomOp.VALID) needed = MAY_SPLIT + MAY_SUM; // who has a value: of use with either
        if (uses & needed == 0) revert IQueryCatalogue.QueryCatalogueFieldNotPermitted(atom.field);
        bool cuts = atom.op == AtomOp.RANGE || atom.op == AtomOp.DIGIT;
        if (!cuts || uses & MAY_CUT_ANYWHERE != 0) return;
        if (atom.op == AtomOp.DIGIT) revert IQueryCatalogue.QueryCatalogueCutNotPermitted(atom.field, atom.lo);
        int256[] memory edges = _edges(rules, atom.field);
        _checkEnd(edges, atom.field, atom.lo, atom.bind & 1 != 0, 0, bounds);
        _checkEnd(edges, atom.field, atom.hi, atom.bind & 2 != 0, 1, bounds);
    }

    function _checkAxis(Axis memory axis, FieldRules memory rules) private pure {
        uint8 uses = _uses(rules, axis.field);
        if (uses & MAY_SPLIT == 0) revert IQueryCatalogue.QueryCatalogueFieldNotPermitted(axis.field);
        if (axis.cuts.length == 0 || uses & MAY_CUT_ANYWHERE != 0) return;
        int256[] memory edges = _edges(rules, axis.field);
        for (uint256 i = 0; i < axis.cuts.length; ++i) _checkEdge(edges, axis.field, axis.cuts[i]);
    }

    /// @dev An end of a range: a constant, or every value that the bounds let its parameter take. What is not listed, is all
    /// from minimum to maximum.
    /// @param beyond 1 for hi: the cut is above it
    function _checkEnd(
        int256[] memory edges,
        uint16 field,
        int256 word,
        bool isParameter,
        int256 beyond,
        ParameterBound[] memory bounds
    ) private pure {
        if (!isParameter) return _checkEdge(edges, field, word, beyond);
        if (word < 0 || uint256(word) >= bounds.length) revert IQueryCatalogue.QueryCatalogueNonCanonical("bind");
        ParameterBound memory bound = bounds[uint256(word)];
        for (uint256 i = 0; i < bound.allowed.length; ++i) _checkEdge(edges, field, bound.allowed[i], beyond);
        if (bound.allowed.length != 0) return;
        // At the first value that is no edge this ends, after edges.length values at most.
        for (int256 value = bound.minimum; value <= bound.maximum; ++value) _checkEdge(edges, field, value, beyond);
    }

    function _checkEdge(int256[] memory edges, uint16 field, int256 value, int256 beyond) private pure {
        // A hi of the largest integer is none of a field's values, all of which are below 2^62.
        if (value == type(int256).max) revert IQueryCatalogue.QueryCatalogueCutNotPermitted(field, value);
        _checkEdge(edges, field, value + beyond);
    }

    /// @dev The edges ascend strictly: the registry took no others.
    function _checkEdge(int256[] memory edges, uint16 field, int256 cut) private pure {
        (uint256 low, uint256 high) = (0, edges.length);
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (edges[middle] < cut) low = middle + 1;
            else high = middle;
        }
        if (low == edges.length || edges[low] != cut) revert IQueryCatalogue.QueryCatalogueCutNotPermitted(field, cut);
    }

    /// @dev None of a field beyond the rules.
    function _uses(FieldRules memory rules, uint16 field) private pure returns (uint8) {
        return field < rules.uses.length ? uint8(rules.uses[field]) : 0;
    }

    /// @dev O(fields with cuts); none of a field without.
    function _edges(FieldRules memory rules, uint16 field) private pure returns (int256[] memory edges) {
        for (uint256 i = 0; i < rules.cuts.length; ++i) {
            if (rules.cuts[i].field == field) return rules.cuts[i].edges;
        }
    }
}
