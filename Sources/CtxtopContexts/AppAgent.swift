// Attaching the process of an app to its service.

import CCtxtop
import CtxtopAgent
import CtxtopScoreboard
import Synchronization

private let settling = Guarded<Void>(())

extension App {
  /// Attaches this process: from now on `ctxtop` shows it, whatever app its events come from. A worker calls this once,
  /// after any fork and before its first request; a second call does nothing.
  ///
  /// A failure leaves the process unmonitored and unharmed; it may be tried again. What the environment says
  /// (CTXTOP_DIR, CTXTOP_NAME, ...) holds against `configuration`.
  public func start(_ configuration: AgentConfiguration = AgentConfiguration()) throws(AgentFailure) {
    var configuration = configuration
    configuration.readEnvironment()
    if !configuration.isEnabled { return }
    let agent = try configuration.agent(name)
    let code = settling.withLock { _ in
      if Agent.attachment != 0 { return Int32(0) }
      Agent.configuration = agent
      Agent.recycleSignal = configuration.recycleSignal
      Agent.nameUnit = Self.nameUnit
      TeardownReport.showsMessages.store(configuration.showsMessages, ordering: .relaxed)
      return Agent.attach(configuration.identity(stacks))
    }
    if code != 0 { throw AgentFailure(line: Agent.problem) }
    TaskUnit.tellAgent()
    UnitStacks.current(for: self).reconcile()
    tellHazards()
  }

  /// Takes the process off its service: a worker that ends, once its requests are done.
  public func stop() { settling.withLock { _ in Agent.detach() } }

  /// Whether the process is attached.
  public static var isMonitored: Bool { Agent.attachment != 0 }

  /// Something in the configuration is known to lead to leaks: shown as CTX010 under `code`, one of the words that
  /// `ctxtop explain CTX010` lists.
  public func hazard(_ code: String, _ message: String) {
    hazards.withLock { $0.append((code, message)) }
    tellHazards()
  }

  private func tellHazards() {
    if Agent.attachment == 0 { return }
    for hazard in hazards.withLock({ $0 }) {
      Agent.hazard(
        code: UInt32(truncatingIfNeeded: Agent.name(hazard.code) as UInt64),
        message: UInt32(truncatingIfNeeded: Agent.name(hazard.message) as UInt64))
    }
  }

  /// A thread's own name; tasks have the one they were given.
  private static let nameUnit: @convention(c) (UInt32) -> UInt32 = { kind in
    if kind == 2 { return Task.name.map { UInt32(truncatingIfNeeded: Agent.name($0) as UInt64) } ?? 0 }
    let file = ctxtop_open("/proc/thread-self/comm", O_RDONLY | O_CLOEXEC, 0)
    if file < 0 { return 0 }
    defer { close(file) }
    return withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
      // With a newline at its end.
      let count = read(file, buffer.baseAddress, buffer.count)
      return count > 1 ? Agent.name(UnsafeRawBufferPointer(rebasing: buffer[..<(count - 1)])) : 0
    }
  }
}
