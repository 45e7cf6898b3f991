/*
 * What Swift cannot say itself: variadic system calls, socket addresses, a thread-local, and the
 * contracts of layout.h. Embedded Swift has no Glibc module, so this is also its door to libc.
 *
 * Never define _GNU_SOURCE here: it changes structures that SwiftGlibc has imported without it. What
 * needs it lives in shims.c.
 */
#pragma once
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "layout.h"

static inline int ctxtop_errno(void) { return errno; }

/* The text of an error number in the buffer or elsewhere; safe from any thread. */
const char *ctxtop_describe_error(int code, char *buffer, size_t size);

/* RLIMIT_FSIZE is an enumeration in C and a plain number to getrlimit in Swift. */
static inline __rlimit_resource_t ctxtop_file_size_limit(void) { return RLIMIT_FSIZE; }

static inline int ctxtop_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }
/* The same of a name in an open directory: it is that directory, whatever its path leads to by now. */
static inline int ctxtop_open_in(int directory, const char *name, int flags, mode_t mode) {
  return openat(directory, name, flags, mode);
}

/* Allocates the pages of a range and extends the file over it; never shrinks. 0 or -errno. */
int ctxtop_allocate(int fd, off_t offset, off_t length);

/* Takes the write lock on one byte without waiting: 0, or -errno (EAGAIN: somebody has it). */
int ctxtop_lock_byte(int fd, off_t byte);
void ctxtop_unlock_byte(int fd, off_t byte);
/* Asks whether another process holds the byte: 1 yes, 0 no, -errno. */
int ctxtop_is_byte_locked(int fd, off_t byte);

/* A descriptor that becomes readable when the process ends, or -errno. */
int ctxtop_pidfd_open(int pid);
/* Both ends of a pipe, non-blocking. Not an eventfd: those all share one inode, and we must know our own. */
int ctxtop_wake_pipe(int ends[2]);
void ctxtop_name_thread(const char *name);

/* All return 0 (or a descriptor) or -errno. */
int ctxtop_unix_socket(void);
int ctxtop_bind(int fd, const char *path);
/* Binds to a name in an open directory, without its path: through /proc, ENOENT where that is missing. */
int ctxtop_bind_in(int fd, int directory, const char *name);
/* Whether somebody listens at a name in an open directory: 1 or 0. */
int ctxtop_has_listener(int directory, const char *name);
int ctxtop_accept(int fd);
/* Effective user and group of the peer, as the kernel recorded them at connect. */
int ctxtop_peer(int fd, uint32_t *user, uint32_t *group, int32_t *pid);
/* Whether a group is the peer's own or one of its supplementary groups: 1 or 0. */
int ctxtop_peer_is_in_group(int fd, uint32_t group);
#define CTXTOP_SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path))

/* Connections that wait in the queues of this process's listening TCP sockets; -1: it has none. */
int64_t ctxtop_listen_queue(void);

/* The id of a group by its name or number, or -1. Not for several threads at once. */
int64_t ctxtop_group_id(const char *name);

/* Whether the directory lies on tmpfs: 1, 0, or -errno. */
int ctxtop_is_tmpfs(int fd);

/* One private anonymous page that reads as zero in every child of a fork or clone; NULL where there is none. */
void *ctxtop_wiped_page(void);

/* A second mapping of the pages of a shared one; NULL where there can be none. */
void *ctxtop_second_mapping(void *pages, size_t size);
/* Zeroed memory that nobody else sees, in pages of its own; NULL where there is none. */
void *ctxtop_private_memory(size_t size);
/* Puts a file's pages where a mapping is, in one step: 0, or -1 with everything as before. */
int ctxtop_replace_mapping(void *pages, size_t size, int fd, off_t offset);

uint64_t ctxtop_thread_id(void);

/* link(2) of an open unnamed or temporary file is not possible everywhere: rename without replacing. */
int ctxtop_rename_new(int directory, const char *from, const char *to);

/*
 * Writes a line of at most PIPE_BUF bytes if that can be done at once: 1, else 0. Never waits for whoever reads a
 * pipe, a terminal or a socket; a file on a disk may take as long as it takes everybody else.
 */
int ctxtop_write_at_once(int fd, const void *bytes, size_t count);

/* Whether the processor has the instructions for CRC32C; only then may the next one be called. */
int ctxtop_has_crc32c(void);
/* Continues a CRC32C over some bytes, without the complement at its beginning and end. */
uint32_t ctxtop_crc32c(uint32_t crc, const void *bytes, size_t count);

/*
 * What the agent keeps per unit. A thread's own is reached without a call; a greenlet or a task, of which many
 * share a thread, has one of its own from the host's binding (Agent.coroutine), and the lane of its thread.
 */
struct ctxtop_thread {
  uint64_t attachment; /* the attachment that the unit belongs to; 0: none */
  void *lane;
  void *unit;
  uint64_t app_pushes;     /* app contexts pushed by this unit so far */
  uint64_t request_pushes; /* pushes of request contexts that have begun and not ended */
  uint64_t changes;        /* pushes and pops of any context that have: the record cannot agree with the stack */
  uint64_t running;        /* serial of the request whose code the application runs now; 0: none */
  uint64_t around;         /* serial of the request whose code made the running one; 0: a server did */
  uint32_t is_shared_lane;
  uint32_t kind; /* 0 thread, 1 greenlet, 2 task, CTXTOP_NO_UNIT */
  /* of a thread only: */
  uint64_t lane_attachment; /* the attachment that the lane belongs to; 0: none */
  uint64_t native_id;       /* the kernel's thread id, once there is a lane */
  uint64_t carrier;         /* for the binding: its name for what this thread is when no coroutine runs */
};
/* A coroutine beyond those that can be told apart: its events are counted, but it never gets a unit record. */
#define CTXTOP_NO_UNIT 0xffu
/* A greenlet or task in the binding's table. */
struct ctxtop_coroutine {
  struct ctxtop_thread state; /* first: a pointer to it is a pointer to all */
  uintptr_t key;
  void *watch;
  struct ctxtop_coroutine *next;
};
extern _Thread_local struct ctxtop_thread ctxtop_this_thread __attribute__((tls_model("initial-exec")));
static inline struct ctxtop_thread *ctxtop_thread(void) { return &ctxtop_this_thread; }

/* The context stacks of a thread of a Swift server (CtxtopContexts); NULL: it has none yet. */
extern _Thread_local void *ctxtop_this_stacks __attribute__((tls_model("initial-exec")));
static inline void *ctxtop_stacks(void) { return ctxtop_this_stacks; }
static inline void ctxtop_set_stacks(void *stacks) { ctxtop_this_stacks = stacks; }

/* Hints that ask for no memory: they replace a scheduler call between two tries to read a record. */
static inline void ctxtop_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
