#include "series_tail.h"

#include <math.h>

// P(Y = k + 1) / P(Y = k) = (size + k) / (k + 1) p, p = mean / (size + mean). The lower side P(Y < units) is summed
// first; where it leaves so little that the difference from one would lose digits, the upper side is summed instead, in
// units of its first term.
double cnk_log_tail(int32_t units, double mean, double size) {
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
