// What every compiled path of the tape exports; tape_dispatch.c chooses among them.
#ifndef CNK_TAPE_PATHS_H
#define CNK_TAPE_PATHS_H

#include <math.h>
#include <stddef.h>

#include "CNumericKernels.h"

#define CNK_DECLARE_TAPE(path)                                                             \
  void cnk_##path##_tape_forward(const cnk_tape *, double *);                              \
  double cnk_##path##_tape_densities(const cnk_tape *, double *, double *);                \
  void cnk_##path##_tape_reverse(const cnk_tape *, const double *, double *);

CNK_DECLARE_TAPE(base)
CNK_DECLARE_TAPE(v3)
CNK_DECLARE_TAPE(v4)

// log Γ without the C library's global sign, and its derivative; NaN at 0 and below.
double cnk_log_gamma(double x);
double cnk_digamma(double x);

#endif
