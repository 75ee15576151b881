#include "series_tail.h"

#include "CNumericKernels.h"

#include <math.h>

// The continued fraction of the incomplete beta function I_x(a, b) without its front factor (Numerical Recipes, 3rd
// edition, section 6.4, by Lentz's method).
static double beta_fraction(double a, double b, double x) {
  const double tiny = 1e-300;
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  d = 1 / (fabs(d) < tiny ? tiny : d);
  double value = d;
  for (int m = 1; m <= 1000000; ++m) {
    double even = m * (b - m) * x / ((a + 2.0 * m - 1) * (a + 2.0 * m));
    d = 1 + even * d;
    d = 1 / (fabs(d) < tiny ? tiny : d);
    c = 1 + even / c;
    if (fabs(c) < tiny) c = tiny;
    value *= d * c;
    double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1));
    d = 1 + odd * d;
    d = 1 / (fabs(d) < tiny ? tiny : d);
    c = 1 + odd / c;
    if (fabs(c) < tiny) c = tiny;
    value *= d * c;
    if (fabs(d * c - 1) < 1e-15) break;
  }
  return value;
}

// P(Y >= units) = I_p(units, size) for counts too many to sum: O(sqrt(units)) steps at worst.
static double log_tail_of_many(double units, double mean, double size) {
  int sign;
  double p = mean / (size + mean), q = size / (size + mean);
  double front = lgamma_r(units + size, &sign) - lgamma_r(units, &sign) - lgamma_r(size, &sign) - units * log1p(size / mean)
    - size * log1p(mean / size);
  if (p < (units + 1) / (units + size + 2)) return front + log(beta_fraction(units, size, p) / units);
  double below = exp(front) * beta_fraction(size, units, q) / size;
  return below < 1 ? log1p(-below) : -1e300;
}

// P(Y = k + 1) / P(Y = k) = (size + k) / (k + 1) p, p = mean / (size + mean). The lower side P(Y < units) is summed
// first; where it leaves so little that the difference from one would lose digits, the upper side is summed instead, in
// units of its first term.
double cnk_log_tail(int32_t units, double mean, double size) {
  if (units > CNK_MANY) return log_tail_of_many(units, mean, size);
  double p = mean / (size + mean);
  double log_start = -size * log1p(mean / size);
  double term = exp(log_start);
  double below = 0;
  double log_first = log_start;
  for (int32_t k = 0; k < units; ++k) {
    below += term;
    double ratio = (size + k) / (k + 1.0) * p;
    term *= ratio;
    log_first += log(ratio);
  }
  if (below < 0.5) return log1p(-below);
  double above = 1, next = 1;
  for (double k = units; k < units + 1e5; k += 1) {
    next *= (size + k) / (k + 1.0) * p;
    above += next;
    if (next < 1e-17 * above) return log_first + log(above);
  }
  // So slow a decay leaves a tail that is not small beside one.
  return log1p(-below);
}
