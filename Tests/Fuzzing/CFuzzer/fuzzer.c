#include "fuzzer.h"

extern int LLVMFuzzerRunDriver(int *, char ***, int (*)(const uint8_t *, size_t)) __attribute__((weak));

int ctxtop_fuzz_run(int *count, char ***arguments, int (*one)(const uint8_t *bytes, size_t count)) {
  return LLVMFuzzerRunDriver ? LLVMFuzzerRunDriver(count, arguments, one) : -1;
}
