/*
 * Makes the system calls of ctxtop's native module fail, and of nothing else in the process: preloaded, it stands
 * between the module and the C library, and looks where a call comes from. What fails and when stands in a file that
 * test and process share (support/faults.py).
 */
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Each function, with the type of its answer, what it answers when it fails, its parameters and its arguments. */
#define FUNCTIONS(X)                                                                                                  \
  X(int, -1, accept4, (int a, struct sockaddr *b, socklen_t *c, int d), (a, b, c, d))                                 \
  X(int, -1, bind, (int a, const struct sockaddr *b, socklen_t c), (a, b, c))                                         \
  X(int, -1, connect, (int a, const struct sockaddr *b, socklen_t c), (a, b, c))                                      \
  X(int, -1, fallocate, (int a, int b, off_t c, off_t d), (a, b, c, d))                                               \
  X(int, -1, fchmod, (int a, mode_t b), (a, b))                                                                       \
  X(int, -1, fchmodat, (int a, const char *b, mode_t c, int d), (a, b, c, d))                                         \
  X(int, -1, fchown, (int a, uid_t b, gid_t c), (a, b, c))                                                            \
  X(int, -1, fchownat, (int a, const char *b, uid_t c, gid_t d, int e), (a, b, c, d, e))                              \
  X(int, -1, fstat, (int a, struct stat *b), (a, b))                                                                  \
  X(int, -1, fstatat, (int a, const char *b, struct stat *c, int d), (a, b, c, d))                                    \
  X(int, -1, fstatfs, (int a, struct statfs *b), (a, b))                                                              \
  X(int, -1, getsockopt, (int a, int b, int c, void *d, socklen_t *e), (a, b, c, d, e))                               \
  X(int, -1, kill, (pid_t a, int b), (a, b))                                                                          \
  X(int, -1, listen, (int a, int b), (a, b))                                                                          \
  X(int, -1, madvise, (void *a, size_t b, int c), (a, b, c))                                                          \
  X(int, -1, mkdir, (const char *a, mode_t b), (a, b))                                                                \
  X(void *, MAP_FAILED, mmap, (void *a, size_t b, int c, int d, int e, off_t f), (a, b, c, d, e, f))                  \
  X(int, -1, munmap, (void *a, size_t b), (a, b))                                                                     \
  X(int, -1, pipe2, (int a[2], int b), (a, b))                                                                        \
  X(int, -1, poll, (struct pollfd *a, nfds_t b, int c), (a, b, c))                                                    \
  X(ssize_t, -1, pread, (int a, void *b, size_t c, off_t d), (a, b, c, d))                                            \
  X(int, error, pthread_create, (pthread_t *a, const pthread_attr_t *b, void *(*c)(void *), void *d), (a, b, c, d))   \
  X(int, error, pthread_key_create, (pthread_key_t *a, void (*b)(void *)), (a, b))                                    \
  X(ssize_t, -1, pwritev2, (int a, const struct iovec *b, int c, off_t d, int e), (a, b, c, d, e))                    \
  X(ssize_t, -1, read, (int a, void *b, size_t c), (a, b, c))                                                         \
  X(ssize_t, -1, recv, (int a, void *b, size_t c, int d), (a, b, c, d))                                               \
  X(int, -1, renameat, (int a, const char *b, int c, const char *d), (a, b, c, d))                                    \
  X(int, -1, rmdir, (const char *a), (a))                                                                             \
  X(ssize_t, -1, send, (int a, const void *b, size_t c, int d), (a, b, c, d))                                         \
  X(int, -1, socket, (int a, int b, int c), (a, b, c))                                                                \
  X(int, -1, stat, (const char *a, struct stat *b), (a, b))                                                           \
  X(int, -1, unlinkat, (int a, const char *b, int c), (a, b, c))                                                      \
  X(ssize_t, -1, write, (int a, const void *b, size_t c), (a, b, c))

/* Those that take what they take by its kind, or do something although they fail. */
#define SPECIAL(X) X(close) X(fcntl) X(mremap) X(open) X(openat) X(pidfd_open) X(renameat2)

#define NUMBER(type, failure, name, parameters, arguments) AT_##name,
#define NUMBER_SPECIAL(name) AT_##name,
enum { FUNCTIONS(NUMBER) SPECIAL(NUMBER_SPECIAL) COUNT, ERRORS = 8 };

#define NAME(type, failure, name, parameters, arguments) #name,
#define NAME_SPECIAL(name) #name,
static const char *const names[] = {FUNCTIONS(NAME) SPECIAL(NAME_SPECIAL)};

/* The name of the function with a number; NULL behind the last. */
const char *fault_name(int number) { return number >= 0 && number < COUNT ? names[number] : NULL; }

