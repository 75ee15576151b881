// What every compiled path exports; dispatch.c chooses among them.
#ifndef CNK_PATHS_H
#define CNK_PATHS_H

#include "CNumericKernels.h"

#define CNK_DECLARE(path)                                                                                    \
  void cnk_##path##_series_pass(const cnk_series *, const double *, const double *, const double *, double *, \
                                double *, double *);                                                          \
  void cnk_##path##_candidate_weights(int32_t, int32_t, const float *, const float *, float *, double *, double *); \
  void cnk_##path##_log(const double *, double *);                                                            \
  void cnk_##path##_exp(const double *, double *);                                                            \
  void cnk_##path##_exponentials(int32_t, const double *, const double *, double, double *, double *);        \
  void cnk_##path##_cholesky(int32_t, double *, int32_t *);                                                   \
  void cnk_##path##_subtract_rows(int32_t, const double *, int32_t, const int32_t *, const double *, double *);

CNK_DECLARE(base)
CNK_DECLARE(v3)
CNK_DECLARE(v4)

// Lanes of one call as the preprocessor knows them; equal to CNK_LANES.
#define CNK_ALL 16

// Factors that are one number per half of the lanes, or one number for all.
#define CNK_FACTORS_HALVES(name, a, b)                                             \
  double name##0 = (a), name##1 = (b);                                             \
  vd name = {name##0, name##0, name##0, name##0, name##0, name##0, name##0, name##0, \
             name##1, name##1, name##1, name##1, name##1, name##1, name##1, name##1}
#define CNK_FACTORS_ONE(name, a, b) vd name = (vd)(a)

#endif
