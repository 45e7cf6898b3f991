// How the guest says that something did not work: what was tried, and errno. It is never thrown out of the
// agent; the server's log gets one line made from it.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopSnapshot
#endif

/// A system call that failed, or a check that refused.
package struct SystemFailure: Error, Equatable {
  /// What was being done, for a person.
  package let doing: StaticString
  /// errno; EPERM, ELOOP and the like also for our own refusals.
  package let code: Int32

  package init(_ doing: StaticString, _ code: Int32) {
    self.doing = doing
    self.code = code
  }

  package static func == (one: SystemFailure, other: SystemFailure) -> Bool { one.code == other.code }

  /// One line: what was tried and what happened.
  package var line: String {
    var line = ByteSink(capacity: 256)
    line.text(doing)
    line.text(": ")
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
      guard let described = ctxtop_describe_error(code, buffer.baseAddress, buffer.count) else { return }
      line.bytes(UnsafeRawBufferPointer(start: described, count: strlen(described)))
    }
    return line.string()
  }
}

/// Turns the negative errno of a C shim into an error.
@inline(__always)
package func valueOrFailure(_ value: Int32, _ doing: StaticString) throws(SystemFailure) -> Int32 {
  if value < 0 { throw SystemFailure(doing, 0 &- value) }
  return value
}

/// Turns the -1 of a libc call into an error.
@inline(__always)
package func checked(_ value: Int32, _ doing: StaticString) throws(SystemFailure) {
  if value < 0 { throw SystemFailure(doing, ctxtop_errno()) }
}
