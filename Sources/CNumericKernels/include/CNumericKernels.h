#ifndef C_NUMERIC_KERNELS_H
#define C_NUMERIC_KERNELS_H

#include <stdint.h>

#include "tape.h"

/// Parameter vectors that one call of `cnk_series_pass` takes through a series' days side by side: two halves of eight,
/// each half with calendar factors of its own.
enum { CNK_LANES = 16, CNK_HALF = 8 };

/// Parameters of a series, in this order: logit alpha, log size, log level_0, six weekday contrasts, logit of the daily
/// probabilities of leaving the shelf and of coming back.
enum { CNK_PARAMETERS = 11, CNK_CONTRASTS = 6, CNK_WEEKDAYS = 7 };

/// What a day contributes.
enum {
  /// On offer and nothing sold: moves shelf state and level, and is scored.
  CNK_ZERO = 0,
  /// On offer and sold: the same.
  CNK_POSITIVE = 1,
  /// The sale that began the series: moves shelf state and level; not scored, since the series was chosen to begin there.
  CNK_FIRST_SALE = 2,
  /// Shut, unknown or out of range: the shelf state goes on unseen, all else stands still.
  CNK_FROZEN = 3,
  /// Sold out after `units` sales: scored with P(Y >= units); moves nothing.
  CNK_SOLD_OUT = 4,
  /// Out of stock without a sale: tells nothing and moves nothing.
  CNK_SKIPPED = 5,
};

/// Units of a day up to which they are counted one by one.
enum { CNK_MANY = 4096 };

/// The days of one series, as all its passes share them.
typedef struct {
  int32_t day_count;
  /// Weekday of the first day, 0 for Monday.
  int32_t first_weekday;
  /// `[day_count]`
  const int32_t *units;
  /// `[day_count]`, of the kinds above.
  const uint8_t *kinds;
  /// `exceedances[k]`: scored `CNK_POSITIVE` days with more than k units, k below `CNK_MANY`; descending.
  int32_t exceedance_count;
  const int32_t *exceedances;
  /// Units of the scored `CNK_POSITIVE` days with more than `CNK_MANY` units.
  int32_t many_count;
  const int32_t *many;
  /// `[CNK_WEEKDAYS][CNK_CONTRASTS]`: log weekday deviations are this matrix times the contrasts.
  const double *contrast_matrix;
} cnk_series;

/// One pass over the days of a series for 16 parameter vectors.
///
/// With s the calendar factor times the exponential of the lane's own weekday deviation, and on the filtered
/// probability of being on the shelf, every day
///
///     on    <- on (1 - a) + (1 - on) b
///     y ~ on NB2(level s, size) + (1 - on) [y = 0];     on <- P(on | y)
///     level <- level + alpha on (y / s - level)
///
/// from on = b / (a + b), level = level_0. Means are kept above 1e-4; parameters are cut to ranges far outside any
/// plausible posterior (logits to +-30, log size to [-7, 9], log level_0 to [-12, 15], contrasts to +-5). The constant
/// -sum log y! is left out. P(Y >= y) is exact to about 1e-13 by summing the shorter side.
///
/// - `factors0`, `factors1`: `[day_count]` calendar factors of the first and the second half of the lanes, positive.
/// - `theta`: `[CNK_PARAMETERS][CNK_LANES]`.
/// - `log_likelihood`, `level`, `on_shelf`: `[CNK_LANES]`; the latter two as they stand after the last day.
///
/// No allocation; safe to call from any number of threads.
void cnk_series_pass(
    const cnk_series *series, const double *factors0, const double *factors1, const double *theta,
    double *log_likelihood, double *level, double *on_shelf);

/// Features of a stored draw that its log weight is linear in: five parameters in units of the working prior, their
/// squares, and the sum of squares of the weekday contrasts.
enum { CNK_FEATURES = 11 };

/// Weights of a series' candidate draws under a hyperprior, and what their average says of its gradient.
///
///     l_k = sum over f of coefficients[f] features[f][k],   weights_k = exp(l_k - max l),
///     log_sum = log sum over k of exp(l_k),                 expectations[f] = sum weights_k features[f][k] / sum weights
///
/// - `count`: candidates there is room for, a multiple of 16; those from `used` on weigh nothing, but their features are
///   to be finite.
/// - `features`: `[CNK_FEATURES][count]`; `coefficients`, `expectations`: `[CNK_FEATURES]`; `weights`: `[count]`.
///
/// Single precision within a series; no allocation; safe to call from any number of threads.
void cnk_candidate_weights(
    int32_t used, int32_t count, const float *features, const float *coefficients, float *weights, double *log_sum,
    double *expectations);

/// The Cholesky factorisation of a symmetric positive definite n x n matrix in place: row-major, the lower triangle is
/// read and replaced by L; elements above the diagonal may be overwritten. Returns the first row whose pivot is not
/// positive and finite, or -1. n^3 / 3 operations, by blocks of columns.
int32_t cnk_cholesky(int32_t n, double *matrix);

/// y[k] -= sum over i of factors[i] matrix[rows[i]][k], for k below n; `count` rows of a row-major matrix of n columns.
void cnk_subtract_rows(
    int32_t n, const double *matrix, int32_t count, const int32_t *rows, const double *factors, double *y);

/// The sum of exp(base[i] + scale direction[i]) for i below `count`, exponents cut to [-690, 690]; the terms go to
/// `results` unless that is null.
double cnk_exponentials(
    int32_t count, const double *base, const double *direction, double scale, double *results);

/// Instruction sets that the kernels were compiled for.
enum { CNK_PATH_BASE = 0, CNK_PATH_V3 = 1, CNK_PATH_V4 = 2 };

/// The path that calls take: the widest that the processor has, or the one named by the environment variable
/// `DEMAND_KERNEL` (`base`, `v3`, `v4`) if the processor has it. Read once. Last bits differ between paths.
int cnk_path(void);
/// `base`, `v3` (AVX2 with FMA) or `v4` (AVX-512).
const char *cnk_path_name(int path);
/// Whether this processor can run `path`.
int cnk_path_is_supported(int path);
/// `cnk_series_pass` on a given, supported path: for tests.
void cnk_series_pass_on(
    int path, const cnk_series *series, const double *factors0, const double *factors1, const double *theta,
    double *log_likelihood, double *level, double *on_shelf);

void cnk_candidate_weights_on(
    int path, int32_t used, int32_t count, const float *features, const float *coefficients, float *weights,
    double *log_sum, double *expectations);

double cnk_exponentials_on(
    int path, int32_t count, const double *base, const double *direction, double scale, double *results);
int32_t cnk_cholesky_on(int path, int32_t n, double *matrix);
void cnk_subtract_rows_on(
    int path, int32_t n, const double *matrix, int32_t count, const int32_t *rows, const double *factors, double *y);

/// The kernels' own logarithm (of positive normal numbers) and exponential (cut to [-690, 690]) for 16 numbers at once:
/// for tests of their accuracy.
void cnk_log_on(int path, const double *x, double *result);
void cnk_exp_on(int path, const double *x, double *result);

#endif
