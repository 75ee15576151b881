#define _GNU_SOURCE
#include "tape_paths.h"

#if defined(__x86_64__)
#define CNK_CALL(path, function, ...)                  \
  ((path) == CNK_PATH_V4   ? cnk_v4_##function(__VA_ARGS__) \
   : (path) == CNK_PATH_V3 ? cnk_v3_##function(__VA_ARGS__) \
                           : cnk_base_##function(__VA_ARGS__))
#else
#define CNK_CALL(path, function, ...) cnk_base_##function(__VA_ARGS__)
#endif

void cnk_tape_forward(int path, const cnk_tape *tape, double *values) { CNK_CALL(path, tape_forward, tape, values); }

double cnk_tape_densities(int path, const cnk_tape *tape, double *values, double *adjoints) {
  return CNK_CALL(path, tape_densities, tape, values, adjoints);
}

void cnk_tape_reverse(int path, const cnk_tape *tape, const double *values, double *adjoints) {
  CNK_CALL(path, tape_reverse, tape, values, adjoints);
}

double cnk_log_gamma(double x) {
  if (!(x > 0)) return NAN;
  int sign;
  return lgamma_r(x, &sign);
}

// Shifted to x >= 10 by ψ(x) = ψ(x + 1) - 1/x, then the asymptotic series.
double cnk_digamma(double x) {
  if (!(x > 0)) return NAN;
  double sum = 0;
  for (; x < 10; x += 1) sum -= 1 / x;
  double r2 = 1 / (x * x);
  double series = 3617.0 / 8160;
  series = series * r2 - 1.0 / 12;
  series = series * r2 + 691.0 / 32760;
  series = series * r2 - 1.0 / 132;
  series = series * r2 + 1.0 / 240;
  series = series * r2 - 1.0 / 252;
  series = series * r2 + 1.0 / 120;
  series = series * r2 - 1.0 / 12;
  return log(x) - 0.5 / x + series * r2 + sum;
}
