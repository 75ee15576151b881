// The tape for processors with AVX-512.
#include "tape_paths.h"

#if defined(__x86_64__)
#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx512cd,avx2,fma"))), apply_to = function)
#define CNK_WIDTH 8
#define CNK_NAME(x) cnk_v4_##x
#include "tape.inc"
#pragma clang attribute pop
#endif
