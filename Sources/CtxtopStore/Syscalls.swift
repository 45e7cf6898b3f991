// Every system call of the operator's side, in one place: each function is one call, retries EINTR,
// and throws `SystemError` instead of returning -1. Nothing else in this target touches errno.

import Glibc

/// A system call that failed.
package struct SystemError: Error, Equatable, Sendable {
  /// The call's name, e.g. `connect`.
  package let call: String
  /// Its errno.
  package let code: Int32

  /// The failure of `call` with `code`.
  package init(_ call: String, _ code: Int32) {
    self.call = call
    self.code = code
  }

  /// What the code means, in libc's words.
  package var description: String { String(cString: strerror(code)) }
  /// Whether the file is simply not there.
  package var isAbsence: Bool { code == ENOENT || code == ENOTDIR }
  /// Whether nobody listens at the socket.
  package var isRefusal: Bool { code == ECONNREFUSED }
  /// Whether somebody listens, but has a full queue.
  package var isBusy: Bool { code == EAGAIN }
  /// Whether the other end is gone.
  package var isBrokenPipe: Bool { code == EPIPE || code == ECONNRESET }
  /// Whether permission was missing.
  package var isPermission: Bool { code == EACCES || code == EPERM || code == EROFS }
}

/// What `stat` tells about a file, reduced to what safety checks ask for.
package struct FileStatus: Equatable, Sendable {
  /// What a path leads to.
  package enum Kind: Equatable, Sendable { case directory, socket, regular, symbolicLink, other }

  /// Directory, socket, regular file, ...
  package let kind: Kind
  /// The owner's user id.
  package let owner: UInt32
  /// Permission bits.
  package let mode: UInt32
  /// Device and inode: the same for two paths that lead to the same file.
  package let identity: [UInt64]

  init(_ raw: stat) {
    switch raw.st_mode & S_IFMT {
    case S_IFDIR: kind = .directory
    case S_IFSOCK: kind = .socket
    case S_IFREG: kind = .regular
    case S_IFLNK: kind = .symbolicLink
    default: kind = .other
    }
    owner = raw.st_uid
    mode = raw.st_mode & 0o7777
    identity = [UInt64(raw.st_dev), UInt64(raw.st_ino)]
  }
}

