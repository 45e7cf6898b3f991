// The stacks of one unit: of a thread (ThreadStacks.swift), or of a task (TaskStacks.swift). Only the unit itself uses
// them: no lock guards what is here.

import CCtxtop
import CtxtopAgent
import CtxtopScoreboard
import Synchronization

/// Both stacks of one unit. Nothing is asked for while it is being changed, and nobody else changes it: the checks
/// for that would cost more than the changes.
final class UnitStacks {
  @exclusivity(unchecked) var apps = ContextChain<AppContext>()
  @exclusivity(unchecked) var requests = ContextChain<RequestContext>()
  /// Tells units apart; in the upper half of the identities that contexts get here, which are never given twice.
  let number = UnitStacks.numbers.wrappingAdd(1, ordering: .relaxed).newValue &<< 32
  @exclusivity(unchecked) private var identities: UInt64 = 0
  @exclusivity(unchecked) private var places: UInt64 = 0
  /// Contexts that nobody knows any more, for the next request: no memory is asked for and no app is retained then.
  @exclusivity(unchecked) private var spareApp: AppContext?
  @exclusivity(unchecked) private var spareRequest: RequestContext?
  @exclusivity(unchecked) var sites = CallSites()
  /// The unit's scoped sessions, of all registries.
  @exclusivity(unchecked) var sessions: [SessionKey: AnyObject] = [:]

  /// How many pops have found contexts above theirs and are popping those, one within the other.
  @exclusivity(unchecked) var settling = 0
  static let deepestSettling = 8

  private static let numbers = Atomic<UInt64>(0)

  @inline(__always)
  func newIdentity() -> UInt64 {
    identities &+= 1
    return number | identities & 0xffff_ffff
  }

  /// Grows with each push; in the upper half is the unit, for contexts that two of them push.
  @inline(__always)
  func newPlace() -> UInt64 {
    places &+= 1
    return number | places & 0xffff_ffff
  }

  @inline(__always)
  var isEmpty: Bool { apps.top == nil && requests.top == nil }

  // MARK: Contexts without a past

  @inline(__always)
  func makeApp(_ app: App) -> AppContext {
    if let spare = spareApp.take(), spare.app === app {
      spare.identity = newIdentity()
      return spare
    }
    return AppContext(app, identity: newIdentity())
  }

  @inline(__always)
  func makeRequest(_ app: App, _ request: RequestDescription) -> RequestContext {
    if let spare = spareRequest.take(), spare.app === app {
      spare.renew(request, identity: newIdentity())
      return spare
    }
    return RequestContext(app, request, identity: newIdentity())
  }

  /// Keeps a context for the next one, if the caller is the last to know it.
  @inline(__always)
  func recycle(_ context: inout AppContext?) {
    guard isKnownUniquelyReferenced(&context), let known = context.take(), known.isUnused else { return }
    known.values.removeAll()
    spareApp = known
  }

  @inline(__always)
  func recycle(_ context: inout RequestContext?) {
    guard isKnownUniquelyReferenced(&context), let known = context.take(), known.isUnused else { return }
    known.values.removeAll()
    spareRequest = known
  }

  // MARK: The agent's record

  /// Makes the agent's record of the calling unit agree with these stacks.
  func reconcile() {
    if isEmpty {
      if Agent.recordedContexts > 0 { Agent.reconcile(with: UnsafeBufferPointer(start: nil, count: 0)) }
      return
    }
    var all = apps.entries.map { ($0.place, StackEntry(kind: 0, identity: $0.context.identity, frame: 0)) }
    all += requests.entries.map { ($0.place, StackEntry(kind: 1, identity: $0.context.identity, frame: 0)) }
    all.sort { $0.0 < $1.0 }
    all.map(\.1).withUnsafeBufferPointer { Agent.reconcile(with: $0) }
  }

  /// The request is about to end: the record agrees with the stacks, and what the request leaves is marked.
  @inline(__always)
  func settle(_ token: RequestToken) {
    if isEmpty, Agent.recordedContexts == 0 { return }
    settleRecord(token)
  }

  @inline(never)
  private func settleRecord(_ token: RequestToken) {
    guard Agent.isCurrent(token) else { return }
    reconcile()
    if Agent.leavesContexts(token) { _ = Agent.markLeft(token, endpoint: 0, rule: 0) }
  }
}
