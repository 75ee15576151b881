// The tape for every x86-64 processor (and any other architecture).
#include "tape_paths.h"

#pragma clang diagnostic ignored "-Wpsabi"
#define CNK_WIDTH 8
#define CNK_NAME(x) cnk_base_##x
#include "tape.inc"
