// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Acts} from "../audit/Acts.sol";
import {Division} from "../fees/Division.sol";
import {ICredits} from "../fees/ICredits.sol";
import {IDatasetRegistry} from "../study/IDatasetRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {RequestId} from "../types/Identifiers.sol";
import {Capacity, Payee} from "../types/Payee.sol";
import {RequestContext} from "../types/Statement.sol";
import {CloneArguments, QueryOrigin} from "./CloneArguments.sol";
import {IPayments} from "./IPayments.sol";
import {StoredRequests} from "./StoredRequests.sol";

/// @title A part of a query contract: the prices of its requests
/// @dev The money stays where the request is: no other contract, and no other query's, can lose it, and holding it costs
/// nothing. How far a request is says whose it is.
abstract contract Payments is StoredRequests {
    IDatasetRegistry internal immutable _datasets;
    ICredits private immutable _credits;

    mapping(RequestId requestId => bool) private _settled;

    constructor(IDatasetRegistry datasets, ICredits credits) {
        _datasets = IDatasetRegistry(Deployed.check(address(datasets)));
        _credits = ICredits(Deployed.check(address(credits)));
    }

    /// @inheritdoc IPayments
    function settle(RequestContext calldata context, address querier, bytes32 outputsHash) external {
        RequestId requestId = context.requestId;
        (Request storage entry, ) = _known(context, querier, outputsHash);
        bytes memory arguments = _arguments();
        QueryOrigin memory origin = CloneArguments.origin(arguments);
        bool earned = entry.state == RequestState.ANSWERED || entry.state == RequestState.REFUSED;
        if (!earned || origin.price == 0 || _settled[requestId]) revert QuerySmartContractNothingToSettle(requestId);
        _settled[requestId] = true;
        (Payee[] memory payees, uint256[] memory amounts) = Division.ofPrice(
            origin.price,
            CloneArguments.policy(arguments),
            _datasets.contributions(context.datasetRoots),
            _committees.committee(context.studyId, context.committeeEpoch).workers,
            Payee(origin.authorCapacity, origin.author)
        );
        emit PaymentSettled(requestId, origin.price, payees, amounts);
        bytes32 hash = keccak256(abi.encode(payees, amounts));
        _record(Acts.PAYMENT_SETTLED, RequestId.unwrap(requestId), msg.sender, 0, bytes32(uint256(origin.price)), hash);
        _credits.pay{value: origin.price}(payees, amounts);
    }

    /// @inheritdoc IPayments
    function isSettled(RequestId requestId) external view returns (bool) {
        return _settled[requestId];
    }

    /// @inheritdoc IPayments
    function author() external view returns (Payee memory) {
        QueryOrigin memory origin = _origin();
        return Payee(origin.authorCapacity, origin.author);
    }

    /// @inheritdoc IPayments
    function price() external view returns (uint256) {
        return _origin().price;
    }

    /// @dev Of a request that has just expired or failed: once, as it can do so once.
    function _refund(RequestId requestId, address querier, uint256 amount) internal {
        if (amount == 0) return;
        emit PaymentRefunded(requestId, querier, amount);
        _record(Acts.PAYMENT_REFUNDED, RequestId.unwrap(requestId), msg.sender, 0, bytes32(amount), 0);
        (Payee[] memory payees, uint256[] memory amounts) = (new Payee[](1), new uint256[](1));
        (payees[0], amounts[0]) = (Payee(Capacity.QUERIER, querier), amount);
        _credits.pay{value: amount}(payees, amounts);
    }
}
