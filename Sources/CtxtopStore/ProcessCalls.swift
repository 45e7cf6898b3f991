// The system calls for other programs: to find one, to ask one, and to become one. The third part of Syscalls.swift,
// with the same manners.

import Glibc

extension System {
  /// Where a command lies, as `execvp` would find it: a path is itself, a name is looked up in PATH.
  ///
  /// Throws ENOENT if it is nowhere, and EACCES if there is only what cannot be run.
  package static func find(command: String) throws(SystemError) -> String {
    if command.contains("/") {
      try checkExecutable(command)
      return command
    }
    var worst = SystemError("access", ENOENT)
    for directory in (environment("PATH") ?? "/bin:/usr/bin").split(separator: ":", omittingEmptySubsequences: false) {
      let path = "\(directory.isEmpty ? "." : directory)/\(command)"
      do {
        try checkExecutable(path)
        return path
      } catch {
        if !error.isAbsence { worst = error }
      }
    }
    throw worst
  }

  /// `access` with X_OK, for what is not a directory.
  package static func checkExecutable(_ path: String) throws(SystemError) {
    guard try status(path).kind != .directory else { throw SystemError("access", EACCES) }
    _ = try value("access") { access(path, X_OK) }
  }

  /// The first bytes of a file, at most `limit`.
  package static func head(of path: String, limit: Int) throws(SystemError) -> [UInt8] {
    let descriptor = try open(path, O_RDONLY)
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    while bytes.count < limit, let count = try read(descriptor, into: &bytes, limit: limit - bytes.count) {
      if count == 0 { break }
    }
    return bytes
  }

  /// What a program writes to its standard output until it ends; its input is empty and its errors are dropped.
  /// nil: it took longer than `patience` (nanoseconds), and was killed.
  package static func output(
    of path: String, _ arguments: [String], within patience: UInt64
  ) throws(SystemError) -> [UInt8]? {
    var ends: [Int32] = [-1, -1]
    _ = try value("pipe") { pipe(&ends) }
    // Nobody else is started meanwhile: the program has one thread.
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[0]) }
    let child: pid_t
    do {
      child = try spawn(path, arguments, output: ends[1])
    } catch {
      close(ends[1])
      throw error
    }
    close(ends[1])
    let bytes = try? readAll(ends[0], until: monotonicTime() &+ patience)
    if bytes == nil { kill(child, SIGKILL) }
    var ending: Int32 = 0
    _ = try value("waitpid") { waitpid(child, &ending, 0) }
    return bytes
  }

  /// `execvp`: this process becomes the command. Comes back only with the reason why it could not.
  package static func become(_ command: String, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>)
    -> SystemError
  {
    execvp(command, arguments)
    return SystemError("execvp", errno)
  }

  private static func readAll(_ descriptor: Int32, until deadline: UInt64) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      let now = monotonicTime()
      guard now < deadline else { throw SystemError("poll", ETIMEDOUT) }
      guard try !poll([PollRequest(descriptor: descriptor)], timeout: deadline - now).isEmpty else { continue }
      if try read(descriptor, into: &bytes, limit: 4096) == 0 { return bytes }
    }
  }

  private static func spawn(_ path: String, _ arguments: [String], output: Int32) throws(SystemError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    var words = ([path] + arguments).map { strdup($0) }
    defer { for word in words { free(word) } }
    words.append(nil)
    var child: pid_t = 0
    let code = posix_spawn(&child, path, &actions, nil, words, environ)
    guard code == 0 else { throw SystemError("posix_spawn", code) }
    return child
  }
}
