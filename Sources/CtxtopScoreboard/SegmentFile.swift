// The file behind a segment: created complete under a private name and then given its own, grown slot by
// slot, mapped by its writers. Touching a page that the file system has not allocated can be SIGBUS, which
// kills the host, so every page is allocated before its first use.

import CCtxtop

/// A segment file that this process writes to.
package struct SegmentFile: Sendable {
  /// Open for reading and writing.
  package let descriptor: Int32
  /// Identity of the file, to notice when the path or the descriptor leads elsewhere.
  package let identity: FileIdentity
  /// The header page, mapped.
  nonisolated(unsafe) package let header: Words

  /// Opens the segment `stem` in an open directory, creating it when there is none.
  package static func open(in directory: Int32, stem: String, mode: FileMode) throws(SystemFailure) -> SegmentFile {
    let name = name(stem, ".segment")
    for _ in 0..<4 {
      let fd = name.withCString { ctxtop_open_in(directory, $0, flags, 0) }
      if fd >= 0 { return try SegmentFile(adopting: fd, mode: mode) }
      let code = ctxtop_errno()
      guard code == ENOENT else { throw SystemFailure("opening the segment", code) }
      try create(name, directory, stem, mode)
    }
    throw SystemFailure("opening the segment", EAGAIN)
  }

  /// How a file that is there already is opened: whatever it turns out to be, opening it waits for nobody.
  static let flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY

  /// The name of a file of the service `stem` with the given ending; it carries the layout version.
  @inline(never)
  package static func name(_ stem: String, _ ending: String) -> Path {
    Path(stem).appending(".v").appending(UInt64(CTXTOP_LAYOUT)).appending(ending)
  }

  private init(adopting fd: Int32, mode: FileMode) throws(SystemFailure) {
    do throws(SystemFailure) {
      identity = try FileIdentity(of: fd)
      try Self.check(fd, identity)
      if identity.mode & 0o777 != UInt32(mode.file) { try mode.apply(to: fd) }
      header = try Self.map(fd, offset: 0, count: CTXTOP_PAGE_BYTES)
      descriptor = fd
    } catch {
      close(fd)
      throw error
    }
  }

  /// Maps a range for reading and writing.
  @inline(never)
  package static func map(_ fd: Int32, offset: Int, count: Int) throws(SystemFailure) -> Words {
    let base = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset)
    guard let base, base != UnsafeMutableRawPointer(bitPattern: -1) else {
      throw SystemFailure("mapping the segment", ctxtop_errno())
    }
    return Words(base)
  }

  /// Allocates the pages of a range of bytes.
  package func allocate(offset: Int, count: Int) throws(SystemFailure) {
    try Self.allocate(descriptor, offset: offset, count: count)
  }

  private static func allocate(_ fd: Int32, offset: Int, count: Int) throws(SystemFailure) {
    var limit = rlimit()
    // Growing a file past RLIMIT_FSIZE is a signal that kills the host.
    if getrlimit(ctxtop_file_size_limit(), &limit) == 0, UInt64(offset &+ count) > UInt64(limit.rlim_cur) {
      throw SystemFailure("allocating the segment", EFBIG)
    }
    _ = try valueOrFailure(ctxtop_allocate(fd, offset, count), "allocating the segment")
  }

  private static func create(
    _ name: Path, _ directory: Int32, _ stem: String, _ mode: FileMode
  ) throws(SystemFailure) {
    // The time is for what a killed maker left behind: in a container the next one has the same ids.
    let temporary = Path(".").appending(stem).appending(".").appending(UInt64(getpid())).appending(".")
      .appending(Clock.now())
    let fd = temporary.withCString { ctxtop_open_in(directory, $0, flags | O_CREAT | O_EXCL, 0o600) }
    if fd < 0 { throw SystemFailure("creating the segment", ctxtop_errno()) }
    defer {
      temporary.withCString { _ = unlinkat(directory, $0, 0) }
      close(fd)
    }
    try mode.apply(to: fd)
    try allocate(fd, offset: 0, count: CTXTOP_PAGE_BYTES)
    let header = try map(fd, offset: 0, count: CTXTOP_PAGE_BYTES)
    SegmentHeader.write(to: header, service: stem)
    munmap(header.base, CTXTOP_PAGE_BYTES)
    let renamed = temporary.withCString { from in name.withCString { to in ctxtop_rename_new(directory, from, to) } }
    if renamed < 0, renamed != -EEXIST { throw SystemFailure("creating the segment", 0 &- renamed) }
  }

  private static func check(_ fd: Int32, _ identity: FileIdentity) throws(SystemFailure) {
    guard identity.isOurs else { throw SystemFailure("using the segment", EPERM) }
    guard identity.size >= CTXTOP_PAGE_BYTES else { throw SystemFailure("using the segment", EINVAL) }
    let copy = UnsafeMutableRawPointer.allocate(byteCount: CTXTOP_PAGE_BYTES, alignment: 8)
    defer { copy.deallocate() }
    guard pread(fd, copy, CTXTOP_PAGE_BYTES, 0) == CTXTOP_PAGE_BYTES, SegmentHeader.isOurs(Words(copy)) else {
      throw SystemFailure("using the segment", EINVAL)
    }
  }
}

/// Which file a descriptor or path leads to.
package struct FileIdentity: Sendable {
  package let device: UInt64
  package let inode: UInt64
  package let owner: UInt32
  package let size: Int
  package let mode: UInt32
  /// How many names it has.
  private let links: Int

  package init(of fd: Int32) throws(SystemFailure) {
    var status = stat()
    if fstat(fd, &status) < 0 { throw SystemFailure("looking at a descriptor", ctxtop_errno()) }
    self.init(status)
  }

  /// The file of a name in an open directory, or of a path, links not followed; nil where there is none.
  package init?(_ name: Path, in directory: Int32 = AT_FDCWD) {
    var status = stat()
    if name.withCString({ fstatat(directory, $0, &status, AT_SYMLINK_NOFOLLOW) }) < 0 { return nil }
    self.init(status)
  }

  private init(_ status: stat) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    owner = status.st_uid
    size = Int(status.st_size)
    mode = status.st_mode
    links = Int(status.st_nlink)
  }

  package var isRegular: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFREG) }
  /// Whether it is a file that an agent of this user may have made: one with another name is also something else.
  package var isOurs: Bool { isRegular && owner == geteuid() && links < 2 }
  package var isDirectory: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFDIR) }
  /// Whether it is a socket of this user.
  package var isOurSocket: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFSOCK) && owner == geteuid() }

  /// Whether both are the same file.
  package func isSame(as other: FileIdentity) -> Bool { device == other.device && inode == other.inode }
}

/// Permissions of what the agent creates: its own user alone, or a group besides.
package struct FileMode: Sendable {
  /// The group that may read; nil: nobody.
  package let group: UInt32?

  package init(group: UInt32?) { self.group = group }

  package var directory: mode_t { group == nil ? 0o700 : 0o750 }
  package var file: mode_t { group == nil ? 0o600 : 0o640 }
  package var socket: mode_t { group == nil ? 0o600 : 0o660 }

  /// Gives an open file its permissions, whatever the umask was.
  package func apply(to fd: Int32) throws(SystemFailure) {
    if let group { try checked(fchown(fd, none32, group), "giving the segment to its group") }
    try checked(fchmod(fd, file), "setting the segment's mode")
  }
}
