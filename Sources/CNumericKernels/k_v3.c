// The kernels for processors with AVX2 with FMA.
#include "paths.h"

#if defined(__x86_64__)
#pragma clang diagnostic ignored "-Wpsabi"
#include <math.h>

#include "series_tail.h"
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define CNK_WIDTH 8
#define CNK_FLOATS 8
#define CNK_NAME(x) cnk_v3_##x
#define CNK_FACTORS CNK_FACTORS_ONE
#include "kernels.inc"
#define CNK_DENSE 4
#include "dense.inc"
#pragma clang attribute pop
#endif
