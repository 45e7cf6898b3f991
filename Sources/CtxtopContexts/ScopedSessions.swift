// Sessions of a database, one for each app context or thread, as Flask-SQLAlchemy has them. A teardown function removes
// the session; one that is there still when its context has gone is an orphan, with whatever transaction it has open, and
// of a thread's orphan the next request becomes the heir.

import CCtxtop
import CtxtopAgent
import CtxtopScoreboard

/// What a session has that is not committed.
public struct SessionState: OptionSet, Sendable {
  /// The bits.
  public let rawValue: UInt32
  /// A state from its bits.
  public init(rawValue: UInt32) { self.rawValue = rawValue }
  /// A transaction is open.
  public static let inTransaction = SessionState(rawValue: 1)
  /// It holds work that is not committed.
  public static let dirty = SessionState(rawValue: 2)
}

/// The sessions of an app. Make it when the app is set up: it registers a teardown function that removes the session,
/// and so runs before those that were registered earlier.
public final class ScopedSessions<Session: AnyObject>: SessionWatcher {
  /// What has a session of its own.
  public enum Scope: Sendable {
    /// An app context: Flask-SQLAlchemy 3.
    case context
    /// A thread, or a task: Flask-SQLAlchemy 1 and 2.
    case unit
  }

  private let scope: Scope
  private let stacks: Stacks
  private let make: @Sendable () throws -> Session
  private let state: @Sendable (Session) -> SessionState
  private let close: @Sendable (Session) -> Void
  private let scopeName = AttachedNumber()

  /// `make` opens a session, `state` tells what it has open without asking the database, `close` gives back what it
  /// has. With `commit` a session is committed by its teardown when its work did not fail; one that cannot be committed
  /// is then not removed.
  public init(
    _ app: App, scope: Scope = .context, commit: (@Sendable (Session) throws -> Void)? = nil,
    state: @escaping @Sendable (Session) -> SessionState, close: @escaping @Sendable (Session) -> Void,
    make: @escaping @Sendable () throws -> Session
  ) {
    self.scope = scope
    self.make = make
    self.state = state
    self.close = close
    stacks = app.stacks
    app.sessions.add(SessionWatch(self))
    if commit != nil {
      app.hazard(
        "commit_on_teardown", "\(app.name) commits on teardown: a commit that throws skips the removal of its session")
    }
    app.teardownApp("ScopedSessions.remove") { [weak self] _, error in
      guard let self else { return }
      if error == nil, let commit, let known { try commit(known.session) }
      remove()
    }
  }

  /// The session of the calling unit's context; opened if there is none.
  ///
  /// Throws `ContextError.noContext` where sessions belong to contexts and none is pushed, and what opening throws.
  public func current() throws -> Session {
    if let known { return known.session }
    let place = UnitStacks.current(stacks)
    guard let key = key(place, place.apps.top) else { throw ContextError.noContext }
    let entry = SessionEntry(try make())
    place.sessions[key] = entry
    return entry.session
  }

  /// Closes the session of the calling unit's context, if it has one.
  public func remove() {
    let place = UnitStacks.current(stacks)
    guard let key = key(place, place.apps.top), let entry = place.sessions.removeValue(forKey: key) else { return }
    close((entry as! SessionEntry<Session>).session)
  }

  private var known: SessionEntry<Session>? {
    let place = UnitStacks.current(stacks)
    return key(place, place.apps.top).flatMap { place.sessions[$0] as? SessionEntry<Session> }
  }

  private func key(_ place: UnitStacks, _ context: AppContext?) -> SessionKey? {
    switch scope {
    case .unit: SessionKey(registry: ObjectIdentifier(self), context: 0)
    case .context: context.map { SessionKey(registry: ObjectIdentifier(self), context: $0.identity) }
    }
  }

  // MARK: Orphans

  func popped(_ context: AppContext, _ place: UnitStacks) {
    guard let key = key(place, context), let entry = place.sessions[key] as? SessionEntry<Session> else { return }
    let state = state(entry.session)
    // A unit may mean to keep its session, as long as nothing is open.
    if scope == .unit, entry.token.value == nil, state.isEmpty || place.apps.top != nil { return }
    entry.orphaned(state, context: context.identity, scope: scopeNumber)
  }

  func pushed(_ place: UnitStacks) {
    guard scope == .unit, let key = key(place, nil), let entry = place.sessions[key] as? SessionEntry<Session> else {
      return
    }
    entry.inherited(state(entry.session))
  }

  private var scopeNumber: UInt32 {
    UInt32(truncatingIfNeeded: scopeName.value { Agent.name(scope == .context ? "app context" : "thread") })
  }
}

/// Who wants to know when app contexts come and go.
protocol SessionWatcher: AnyObject, Sendable {
  /// A context has gone from its stack; the agent's record has it still.
  func popped(_ context: AppContext, _ place: UnitStacks)
  /// A context was pushed, and its request has its name.
  func pushed(_ place: UnitStacks)
}

/// A watcher that the app does not keep alive.
final class SessionWatch: Sendable {
  private nonisolated(unsafe) weak var watcher: (any SessionWatcher)?
  init(_ watcher: any SessionWatcher) { self.watcher = watcher }
  var value: (any SessionWatcher)? { watcher }
}

/// Whose session it is, of which registry.
struct SessionKey: Hashable {
  let registry: ObjectIdentifier
  let context: UInt64
}

/// A session, and what the agent was told of it. When it goes, the agent hears of that as well.
final class SessionEntry<Session: AnyObject> {
  let session: Session
  let token = AttachedToken()
  private var state = SessionState()
  private var isInherited = false

  init(_ session: Session) { self.session = session }

  deinit {
    guard let token = token.value else { return }
    // What was inherited stays as evidence: its heir has committed a stranger's work, or thrown it away.
    if isInherited {
      Agent.sessionChanged(token, flags: state.rawValue | UInt32(CTXTOP_SESSION_ENDED), isInherited: false)
      InheritedEvidence.keep(token)
    } else {
      Agent.released(token)
    }
  }

  /// It is there although its context has gone.
  func orphaned(_ state: SessionState, context: UInt64, scope: UInt32) {
    if let token = token.value {
      if !isInherited, state != self.state { Agent.sessionChanged(token, flags: state.rawValue, isInherited: false) }
    } else {
      token.value = Agent.sessionOrphaned(scope: scope, flags: state.rawValue, context: context, label: 0)
      isInherited = false
    }
    self.state = state
  }

  /// Another context has it now.
  func inherited(_ state: SessionState) {
    guard let token = token.value else { return }
    self.state = state
    isInherited = true
    Agent.sessionChanged(token, flags: state.rawValue, isInherited: true)
  }
}
