#define _GNU_SOURCE 1
#include "CSpawn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Closes everything from `first` on. */
static void close_from(int first) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, (unsigned)first, ~0u, 0u) == 0) return;
#endif
  long count = sysconf(_SC_OPEN_MAX);
  for (int fd = first; fd < (count > 0 && count < 65536 ? count : 65536); fd++) close(fd);
}

/* What a handler of the parent's would do must not happen in the child. What the user ignores stays ignored. */
static void reset_signals(void) {
  for (int number = 1; number < 65; number++) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) != 0) continue;
    int is_ours = number == SIGPIPE || number == SIGXFSZ;
    if (action.sa_handler == SIG_IGN && !is_ours) continue;
    action.sa_handler = SIG_DFL;
    action.sa_flags = 0;
    sigaction(number, &action, NULL);
  }
}

static void become(const char *path, char *const argv[], char *const envp[], const int standard[3], int report) {
  /* None of them may be in the way of another. */
  int high[4] = {standard[0], standard[1], standard[2], report};
  for (int index = 0; index < 4; index++) {
    high[index] = fcntl(high[index], F_DUPFD, 10);
    if (high[index] < 0) _exit(127);
  }
  for (int index = 0; index < 3; index++)
    if (dup2(high[index], index) < 0) _exit(127);
  if (dup2(high[3], 3) < 0 || fcntl(3, F_SETFD, FD_CLOEXEC) < 0) _exit(127);
  close_from(4);
  execve(path, argv, envp);
  int code = errno;
  ssize_t count = write(3, &code, sizeof code);
  (void)count;
  _exit(127);
}

int ctxtop_spawn(const char *path, char *const argv[], char *const envp[], const int standard[3], int flags) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  pid_t parent = getpid();
  pid_t child = fork();
  int code = errno;
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    /* It may have ended before. */
    if (getppid() != parent) _exit(127);
    if (flags & CTXTOP_SPAWN_DETACHED) setsid();
    reset_signals();
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    become(path, argv, envp, standard, ends[1]);
  }
  sigprocmask(SIG_SETMASK, &before, NULL);
  close(ends[1]);
  if (child < 0) {
    close(ends[0]);
    return -code;
  }
  ssize_t count;
  do count = read(ends[0], &code, sizeof code);
  while (count < 0 && errno == EINTR);
  close(ends[0]);
  if (count != sizeof code) return child;
  while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
  return -code;
}

/* Whoever used the directory may be about to end as well: what it still makes is removed, too. */
static void remove_directory(const char *path) {
  for (int tries = 0; tries < 50; tries++) {
    DIR *directory = opendir(path);
    if (!directory) return;
    for (struct dirent *entry; (entry = readdir(directory));)
      if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
        unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
    if (rmdir(path) == 0 || errno == ENOENT) return;
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
  }
}

int ctxtop_remove_at_end(const char *path) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
  pid_t child = fork();
  if (child < 0) {
    int code = errno;
    close(ends[0]);
    close(ends[1]);
    return -code;
  }
  if (child == 0) {
    /* Nobody has to wait for a grandchild. */
    if (fork() != 0) _exit(0);
    setsid();
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    prctl(PR_SET_NAME, "ctxtop-tidy");
    /* Standard output and error may be pipes whose end somebody waits for. */
    if (dup2(ends[0], 0) < 0) _exit(1);
    close_from(1);
    if (chdir("/") < 0) _exit(1);
    char byte;
    ssize_t count;
    /* Nothing is ever written: what comes is the end. */
    do count = read(0, &byte, 1);
    while (count < 0 && errno == EINTR);
    remove_directory(path);
    _exit(0);
  }
  close(ends[0]);
  while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
  /* The other end stays open until this process ends. */
  return 0;
}

int ctxtop_end_with_parent(int parent, int signal) {
  prctl(PR_SET_PDEATHSIG, signal);
  return getppid() == parent;
}
