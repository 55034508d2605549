// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev The canonical form of a vetted query: abi.encode(Descriptor). Frozen; a change of meaning raises `format`. Format 2
/// added table lines that are not categories, and statistics of two columns and of whole tables.
/// Integers are field elements of BN254 Fr in disguise: a negative v is r - |v|. All values are scaled integers
/// (a decimal times 10^decimals); a category is its index in the schema's list.

/// ACTIVE  1 on every real row
/// VALUE   the field's scaled value, 0 where missing (a categorical field with numeric categories: sum of value x one-hot)
/// VALID   1 where the field is present
/// EQ      1 where the field equals lo (category index; lo = number of categories means "is missing")
/// RANGE   1 where lo <= value <= hi: a difference of two thermometer columns
/// DIGIT   1 where base-16 digit p of (value - minimum) compares with digit p of (lo - minimum); hi = 2p + relation,
///         relation 0: equal, 1: greater. Thresholds are made of them, from the least digit up, one product per extra digit:
///         [x > lo] = F(top), F(0) = greater(0), F(p) = greater(p) + equal(p) x F(p-1); [x >= lo] alike with
///         F(0) = greater(0) + equal(0); [x = lo] = the product of all equal(p)
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

/// A field's values as table lines. Without cuts: the categories in schema order. With cuts c1 < c2 < ...: the intervals
/// below c1, from c1 to below c2, ..., from the last cut on, each line a factor. Then "missing", if it is a line.
struct Axis {
    uint16 field;
    bool missing;
    int256[] cuts;
    uint16[] lines;
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

/// How a column of the answer is finished in public from opened sums. Unless said otherwise, of one cell and with the sums
/// over the rows that have every field of the column; x and y are scaled values.
/// GROUP: sums[0] = axis; COUNT, REGR_COUNT: [n]; SUM, AVG: [n, x]; the VAR and STDDEV forms: [n, x, xx];
/// COVAR_POP .. REGR_R2, of (y, x) as in SQL: [n, y, x, yy, yx, xx];
/// LINEAR_REGRESSION, with z = (x1 .. xp, y) and m = p + 1: [n, z1 .. zm, then zi x zj for i <= j, row by row];
/// HISTOGRAM: [n], of every line of one axis; arguments: the breaks
/// CROSSTAB: [n], of two axes
/// T_TEST, ANOVA: [n, x, xx] of every line of one axis
/// QUANTILE: [n] of every line of one axis; arguments: type, then each probability x 10^6
/// KAPLAN_MEIER: [censored, events] of every line of one axis of times
/// LOGRANK: [censored, events] of group axis x time axis, then a strata axis, if any
/// TOXICITY: [n, then for each grade of arguments how many have it or a worse one]
/// PRO_CTCAE: [n, for each score of arguments how many have it or a worse one, and alike where that is above baseline]
/// ALLOCATION: [n, successes] of every line of one axis of arms; arguments: prior a, prior b and power x 10^6, the lines
/// that are arms as bits; with external counts also their weight x 10^6, then subjects and successes of each arm
enum Finish {
    GROUP,
    COUNT,
    SUM,
    AVG,
    VAR_POP,
    VAR_SAMP,
    STDDEV_POP,
    STDDEV_SAMP,
    COVAR_POP,
    COVAR_SAMP,
    CORR,
    REGR_SLOPE,
    REGR_INTERCEPT,
    REGR_R2,
    REGR_COUNT,
    LINEAR_REGRESSION,
    HISTOGRAM,
    CROSSTAB,
    T_TEST,
    ANOVA,
    QUANTILE,
    KAPLAN_MEIER,
    LOGRANK,
    TOXICITY,
    PRO_CTCAE,
    ALLOCATION
}

/// axes: those that the statistic takes in, in the order above: the answer has one row for each cell of the others.
/// decimals: scale of each field that is summed, in the order above (a product has the sum of two), and of the values or times of
/// QUANTILE, KAPLAN_MEIER and LOGRANK.
struct Column {
    string name;
    Finish finish;
    uint16[] axes;
    uint16[] sums;
    uint8[] decimals;
    int256[] arguments;
}

/// Format 2 has exactly one step.
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
