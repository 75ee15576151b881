#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "paths.h"

static const char *const names[] = {"base", "v3", "v4"};

const char *cnk_path_name(int path) { return names[path]; }

int cnk_path_is_supported(int path) {
#if defined(__x86_64__)
  switch (path) {
    case CNK_PATH_V4:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
          && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")
          && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("fma");
    case CNK_PATH_V3:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    default:
      return path == CNK_PATH_BASE;
  }
#else
  return path == CNK_PATH_BASE;
#endif
}

int cnk_path(void) {
  // Two threads that come first at once find the same answer.
  static _Atomic int chosen = -1;
  int path = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (path >= 0) return path;
  path = cnk_path_is_supported(CNK_PATH_V4) ? CNK_PATH_V4
      : cnk_path_is_supported(CNK_PATH_V3)  ? CNK_PATH_V3
                                            : CNK_PATH_BASE;
  const char *wanted = getenv("DEMAND_KERNEL");
  for (int named = CNK_PATH_BASE; wanted && named <= CNK_PATH_V4; ++named)
    if (!strcmp(wanted, names[named]) && cnk_path_is_supported(named)) path = named;
  atomic_store_explicit(&chosen, path, memory_order_relaxed);
  return path;
}

#if defined(__x86_64__)
#define CNK_CALL(function, ...)                                            \
  switch (path) {                                                          \
    case CNK_PATH_V4: cnk_v4_##function(__VA_ARGS__); break;               \
    case CNK_PATH_V3: cnk_v3_##function(__VA_ARGS__); break;               \
    default: cnk_base_##function(__VA_ARGS__); break;                      \
  }
#else
#define CNK_CALL(function, ...) cnk_base_##function(__VA_ARGS__)
#endif

void cnk_series_pass_on(
    int path, const cnk_series *series, const double *factors0, const double *factors1, const double *theta,
    double *log_likelihood, double *level, double *on_shelf) {
  CNK_CALL(series_pass, series, factors0, factors1, theta, log_likelihood, level, on_shelf);
}

void cnk_series_pass(
    const cnk_series *series, const double *factors0, const double *factors1, const double *theta,
    double *log_likelihood, double *level, double *on_shelf) {
  cnk_series_pass_on(cnk_path(), series, factors0, factors1, theta, log_likelihood, level, on_shelf);
}

void cnk_candidate_weights_on(
    int path, int32_t used, int32_t count, const float *features, const float *coefficients, float *weights,
    double *log_sum, double *expectations) {
  CNK_CALL(candidate_weights, used, count, features, coefficients, weights, log_sum, expectations);
}

void cnk_candidate_weights(
    int32_t used, int32_t count, const float *features, const float *coefficients, float *weights, double *log_sum,
    double *expectations) {
  cnk_candidate_weights_on(cnk_path(), used, count, features, coefficients, weights, log_sum, expectations);
}

void cnk_log_on(int path, const double *x, double *result) { CNK_CALL(log, x, result); }

void cnk_exp_on(int path, const double *x, double *result) { CNK_CALL(exp, x, result); }

int32_t cnk_cholesky_on(int path, int32_t n, double *matrix) {
  int32_t failing = -1;
  CNK_CALL(cholesky, n, matrix, &failing);
  return failing;
}

int32_t cnk_cholesky(int32_t n, double *matrix) { return cnk_cholesky_on(cnk_path(), n, matrix); }

void cnk_subtract_rows_on(
    int path, int32_t n, const double *matrix, int32_t count, const int32_t *rows, const double *factors, double *y) {
  CNK_CALL(subtract_rows, n, matrix, count, rows, factors, y);
}

void cnk_subtract_rows(
    int32_t n, const double *matrix, int32_t count, const int32_t *rows, const double *factors, double *y) {
  cnk_subtract_rows_on(cnk_path(), n, matrix, count, rows, factors, y);
}

double cnk_exponentials_on(
    int path, int32_t count, const double *base, const double *direction, double scale, double *results) {
  double sum = 0.0;
  CNK_CALL(exponentials, count, base, direction, scale, results, &sum);
  return sum;
}

double cnk_exponentials(
    int32_t count, const double *base, const double *direction, double scale, double *results) {
  return cnk_exponentials_on(cnk_path(), count, base, direction, scale, results);
}
