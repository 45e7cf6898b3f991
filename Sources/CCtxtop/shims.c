#define _GNU_SOURCE 1
#include "CCtxtop.h"

#include <grp.h>
#include <linux/magic.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <nmmintrin.h>
#include <wmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <sys/auxv.h>
#endif

/* Nothing here is called often but the checksum at the end: the smallest code will do. */
#pragma clang attribute push(__attribute__((minsize)), apply_to = function)

_Thread_local struct ctxtop_thread ctxtop_this_thread;
_Thread_local void *ctxtop_this_stacks;

static int result(long value) { return value < 0 ? -errno : (int)value; }

const char *ctxtop_describe_error(int code, char *buffer, size_t size) { return strerror_r(code, buffer, size); }

int ctxtop_allocate(int fd, off_t offset, off_t length) {
  /* tmpfs gives up when a signal is pending, and begins anew each time: bounded, should the signals never end. */
  for (int tries = 0; tries < 100; tries++) {
    if (fallocate(fd, 0, offset, length) == 0) return 0;
    if (errno != EINTR) break;
  }
  return -errno;
}

static struct flock byte_lock(short type, off_t byte) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
  return lock;
}

int ctxtop_lock_byte(int fd, off_t byte) {
  struct flock lock = byte_lock(F_WRLCK, byte);
  return result(fcntl(fd, F_SETLK, &lock));
}

void ctxtop_unlock_byte(int fd, off_t byte) {
  struct flock lock = byte_lock(F_UNLCK, byte);
  (void)fcntl(fd, F_SETLK, &lock);
}

int ctxtop_is_byte_locked(int fd, off_t byte) {
  struct flock lock = byte_lock(F_WRLCK, byte);
  if (fcntl(fd, F_GETLK, &lock) < 0) return -errno;
  return lock.l_type != F_UNLCK;
}

int ctxtop_pidfd_open(int pid) { return result(syscall(SYS_pidfd_open, pid, 0)); }

int ctxtop_wake_pipe(int ends[2]) { return result(pipe2(ends, O_CLOEXEC | O_NONBLOCK)); }

void ctxtop_name_thread(const char *name) { (void)prctl(PR_SET_NAME, name); }

int ctxtop_unix_socket(void) { return result(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

int ctxtop_bind(int fd, const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return -ENAMETOOLONG;
  strcpy(address.sun_path, path);
  return result(bind(fd, (struct sockaddr *)&address, sizeof address));
}

static __attribute__((noinline)) int address_in(struct sockaddr_un *address, int directory, const char *name) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  int length = snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", directory, name);
  return length < (int)sizeof address->sun_path ? 0 : -ENAMETOOLONG;
}

int ctxtop_bind_in(int fd, int directory, const char *name) {
  struct sockaddr_un address;
  int code = address_in(&address, directory, name);
  return code < 0 ? code : result(bind(fd, (struct sockaddr *)&address, sizeof address));
}

int ctxtop_has_listener(int directory, const char *name) {
  struct sockaddr_un address;
  int fd = ctxtop_unix_socket();
  if (fd < 0) return 0;
  /* Who has a full queue listens as well. */
  int listens = address_in(&address, directory, name) == 0 &&
                (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EAGAIN);
  close(fd);
  return listens;
}

int ctxtop_accept(int fd) { return result(accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)); }

int ctxtop_peer(int fd, uint32_t *user, uint32_t *group, int32_t *pid) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) return -errno;
  *user = peer.uid;
  *group = peer.gid;
  *pid = peer.pid;
  return 0;
}

int ctxtop_peer_is_in_group(int fd, uint32_t group) {
  gid_t groups[256]; /* who is in more than these is taken for nobody's member */
  socklen_t size = sizeof groups;
  uint32_t user, own;
  int32_t pid;
  if (ctxtop_peer(fd, &user, &own, &pid) < 0) return 0;
  if (own == group) return 1;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0) return 0;
  for (size_t i = 0; i < size / sizeof *groups; i++)
    if (groups[i] == group) return 1;
  return 0;
}

int64_t ctxtop_group_id(const char *name) {
  char *end;
  struct group *group = getgrnam(name);
  if (group) return group->gr_gid;
  long number = strtol(name, &end, 10);
  return *name && !*end && number >= 0 ? number : -1;
}

int ctxtop_is_tmpfs(int fd) {
  struct statfs status;
  if (fstatfs(fd, &status) < 0) return -errno;
  return status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC;
}

void *ctxtop_wiped_page(void) {
  void *page = ctxtop_private_memory(CTXTOP_PAGE_BYTES);
  if (page == NULL) return NULL;
  if (madvise(page, CTXTOP_PAGE_BYTES, MADV_WIPEONFORK) == 0) return page;
  munmap(page, CTXTOP_PAGE_BYTES);
  return NULL;
}

static void *page_or_null(void *page) { return page == MAP_FAILED ? NULL : page; }

void *ctxtop_second_mapping(void *pages, size_t size) {
  /* mremap(2): an old size of 0 asks for another mapping of the same pages. It needs no descriptor. */
  return page_or_null(mremap(pages, 0, size, MREMAP_MAYMOVE));
}

