/*
 * Other programs, and what is left of this one when it is gone. In C, because posix_spawn cannot make a child that dies
 * with its parent, and because between fork and exec nothing may happen that Swift does without being asked.
 *
 * Not a library for subprocesses: those of Swift wait in tasks of their own, and this program waits in one `poll`.
 */
#pragma once

/* What a child may do. */
enum {
  /* It gets a session of its own: no terminal to ask anything on, and no signals from one. */
  CTXTOP_SPAWN_DETACHED = 1,
};

/*
 * Starts the program at `path` with these three descriptors as 0, 1 and 2, and with no other descriptor. Signals are as
 * a shell would have them. The child is sent SIGTERM when the thread that started it ends, however that ends.
 * Returns its process id, or -errno; also what exec says.
 */
int ctxtop_spawn(const char *path, char *const argv[], char *const envp[], const int standard[3], int flags);

/*
 * Removes the directory at the absolute `path`, with the files and sockets in it, as soon as this process has ended:
 * also by SIGKILL. A process that does nothing else waits for it. Returns 0 or -errno.
 */
int ctxtop_remove_at_end(const char *path);

/*
 * This process is sent `signal` when the thread of its parent that started it ends, however that ends: for a child that
 * posix_spawn made. False: the process `parent` has ended already. Never undone; for the first thread, early.
 */
int ctxtop_end_with_parent(int parent, int signal);
