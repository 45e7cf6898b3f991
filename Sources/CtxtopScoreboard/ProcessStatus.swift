// What `/proc/PID/stat` says of a process. proc(5): the second field is the command in parentheses and may
// hold anything, so fields are counted from the last closing parenthesis.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopSnapshot
#endif

/// One reading of a process's status.
package struct ProcessStatus {
  /// The kernel's state letter.
  package var state: UInt8 = 0
  /// Parent's process id.
  package var parent: Int32 = 0
  /// User and system time, in nanoseconds.
  package var cpuTime: UInt64 = 0
  /// Start time in clock ticks after boot: with the pid, a process's name for ever.
  package var startTicks: UInt64 = 0
  /// Resident memory in bytes.
  package var residentBytes: UInt64 = 0

  /// Reads the status of a process; nil: there is none, or it is not visible from here.
  package init?(of pid: Int32) {
    var text: InlineArray<1024, UInt8> = InlineArray(repeating: 0)
    let count = withUnsafeMutableBytes(of: &text) { Self.read(Self.directory(of: pid).appending("/stat"), into: $0) }
    var index = count
    while index > 0, text[index - 1] != UInt8(ascii: ")") { index &-= 1 }
    if index == 0 { return nil }
    var field = 2
    index &+= 1
    while index < count {
      field &+= 1
      if field == 3 { state = text[index] }
      var value: UInt64 = 0
      while index < count, text[index] != UInt8(ascii: " ") {
        value = value &* 10 &+ UInt64(text[index] &- 48)
        index &+= 1
      }
      index &+= 1
      keep(field, value)
    }
    if field < 24 { return nil }
  }

  private mutating func keep(_ field: Int, _ value: UInt64) {
    let tick: UInt64 = 10_000_000  // USER_HZ is 100 on every Linux that there is
    switch field {
    case 4: parent = Int32(truncatingIfNeeded: value)
    case 14, 15: cpuTime = cpuTime &+ value &* tick
    case 22: startTicks = value
    case 24: residentBytes = value &* UInt64(CTXTOP_PAGE_BYTES)
    default: break
    }
  }

  /// As the snapshot wants it.
  package func sample(at time: UInt64) -> KernelSample {
    KernelSample(state: state, residentBytes: residentBytes, cpuTime: cpuTime, time: time)
  }

  /// The inode of this process's pid namespace; 0 where it cannot be told.
  package static func pidNamespace() -> UInt64 { namespace("/proc/self/ns/pid") }

  /// The inode of this process's time namespace; 0 where it cannot be told.
  package static func timeNamespace() -> UInt64 { namespace("/proc/self/ns/time") }

  @inline(never)
  private static func namespace(_ path: StaticString) -> UInt64 {
    var status = stat()
    let found = stat(UnsafeRawPointer(path.utf8Start).assumingMemoryBound(to: CChar.self), &status)
    return found == 0 ? UInt64(status.st_ino) : 0
  }

  /// No process has a negative number, and none has that which it is taken for here.
  private static func directory(of pid: Int32) -> Path {
    Path("/proc/").appending(UInt64(UInt32(bitPattern: pid)))
  }

  /// How many bytes there are of a file's beginning; 0 where it cannot be read.
  private static func read(_ path: Path, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let fd = path.withCString { ctxtop_open($0, O_RDONLY | O_CLOEXEC, 0) }
    if fd < 0 { return 0 }
    defer { close(fd) }
    return max(CCtxtop.read(fd, buffer.baseAddress, buffer.count), 0)
  }
}
