// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev The canonical form of a vetted query: abi.encode(Descriptor). Frozen; a change of meaning raises `format`.
/// Integers are field elements of BN254 Fr in disguise: a negative v is r - |v|. All values are scaled integers
/// (a decimal times 10^decimals); a category is its index in the schema's list.

/// ACTIVE  1 on every real row
/// VALUE   the field's scaled value, 0 where missing (a categorical field with numeric categories: sum of value x one-hot)
/// VALID   1 where the field is present
/// EQ      1 where the field equals lo (category index; lo = number of categories means "is missing")
/// RANGE   1 where lo <= value <= hi: a difference of two thermometer columns
/// DIGIT   1 where base-16 digit p of (value - minimum) compares with digit p of (lo - minimum); hi = 2p + relation,
///         relation 0: equal, 1: greater
enum AtomOp {
    ACTIVE,
    VALUE,
    VALID,
    EQ,
    RANGE,
    DIGIT
}

/// One linear combination of one field's committed columns, once parameters are known.
/// bind bit 0: lo is the index of a parameter; bit 1: hi is. ACTIVE belongs to no field: field = 65535. Words that an op
/// does not use are 0.
struct Atom {
    AtomOp op;
    uint16 field;
    int256 lo;
    int256 hi;
    uint8 bind;
}

/// coefficient x signal. Signals are numbered: atoms first (0 .. atoms.length-1), then products (atoms.length + p).
struct Term {
    int256 coefficient;
    uint16 signal;
}

/// A public linear combination of signals. An EQ atom that, after binding, equals an earlier EQ atom of the same factor
/// counts once (IN is deduplicated). Terms ascend by signal.
struct Factor {
    Term[] terms;
}

/// A row-wise product of two factors, kept as a product column. Product p may use products below p only.
struct Product {
    uint16 left;
    uint16 right;
}

/// A categorical field whose categories (in schema order, then "missing" unless the field is required) are table lines.
struct Axis {
    uint16 field;
}

/// One opened sum per cell: y_cell = sum over rows of cell(row) x left(row) x right(row). right = NONE (65535) means 1.
struct Output {
    uint16 left;
    uint16 right;
}

/// One computation over all rows. Values leave in row-major cell order, then in output order. With axes, output 0 is the
/// cell's row count: empty groups are left out of the answer, as SQL leaves them out.
struct Step {
    Axis[] axes;
    Output[] outputs;
}

/// How a column of the answer is finished in public from the opened sums of its cell.
/// GROUP: sums[0] = axis; COUNT: [n]; SUM: [n, sum]; AVG: [n, sum]; the VAR and STDDEV forms: [n, sum, sumOfSquares].
enum Finish {
    GROUP,
    COUNT,
    SUM,
    AVG,
    VAR_POP,
    VAR_SAMP,
    STDDEV_POP,
    STDDEV_SAMP
}

/// decimals: scale of the summed field (a sum of squares has twice as many).
struct Column {
    string name;
    Finish finish;
    uint16[] sums;
    uint8 decimals;
}

/// Format 1 has exactly one step.
struct Descriptor {
    uint16 format;
    bytes32 schemaHash;
    Atom[] atoms;
    Factor[] factors;
    Product[] products;
    Step[] steps;
    Column[] columns;
}

/// The type a parameter's text is read as; on chain all are scaled integers.
enum ParameterKind {
    INTEGER,
    DECIMAL,
    DATE,
    CATEGORY
}

/// One typed, bounded parameter. bounds = abi.encode(ParameterBound[]), parameters = abi.encode(int256[]).
/// allowed: ascending list of the only values accepted; empty = every value in [minimum, maximum].
struct ParameterBound {
    string name;
    ParameterKind kind;
    uint16 field;
    uint8 decimals;
    int256 minimum;
    int256 maximum;
    int256[] allowed;
}
