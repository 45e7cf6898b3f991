#define _GNU_SOURCE 1
#include <sys/syscall.h>
#include <unistd.h>
#include "CCtxtop.h"
_Thread_local uint64_t *ctxtop_lane;
long ctxtop_syscall(long n, long a, long b, long c) { return syscall(n, a, b, c); }
