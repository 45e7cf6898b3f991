/* The door to libFuzzer, in a program that was linked with it; without it the door is shut. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Runs libFuzzer with these arguments; `one` is called for each input and returns 0. -1: it is not there. */
int ctxtop_fuzz_run(int *count, char ***arguments, int (*one)(const uint8_t *bytes, size_t count));
