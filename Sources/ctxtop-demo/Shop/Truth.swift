// What a worker knows that it left behind: counted by the shop itself, where it does it, and never read from what
// ctxtop reads. A file of words that others map or read, also when the worker is dead:
//
//   bytes 0..511   the counts' names in their order, with spaces between them, the rest zero
//   then           a 64-bit word for each, little-endian

import Glibc
import Synchronization

/// What one worker left behind, and what came of it.
final class Truth: @unchecked Sendable {
  // Sendable: the words are changed atomically.

  /// A thing that is counted.
  enum Count: String, CaseIterable {
    /// Contexts that are on a thread's stack for good.
    case contexts_left
    /// App contexts that went without their teardown functions.
    case contexts_vanished
    /// Requests that ran on an app context of somebody else.
    case contexts_reused
    /// Teardown functions that raised.
    case teardown_failures
    /// Connections out of the pool that nobody will return, their contexts being gone.
    case connections_lost
    /// Connections out of the pool by a session whose context is left on a stack.
    case connections_kept
    /// Sessions that were not removed, their contexts being gone.
    case sessions_orphaned
    /// Locks that nobody will give back.
    case locks_left
    /// Requests that were begun, and those that have ended.
    case requests, ended
    /// Requests whose handler threw, or whose teardown did.
    case exceptions
    /// Answers from a session of another user than the one who asked.
    case misserved
  }

  private let words: UnsafeMutablePointer<Atomic<UInt64>>

  init(writing path: String) throws(Trouble) {
    let size = 512 + Count.allCases.count * 8
    let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0, ftruncate(file, off_t(size)) == 0 else { throw .call("making \(path)") }
    defer { close(file) }
    let names = Count.allCases.map(\.rawValue).joined(separator: " ")
    guard pwrite(file, names, names.utf8.count, 0) == names.utf8.count,
      let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), memory != MAP_FAILED
    else { throw .call("writing \(path)") }
    words = UnsafeMutablePointer(OpaquePointer(memory + 512))
  }

  /// One more.
  func count(_ count: Count, _ by: UInt64 = 1) {
    let place = Count.allCases.firstIndex(of: count)!
    words[place].add(by, ordering: .relaxed)
  }
}
