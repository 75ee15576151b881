// log P(Y >= units) of the negative binomial, one lane at a time: stock-outs with sales are rare days.
#ifndef CNK_SERIES_TAIL_H
#define CNK_SERIES_TAIL_H

#include <stdint.h>

double cnk_log_tail(int32_t units, double mean, double size);

#endif
