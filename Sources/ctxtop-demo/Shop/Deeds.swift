// What a request did, and what must come of that: the demo's own account, written from what Flask does (the policies),
// and without a look at how contexts are built. Nothing in here knows the library that is watched.

import CtxtopDemoOptions

/// What one request did on its way, as far as something can be left behind by it.
struct Deeds {
  /// Connections that its session took from the pool.
  var checkouts: UInt64 = 0
  /// A session was there when the teardown functions began.
  var hasSession = false
  /// Connections taken by hand.
  var byHand: UInt64 = 0
  /// Locks taken and never given back.
  var locks: UInt64 = 0
  /// Contexts pushed by threads that have ended.
  var jobs: UInt64 = 0
  /// What is told of a pushed context threw.
  var hookThrew = false
  /// The handler threw.
  var handlerThrew = false
  /// The handler pushed an app context.
  var strays = false
  /// A teardown function of the group of routes threw.
  var groupThrew = false
  /// The teardown function that is registered after the session's threw.
  var cartThrew = false
  /// The session's own teardown threw.
  var sessionThrew = false
  /// The teardown function that is registered before the session's has taken the session up again, or has thrown.
  var auditOpened = false
  var auditThrew = false
  /// The answer came from the session of somebody else.
  var misserved = false
}

/// What is on the stack of a thread that serves requests, at rest.
struct ThreadState: Equatable {
  /// Whether an app context was left there, on which every request runs from then on.
  var isPoisoned = false
  /// Whether that was between two requests, and none has run on it yet: until then it is somebody's work.
  var isFresh = false
}

/// What has come of it.
struct Consequences {
  private(set) var counts: [Truth.Count: UInt64] = [:]
  private(set) var state: ThreadState
  private let policy: DemoPolicy

  /// A request on a thread in this state has ended.
  init(of deeds: Deeds, on before: ThreadState, _ policy: DemoPolicy) {
    self.policy = policy
    state = before
    add(.ended, 1)
    add(.locks_left, deeds.locks)
    add(.contexts_left, deeds.jobs)
    add(.misserved, deeds.misserved ? 1 : 0)
    if before.isPoisoned { endOnAnothers(deeds) } else if deeds.hookThrew { failToBegin() } else { endOnItsOwn(deeds) }
  }

  private mutating func add(_ count: Truth.Count, _ number: UInt64) {
    if number > 0 { counts[count, default: 0] += number }
  }

  /// A teardown function threw: told always, thrown unless it is only logged.
  private mutating func failTeardown() {
    add(.teardown_failures, 1)
  }

  private var throwsFailures: Bool { policy != .log }

  /// The request found an app context: only its own request context goes, and no function of the app runs.
  private mutating func endOnAnothers(_ deeds: Deeds) {
    add(.contexts_reused, 1)
    if state.isFresh { add(.contexts_left, 1) }
    state.isFresh = false
    add(.connections_kept, deeds.checkouts + deeds.byHand)
    if deeds.strays { add(.contexts_left, 1) }
    if deeds.groupThrew {
      failTeardown()
      if policy == .legacy { add(.contexts_left, 1) }
    }
    if deeds.handlerThrew || deeds.groupThrew && throwsFailures { add(.exceptions, 1) }
  }

  /// The app context was pushed, and who is told of it threw.
  private mutating func failToBegin() {
    add(.exceptions, 1)
    guard policy == .legacy || policy == .pop else { return }
    add(.contexts_left, 1)
    state.isPoisoned = true
  }

  private mutating func endOnItsOwn(_ deeds: Deeds) {
    var threw = deeds.handlerThrew
    defer { add(.exceptions, threw ? 1 : 0) }
    add(.connections_lost, deeds.byHand)
    if deeds.groupThrew {
      failTeardown()
      threw = threw || throwsFailures
      // Both contexts stay, and no function of the app runs.
      if policy == .legacy { return stay(2, deeds) }
    }
    if deeds.strays {
      threw = threw || throwsFailures
      switch policy {
      // The stray goes in the place of the request's own, whose functions have run.
      case .legacy:
        add(.contexts_vanished, 1)
        return stay(1, Deeds())
      // The functions ran while the stray was on top: it was its session that they looked for.
      case .pop:
        add(.contexts_vanished, 1)
        loseSession(deeds)
        return
      case .finish, .log: break
      }
    }
    if tearDown(deeds) { threw = threw || throwsFailures }
  }

  /// The app's teardown functions, last registered first: the cart's, the session's, the audit's. True: one threw.
  private mutating func tearDown(_ deeds: Deeds) -> Bool {
    var threw = false
    for (hasThrown, keepsSession) in [(deeds.cartThrew, false), (deeds.sessionThrew, true), (deeds.auditThrew, false)]
    where hasThrown {
      threw = true
      failTeardown()
      if policy == .legacy {
        stay(1, deeds)
        return true
      }
      // With `pop`, what was to run after it does not. The session's own comes after the cart's.
      if keepsSession || policy == .pop && deeds.cartThrew { loseSession(deeds) }
    }
    if deeds.auditOpened {
      add(.sessions_orphaned, 1)
      add(.connections_lost, 1)
    }
    return threw
  }

  private mutating func loseSession(_ deeds: Deeds) {
    add(.sessions_orphaned, deeds.hasSession ? 1 : 0)
    add(.connections_lost, deeds.checkouts)
  }

  /// Contexts stay where they are, with the session in them.
  private mutating func stay(_ contexts: UInt64, _ deeds: Deeds) {
    add(.contexts_left, contexts)
    add(.connections_kept, deeds.checkouts)
    state.isPoisoned = true
  }
}