/// The system calls themselves.
package enum System {
  /// The call's result, or what errno says; a call that a signal interrupted is made again.
  static func value<Result: SignedInteger>(_ call: String, _ body: () -> Result) throws(SystemError) -> Result {
    while true {
      let result = body()
      if result >= 0 { return result }
      let code = errno
      if code != EINTR { throw SystemError(call, code) }
    }
  }

  /// `lstat`: the file itself, also where it is a symbolic link.
  package static func linkStatus(_ path: String) throws(SystemError) -> FileStatus {
    var raw = stat()
    _ = try value("lstat") { lstat(path, &raw) }
    return FileStatus(raw)
  }

  /// `stat`: what the path leads to.
  package static func status(_ path: String) throws(SystemError) -> FileStatus {
    var raw = stat()
    _ = try value("stat") { stat(path, &raw) }
    return FileStatus(raw)
  }

  /// Names in a directory, sorted, without `.` and `..`; a name that is not UTF-8 is repaired.
  package static func names(in directory: String) throws(SystemError) -> [String] {
    guard let stream = opendir(directory) else { throw SystemError("opendir", errno) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// `open`; the descriptor is closed on exec.
  package static func open(_ path: String, _ flags: Int32, mode: UInt32 = 0) throws(SystemError) -> Int32 {
    try value("open") { Glibc.open(path, flags | O_CLOEXEC, mode_t(mode)) }
  }

  /// `close`; there is nothing sensible to do when it fails, except where `closeChecked` is used.
  package static func close(_ descriptor: Int32) { _ = Glibc.close(descriptor) }

  /// `close` after writing: a file system may report a failed write only here.
  package static func closeChecked(_ descriptor: Int32) throws(SystemError) {
    // EINTR is no reason to repeat: on Linux the descriptor is gone then.
    guard Glibc.close(descriptor) == 0 || errno == EINTR else { throw SystemError("close", errno) }
  }

  /// `read` into the end of `buffer`, at most `limit` bytes; 0: the end; nil: nothing there yet.
  package static func read(_ descriptor: Int32, into buffer: inout [UInt8], limit: Int) throws(SystemError) -> Int? {
    let start = buffer.count
    buffer.append(contentsOf: repeatElement(0, count: limit))
    let count = buffer.withUnsafeMutableBytes { bytes in
      Glibc.read(descriptor, bytes.baseAddress! + start, limit)
    }
    let code = errno
    buffer.removeLast(limit - max(0, count))
    if count >= 0 { return count }
    if code == EAGAIN || code == EINTR { return nil }
    throw SystemError("read", code)
  }

  /// `write` of all bytes, waiting where the descriptor does not block; SIGPIPE is the caller's business.
  package static func write(_ descriptor: Int32, _ bytes: [UInt8]) throws(SystemError) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, bytes.count - written) }
      if count >= 0 {
        written += count
      } else if errno == EAGAIN {
        _ = try poll([PollRequest(descriptor: descriptor, writes: true)], timeout: nil)
      } else if errno != EINTR {
        throw SystemError("write", errno)
      }
    }
  }

  /// `fsync`, where the file can be synchronised at all.
  package static func synchronize(_ descriptor: Int32) throws(SystemError) {
    guard fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS else { throw SystemError("fsync", errno) }
  }

  /// `rename`: replaces what is at `new`.
  package static func rename(_ old: String, to new: String) throws(SystemError) {
    _ = try value("rename") { Glibc.rename(old, new) }
  }

  /// `rename`, but for what is at `new` already: then false, and both stay.
  package static func renameUnlessThere(_ old: String, to new: String) throws(SystemError) -> Bool {
    do {
      _ = try value("link") { Glibc.link(old, new) }
    } catch {
      if error.code == EEXIST { return false }
      // Not every file system has links: there the name is taken first.
      guard [EPERM, EOPNOTSUPP, ENOSYS].contains(error.code) else { throw error }
      do {
        close(try open(new, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600))
      } catch {
        if error.code == EEXIST { return false }
        throw error
      }
      try rename(old, to: new)
      return true
    }
    try unlink(old)
    return true
  }

  /// `unlink`.
  package static func unlink(_ path: String) throws(SystemError) { _ = try value("unlink") { Glibc.unlink(path) } }

  /// `poll`: indices of the requests that are ready (or at their end); `timeout` in nanoseconds, nil: for ever.
  /// A signal ends the wait without a ready request.
  package static func poll(_ requests: [PollRequest], timeout: UInt64?) throws(SystemError) -> [Int] {
    var entries = requests.map {
      pollfd(fd: $0.descriptor, events: Int16($0.writes ? POLLOUT : POLLIN), revents: 0)
    }
    // Rounded up: waking before the deadline would spin until it is reached.
    let milliseconds = timeout.map { Int32(clamping: ($0 / 1_000_000) &+ ($0 % 1_000_000 == 0 ? 0 : 1)) } ?? -1
    guard Glibc.poll(&entries, nfds_t(entries.count), milliseconds) >= 0 else {
      if errno == EINTR { return [] }
      throw SystemError("poll", errno)
    }
    return entries.indices.filter { entries[$0].revents != 0 }
  }

  /// Nanoseconds of the monotonic clock.
  package static func monotonicTime() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

  /// The effective user id.
  package static func userID() -> UInt32 { geteuid() }

  /// A user's name, or `uid N` where it has none.
  package static func userName(_ id: UInt32) -> String {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var text = [CChar](repeating: 0, count: 4096)
    guard getpwuid_r(id, &entry, &text, text.count, &found) == 0, found != nil, let name = entry.pw_name else {
      return "uid \(id)"
    }
    return String(cString: name)
  }

  /// An environment variable; nil where it is unset or empty.
  package static func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }
}

extension System {
  /// The path without links; nil where it leads nowhere.
  package static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
