#ifndef C_NUMERIC_KERNELS_TAPE_H
#define C_NUMERIC_KERNELS_TAPE_H

#include <stdint.h>

/// Operations of a tape: a straight-line program over arrays of doubles with preassigned places, which is run forward
/// for values and backward for derivatives (reverse mode).
enum cnk_tape_operation {
  // out = f(a), contiguous, dims[3] elements.
  CNK_NEGATE,
  CNK_EXP,
  CNK_LOG,
  CNK_LOG1P,
  CNK_EXPM1,
  CNK_SQRT,
  CNK_SQUARE,
  CNK_RECIPROCAL,
  CNK_TANH,
  CNK_INVERSE_LOGIT,
  CNK_LOG1P_EXP,
  CNK_LOG_GAMMA,
  CNK_ABS,
  CNK_SIN,
  CNK_COS,
  CNK_NORMAL_CDF,
  // out = f(a, b) with broadcasting: strides of 0 repeat an element.
  CNK_ADD,
  CNK_SUBTRACT,
  CNK_MULTIPLY,
  CNK_DIVIDE,
  CNK_POWER,
  CNK_LOG_ADD_EXP,
  CNK_MAXIMUM,
  CNK_MINIMUM,
  /// out[i][k] = sum over j of a[i][j][k]; dims = {outer, length, inner}.
  CNK_SUM,
  /// out[i] = log sum over j of exp a[i][j]; dims = {rows, length}.
  CNK_LOG_SUM_EXP,
  /// Running sums along rows; dims = {rows, length}.
  CNK_CUMULATIVE_SUM,
  /// out[i] = a[table[i]], blocks of dims[1] elements; dims = {count, block}.
  CNK_GATHER,
  /// out = a, dims[0] elements.
  CNK_COPY,
  /// out[n][m] = sum over k of a[n][k] b[k][m]; dims = {n, k, m}.
  CNK_MATRIX_PRODUCT,
  /// out[n] = sum over k of a[k][n] b[k]; dims = {n, k}: a matrix stored by columns times a vector.
  CNK_COLUMNS_VECTOR,
  /// out[t] = c[t] + b out[t-1], t = 1 … dims[0], where out[0] is the element before `out`; a scalar b.
  CNK_LINEAR_RECURSION,
  /// Runs `table` = {first, count} of the tape's bodies for t = 0 … dims[0] - 1; operands move by their steps.
  CNK_SCAN,

  // Densities: sinks that add to the log density and to the adjoints of their operands.
  /// Sum of a; dims[0] elements.
  CNK_TERM,
  /// Normal without its constant: a given mean b and standard deviation c, broadcast.
  CNK_NORMAL,
  /// Standard normal of a without its constant; dims[0] elements.
  CNK_STANDARD_NORMAL,
  /// Rows of equal mean and standard deviation: mean a, sd b (b_stride[3] is 0 or 1), c = constants {weights, means,
  /// root sums of squares about the means}, dims[3] rows.
  CNK_NORMAL_GROUPS,
  /// Least squares: -dims[1] log b - (|R a - c|² + rest²) / (2 b²); c = constants {R[k][k], target[k], rest}; dims =
  /// {k, n}.
  CNK_NORMAL_LEAST_SQUARES,
  /// sum of m log1p(v / a) over pairs of constants c = {v…, m…}; dims[0] pairs.
  CNK_RISING_FACTORIAL,
  /// sum of m (lgamma(a + v) - lgamma(a) - v log a) over pairs of constants c = {v…, m…}; dims[0] pairs.
  CNK_RISING_GAMMA,
  /// Counts or outcomes with a log-linear predictor: see cnk_rows.
  CNK_ROWS,
};

/// One instruction. Places are offsets into the values (and adjoints); a negative offset p is ~p in the constants.
typedef struct {
  int32_t op;
  /// Whether b (of CNK_ROWS: the weights) is there, or another small choice of the operation.
  int32_t choice;
  int64_t dims[4];
  int64_t out, a, b, c;
  /// How far operands move in each step of a scan.
  int64_t out_step, a_step, b_step, c_step;
  /// Strides of broadcast operands by axis, the last axis innermost.
  int64_t a_stride[4], b_stride[4], c_stride[4];
  /// Where the operation's table begins in the tape's integers.
  int64_t table;
} cnk_instruction;

/// Families of CNK_ROWS, in dims[3].
enum { CNK_ROWS_NEGATIVE_BINOMIAL = 0, CNK_ROWS_POISSON = 1, CNK_ROWS_BERNOULLI = 2 };

/// A tape. CNK_ROWS reads its rows from tables: dims = {runs, terms, rows, family}, `a` the dispersion, `b` where
/// responses begin in `floats` (weights follow them if `choice` is 1).
/// Its table is, per term, {place, length, scratch place, place of the sums of responses}, then per run {length, mask
/// of terms that move with the row, first element of every term}. The predictor of a row is the sum of its terms'
/// elements.
typedef struct {
  const cnk_instruction *values;
  int64_t value_count;
  const cnk_instruction *densities;
  int64_t density_count;
  const cnk_instruction *bodies;
  const double *constants;
  const int32_t *integers;
  const float *floats;
} cnk_tape;

/// Runs the value instructions: fills their places in `values`.
void cnk_tape_forward(int path, const cnk_tape *tape, double *values);
/// Runs the densities: their sum, and their derivatives added to `adjoints`. `values` is written in scratch places only.
double cnk_tape_densities(int path, const cnk_tape *tape, double *values, double *adjoints);
/// Runs the value instructions backward: turns adjoints of results into adjoints of operands.
void cnk_tape_reverse(int path, const cnk_tape *tape, const double *values, double *adjoints);

#endif
