// The kernels for processors with AVX-512.
#include "paths.h"

#if defined(__x86_64__)
#pragma clang diagnostic ignored "-Wpsabi"
#include <math.h>

#include "series_tail.h"
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx512cd,avx2,fma"))), apply_to = function)
#define CNK_WIDTH 16
#define CNK_FLOATS 16
#define CNK_NAME(x) cnk_v4_##x
#define CNK_FACTORS CNK_FACTORS_HALVES
#include "kernels.inc"
#define CNK_DENSE 8
#include "dense.inc"
#pragma clang attribute pop
#endif
