// The tape for processors with AVX2 with FMA.
#include "tape_paths.h"

#if defined(__x86_64__)
#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define CNK_WIDTH 8
#define CNK_NAME(x) cnk_v3_##x
#include "tape.inc"
#pragma clang attribute pop
#endif