void *ctxtop_private_memory(size_t size) {
  return page_or_null(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

int ctxtop_replace_mapping(void *pages, size_t size, int fd, off_t offset) {
  return mmap(pages, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, offset) == MAP_FAILED ? -1 : 0;
}

uint64_t ctxtop_thread_id(void) { return (uint64_t)syscall(SYS_gettid); }

int ctxtop_rename_new(int directory, const char *from, const char *to) {
  return result(syscall(SYS_renameat2, directory, from, directory, to, 1 /* RENAME_NOREPLACE */));
}

int ctxtop_write_at_once(int fd, const void *bytes, size_t count) {
  struct stat status;
  struct pollfd room = {.fd = fd, .events = POLLOUT};
  struct iovec line = {.iov_base = (void *)bytes, .iov_len = count};
  if (fstat(fd, &status) != 0 || poll(&room, 1, 0) != 1 || !(room.revents & POLLOUT)) return 0;
  ssize_t done = -1;
  /* Somebody else may take the room before us. Kernels before 6.4 cannot be told not to wait for more then; a file on
     a disk always has room, and would rather say that it has none than look for it at once. */
  errno = EOPNOTSUPP;
  if (!S_ISREG(status.st_mode)) done = pwritev2(fd, &line, 1, -1, RWF_NOWAIT);
  if (done < 0 && (errno == EOPNOTSUPP || errno == ENOSYS)) done = write(fd, bytes, count);
  return done == (ssize_t)count;
}

int64_t ctxtop_listen_queue(void) {
  enum { DESCRIPTORS = 256, KEPT = 8, ROUNDS = 20 };
  /* Only the agent's thread asks. Sockets are looked for once in a while: a server has them before it has workers. */
  static int found[KEPT], count, round;
  if (round++ % ROUNDS == 0) {
    count = 0;
    for (int fd = 0; fd < DESCRIPTORS && count < KEPT; fd++) {
      int listens = 0;
      socklen_t size = sizeof listens;
      if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens) found[count++] = fd;
    }
  }
  int64_t waiting = -1;
  for (int index = 0; index < count; index++) {
    struct tcp_info info;
    socklen_t size = sizeof info;
    /* tcp(7) does not say it, but of a listening socket this field is the length of its accept queue. */
    if (getsockopt(found[index], IPPROTO_TCP, TCP_INFO, &info, &size) != 0 || info.tcpi_state != TCP_LISTEN) continue;
    waiting = (waiting < 0 ? 0 : waiting) + info.tcpi_unacked;
  }
  return waiting;
}

#pragma clang attribute pop

enum { THIRD = 1024 };

#if defined(__x86_64__)
#define CRC_TARGET __attribute__((target("sse4.2,pclmul")))
#define CRC_WORD(crc, word) ((uint32_t)_mm_crc32_u64(crc, word))
#define CRC_BYTE(crc, byte) _mm_crc32_u8(crc, byte)

int ctxtop_has_crc32c(void) {
  /* A virtual machine's host answers this: asked once. Who asks at the same time gets the same answer. */
  static int known;
  int answer = __atomic_load_n(&known, __ATOMIC_RELAXED);
  if (answer == 0) {
    unsigned a, b, c = 0, d;
    answer = __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_2) && (c & bit_PCLMUL) ? 1 : 2;
    __atomic_store_n(&known, answer, __ATOMIC_RELAXED);
  }
  return answer == 1;
}
/*
 * Three thirds side by side, since each step waits for the one before. A remainder is carried over what follows it by a
 * product with a power of x, modulo the polynomial: that of 8 times the bytes in between, less the 33 that the product
 * and the instruction add.
 */
CRC_TARGET static uint32_t crc_of_thirds(uint32_t crc, const unsigned char *bytes) {
  const __m128i powers = _mm_set_epi64x(0xfe314258 /* THIRD + 8 */, 0xf7506984 /* 2 THIRD + 8 */);
  uint64_t words[3], first = crc, second = 0, third = 0, last;
  for (int index = 0; index < THIRD; index += 8) {
    memcpy(&words[0], bytes + index, 8);
    memcpy(&words[1], bytes + index + THIRD, 8);
    memcpy(&words[2], bytes + index + 2 * THIRD, 8);
    first = _mm_crc32_u64(first, words[0]);
    second = _mm_crc32_u64(second, words[1]);
    third = _mm_crc32_u64(third, words[2]);
  }
  memcpy(&last, bytes + 3 * THIRD, 8);
  __m128i carried = _mm_xor_si128(_mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)first), powers, 0x00),
                                  _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)second), powers, 0x10));
  return (uint32_t)_mm_crc32_u64(third, last ^ (uint64_t)_mm_cvtsi128_si64(carried));
}
#elif defined(__aarch64__)
#define CRC_TARGET __attribute__((target("crc")))
#define CRC_WORD(crc, word) __crc32cd(crc, word)
#define CRC_BYTE(crc, byte) __crc32cb(crc, byte)

int ctxtop_has_crc32c(void) { return (getauxval(AT_HWCAP) & (1 << 7 /* HWCAP_CRC32 */)) != 0; }
#else
#define CRC_TARGET
#define CRC_WORD(crc, word) (crc)
#define CRC_BYTE(crc, byte) (crc)

int ctxtop_has_crc32c(void) { return 0; }
#endif

CRC_TARGET uint32_t ctxtop_crc32c(uint32_t crc, const void *bytes, size_t count) {
  const unsigned char *next = bytes;
#if defined(__x86_64__)
  for (; count >= 3 * THIRD + 8; count -= 3 * THIRD + 8, next += 3 * THIRD + 8) crc = crc_of_thirds(crc, next);
#endif
  for (; count >= 8; count -= 8, next += 8) {
    uint64_t word;
    memcpy(&word, next, 8);
    crc = CRC_WORD(crc, word);
  }
  for (; count > 0; count--) crc = CRC_BYTE(crc, *next++);
  return crc;
}
