// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// As what somebody is paid. ACCOUNT: as nothing but an account, which alone can take it; any other: as a member of that
/// role, whose current key takes it.
enum Capacity {
    ACCOUNT,
    DATA_OWNER,
    QUERIER,
    WORKER,
    VETTER
}

/// account: of a member its name, which stays when its key changes, see {IMemberRegistry}.
struct Payee {
    Capacity capacity;
    address account;
}
