// Locks and other things that a server holds, and that die with a worker unless they are returned.

import CtxtopAgent
import CtxtopScoreboard
import Synchronization

/// Something that one unit at a time holds, or waits for: make one for each time it is taken. No method fails, and any
/// thread may tell that it was released. `kind` and `name` are shown as they are.
public final class TrackedResource: Sendable {
  private let kind: String
  private let name: String
  private let token = AttachedToken()

  /// A resource by its kind, such as `lock`, and its name.
  public init(kind: String = "lock", name: String) {
    self.kind = kind
    self.name = name
  }

  deinit { released() }

  /// It is wanted, and somebody else has it.
  public func waiting(
    file: StaticString = #fileID, line: UInt = #line, function: StaticString = #function
  ) {
    take(2, CallSite(file: file, line: line, function: function))
  }

  /// It is ours from now on.
  public func held(file: StaticString = #fileID, line: UInt = #line, function: StaticString = #function) {
    take(1, CallSite(file: file, line: line, function: function))
  }

  /// It is not ours any more, or no longer wanted.
  public func released() {
    guard let old = token.value else { return }
    token.value = nil
    Agent.released(old)
  }

  private func take(_ state: UInt32, _ site: CallSite) {
    released()
    if Agent.attachment == 0 { return }
    token.value = Agent.resourceTaken(
      kind: UInt32(truncatingIfNeeded: Agent.name(kind) as UInt64),
      name: UInt32(truncatingIfNeeded: Agent.name(name) as UInt64), state: state,
      frame: UnitStacks.current.sites.name(site))
  }
}
