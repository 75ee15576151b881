// The kernels for every x86-64 processor (and any other architecture).
#include "paths.h"

#pragma clang diagnostic ignored "-Wpsabi"
#define CNK_WIDTH 8
#define CNK_FLOATS 4
#define CNK_NAME(x) cnk_base_##x
#define CNK_FACTORS CNK_FACTORS_ONE
#include "kernels.inc"
#define CNK_DENSE 2
#include "dense.inc"
