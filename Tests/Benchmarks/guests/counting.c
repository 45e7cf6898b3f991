/* Preloaded into a guest: counts the calls of the memory allocator and of locks, by thread, and writes the counts
   to standard error whenever the guest calls getpriority(). */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static __thread unsigned long allocations __attribute__((tls_model("initial-exec")));
static __thread unsigned long locks __attribute__((tls_model("initial-exec")));

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) {
  allocations++;
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  allocations++;
  return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
  allocations++;
  return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
  allocations++;
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
  void *memory = memalign(alignment, size);
  if (!memory) return ENOMEM;
  *result = memory;
  return 0;
}

/* A lock of the name, which passes its call on. */
#define LOCK(name, type)                                                    \
  int name(type *lock) {                                                    \
    static int (*real)(type *);                                             \
    locks++;                                                                \
    if (!real) real = (int (*)(type *))dlsym(RTLD_NEXT, #name);             \
    return real(lock);                                                      \
  }

LOCK(pthread_mutex_lock, pthread_mutex_t)
LOCK(pthread_mutex_trylock, pthread_mutex_t)
LOCK(pthread_rwlock_rdlock, pthread_rwlock_t)
LOCK(pthread_rwlock_wrlock, pthread_rwlock_t)
LOCK(pthread_spin_lock, pthread_spinlock_t)
LOCK(sem_wait, sem_t)
LOCK(sem_trywait, sem_t)

int getpriority(__priority_which_t which, id_t who) {
  static int (*real)(__priority_which_t, id_t);
  if (!real) real = (int (*)(__priority_which_t, id_t))dlsym(RTLD_NEXT, "getpriority");
  dprintf(2, "counted %lu %lu\n", allocations, locks);
  return real(which, who);
}