/* What the test decides, in the file that it shares with the process. Zeroed: nothing fails. */
struct plan {
  _Atomic uint64_t function; /* its number + 1; 0: none */
  _Atomic uint64_t first, last; /* the calls that fail, counted from 1 */
  _Atomic uint64_t error;
  _Atomic uint64_t chance; /* how many of 65536 calls fail, of whatever function; their errors stand below */
  _Atomic uint64_t failed;
  _Atomic uint64_t counts[64];
  _Atomic uint64_t errors[64][ERRORS];
};
static struct plan *plan;

__attribute__((constructor)) static void share_plan(void) {
  const char *path = getenv("FAULTS");
  int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void *page = (void *)syscall(SYS_mmap, NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  syscall(SYS_close, fd);
  if (page != MAP_FAILED) plan = page;
}

/* Where the native module lies in this process; 0: it is not loaded. */
static uintptr_t low, high;

static int look_at_module(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size, (void)data;
  if (!info->dlpi_name || !strstr(info->dlpi_name, "_native.abi3")) return 0;
  for (int index = 0; index < info->dlpi_phnum; index++) {
    const ElfW(Phdr) *part = &info->dlpi_phdr[index];
    if (part->p_type != PT_LOAD || !(part->p_flags & PF_X)) continue;
    high = info->dlpi_addr + part->p_vaddr + part->p_memsz;
    low = info->dlpi_addr + part->p_vaddr;
  }
  return 1;
}

static int is_guest(void *caller) {
  Dl_info info;
  if (!low && dladdr(caller, &info) && info.dli_fname && strstr(info.dli_fname, "_native.abi3"))
    dl_iterate_phdr(look_at_module, NULL);
  return low && (uintptr_t)caller >= low && (uintptr_t)caller < high;
}

static int by_chance(int function) {
  static _Thread_local uint64_t state;
  if (!state) state = ((uint64_t)&state ^ (uint64_t)syscall(SYS_gettid) << 32) | 1;
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  if ((state >> 20 & 0xffff) >= plan->chance) return 0;
  int error = (int)plan->errors[function][state >> 40 & (ERRORS - 1)];
  if (error) plan->failed++;
  return error;
}

/* The error that a call is to fail with; 0: it is to be made. */
static int due(int function, void *caller) {
  if (!plan || !is_guest(caller)) return 0;
  uint64_t call = ++plan->counts[function];
  if (plan->chance) return by_chance(function);
  if (plan->function != (uint64_t)function + 1 || call < plan->first || call > plan->last) return 0;
  plan->failed++;
  return (int)plan->error;
}

#define REAL(type, name, parameters)                                                                                  \
  static type(*real) parameters;                                                                                      \
  if (!real) real = (type(*) parameters)dlsym(RTLD_NEXT, #name)

#define STAND_BETWEEN(type, failure, name, parameters, arguments)                                                     \
  type name parameters {                                                                                              \
    REAL(type, name, parameters);                                                                                     \
    int error = due(AT_##name, __builtin_return_address(0));                                                          \
    if (!error) return real arguments;                                                                                \
    errno = error;                                                                                                    \
    return failure;                                                                                                   \
  }
FUNCTIONS(STAND_BETWEEN)

static int failed(int error) {
  errno = error;
  return -1;
}

/* Linux has closed the descriptor, whatever close(2) says. */
int close(int fd) {
  REAL(int, close, (int));
  int error = due(AT_close, __builtin_return_address(0));
  int answer = real(fd);
  return error ? failed(error) : answer;
}

int fcntl(int fd, int command, ...) {
  REAL(int, fcntl, (int, int, ...));
  va_list rest;
  va_start(rest, command);
  void *argument = va_arg(rest, void *);
  va_end(rest);
  int error = due(AT_fcntl, __builtin_return_address(0));
  return error ? failed(error) : real(fd, command, argument);
}

void *mremap(void *old, size_t old_size, size_t size, int flags, ...) {
  REAL(void *, mremap, (void *, size_t, size_t, int, ...));
  va_list rest;
  va_start(rest, flags);
  void *place = va_arg(rest, void *);
  va_end(rest);
  errno = due(AT_mremap, __builtin_return_address(0));
  return errno ? MAP_FAILED : real(old, old_size, size, flags, place);
}

int open(const char *path, int flags, ...) {
  REAL(int, open, (const char *, int, ...));
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  int error = due(AT_open, __builtin_return_address(0));
  return error ? failed(error) : real(path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...) {
  REAL(int, openat, (int, const char *, int, ...));
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  int error = due(AT_openat, __builtin_return_address(0));
  return error ? failed(error) : real(directory, path, flags, mode);
}

long syscall(long number, ...) {
  REAL(long, syscall, (long, ...));
  long a[6];
  va_list rest;
  va_start(rest, number);
  for (int index = 0; index < 6; index++) a[index] = va_arg(rest, long);
  va_end(rest);
  int error = 0;
  if (number == SYS_pidfd_open) error = due(AT_pidfd_open, __builtin_return_address(0));
  if (number == SYS_renameat2) error = due(AT_renameat2, __builtin_return_address(0));
  return error ? failed(error) : real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
