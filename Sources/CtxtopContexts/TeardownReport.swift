// What is told when a teardown function throws: to the agent, and to whoever wants to log it.

import CCtxtop
import CtxtopAgent
import CtxtopScoreboard
import Synchronization

/// A teardown function that threw, or a pop that did not fit its stack.
public struct TeardownReport: Sendable {
  /// The function's name; empty for a pop that did not fit.
  public let function: String
  /// Where it was registered.
  public let location: String
  /// Whether it was one for requests.
  public let isRequest: Bool
  /// The group whose function it was; nil: the app's.
  public let group: String?
  /// What it threw.
  public let error: any Error
  /// Functions that did not run because of it.
  public let skipped: [String]

  init(function: String, location: String, isRequest: Bool, group: String?, error: any Error, skipped: [String]) {
    self.function = function
    self.location = location
    self.isRequest = isRequest
    self.group = group
    self.error = error
    self.skipped = skipped
  }

  init(misuse error: ContextError) {
    self.init(function: "", location: "", isRequest: false, group: nil, error: error, skipped: [])
  }

  /// Whether messages of errors may leave the process: only if the configuration says so.
  static let showsMessages = Atomic<Bool>(false)

  /// One line for a log.
  public var line: String {
    if function.isEmpty { return "a context was popped out of order: \(error)" }
    return "teardown function \(function) (\(location)) threw \(type(of: error)): \(error)"
  }

  /// Tells the agent.
  func send() {
    if Agent.attachment == 0 || function.isEmpty { return }
    var words = FailureWords()
    words.kind = isRequest ? 1 : 0
    words.function = Self.number(function)
    words.location = Self.number(location)
    words.exception = Self.number("\(type(of: error))")
    words.blueprint = group.map(Self.number) ?? 0
    var message = Self.showsMessages.load(ordering: .relaxed) ? Redaction.message(error) : ""
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    skipped.prefix(CTXTOP_FAILURE_SKIPPED_MAX).map(Self.number).withUnsafeBufferPointer { names in
      message.withUTF8 { message in
        Agent.teardownFailed(words, skipped: names, message: UnsafeRawBufferPointer(message), traceback: nothing)
      }
    }
  }

  private static func number(_ text: String) -> UInt32 { UInt32(truncatingIfNeeded: Agent.name(text) as UInt64) }
}

extension App {
  /// A teardown function threw.
  @inline(never)
  func tell(_ report: TeardownReport) {
    report.send()
    if let watcher = watchers.withLock({ $0 }) { return watcher(report) }
    if rules.policy == .log { Self.write("\(name): \(report.line)\n") }
  }

  /// Writes to the standard error if that can be done at once: a server's thread does not wait for who reads its log.
  private static func write(_ line: String) {
    var line = line.count > 1000 ? String(line.prefix(1000)) + "\n" : line
    line.withUTF8 { _ = ctxtop_write_at_once(2, $0.baseAddress!, $0.count) }
  }
}
