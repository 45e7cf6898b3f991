#pragma once
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
/* the only things Swift cannot say itself: variadic open(2), a thread-local */
static inline int ctxtop_open(const char *p, int fl, mode_t m) { return open(p, fl, m); }
extern long ctxtop_syscall(long, long, long, long);
extern int gettid(void);
static inline long ctxtop_pidfd_open(int pid) { return ctxtop_syscall(SYS_pidfd_open, pid, 0, 0); }
extern _Thread_local uint64_t *ctxtop_lane __attribute__((tls_model("initial-exec")));
static inline uint64_t *ctxtop_lane_get(void) { return ctxtop_lane; }
static inline void ctxtop_lane_set(uint64_t *p) { ctxtop_lane = p; }
static inline uint64_t ctxtop_ticks(void) {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  uint64_t v; __asm__ volatile("mrs %0, cntvct_el0" : "=r"(v)); return v;
#endif
}
/* fcntl is variadic */
static inline int ctxtop_setlk(int fd, int wait) {
  struct flock l; memset(&l, 0, sizeof l); l.l_type = F_WRLCK; l.l_whence = SEEK_SET;
  return fcntl(fd, wait ? F_SETLKW : F_SETLK, &l);
}
static inline int ctxtop_bind_unix(int fd, const char *path) {
  struct sockaddr_un a; memset(&a, 0, sizeof a); a.sun_family = AF_UNIX; strncpy(a.sun_path, path, sizeof a.sun_path - 1);
  return bind(fd, (struct sockaddr *)&a, sizeof a);
}
