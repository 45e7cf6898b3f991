// What leaked between two moments, and what only looks like it.

import CtxtopSnapshot
import CtxtopTestKit
import Testing

@testable import CtxtopModel

@Suite("Difference")
struct DifferenceTests {
  static let second: UInt64 = 1_000_000_000
  static let query = RequestLabel(method: "GET", endpoint: "q", rule: "/q")

  /// A healthy service at a pass, confirmed by the pass before, after a change to both.
  private func moment(_ pass: UInt64, _ change: (inout Snapshot) -> Void = { _ in }) -> Model {
    var (earlier, now) = (Fixture.healthy(at: pass - 1), Fixture.healthy(at: pass))
    change(&earlier)
    change(&now)
    return Model(now: now, earlier: earlier)
  }

  /// Leaves a context of `GET /q` on a thread of a worker, a second before the second pass.
  private func leak(_ snapshot: inout Snapshot, worker: Int = 0, serial: UInt64 = 900, isCounted: Bool = true) {
    var context = Context(serial: serial, kind: .app)
    context.pushed = Fixture.monotonicTime + Self.second
    context.left = Fixture.monotonicTime + Self.second
    context.request = 450
    context.label = Self.query
    snapshot.workers[worker].units[1].contexts = [context]
    snapshot.workers[worker].units[1].appDepth = 1
    if isCounted { snapshot.workers[worker].counters.contextsLeaked += 1 }
  }

  /// Another process takes the slot of a worker a second before the pass.
  private func replace(_ snapshot: inout Snapshot, worker: Int = 0, instance: UInt64 = 0xC0FFEE) {
    let generation = snapshot.workers[worker].generation
    var new = Fixture.base(slot: worker, pid: 5000 + Int32(worker), at: 2)
    new.generation = instance == 0xC0FFEE ? generation + 1 : generation
    new.instance = instance
    new.started = Fixture.wallTime + 2 * Self.second
    new.attached = Fixture.monotonicTime + 2 * Self.second
    new.counters.requests = 7
    new.units = [Fixture.thread(0), Fixture.thread(1)]
    snapshot.workers[worker] = new
  }

  @Test func aHealthyServiceLeaksNothing() {
    let difference = Difference(from: moment(1), to: moment(61))
    #expect(difference.conclusion == "nothing leaked in between: 24,000 requests, 4 workers")
    #expect(difference.losses.isEmpty && difference.isCertain && difference.notes.isEmpty)
    #expect(difference.workers.allSatisfy { $0.fate == .stayed })
    #expect(difference.interval == 60 * Self.second)
  }

  @Test func whatARecordingShowsInBetweenIsNotForgotten() {
    let passing = Passing(contexts: 2, connections: 1, wallTime: 1_763_802_252_000_000_000)
    let difference = Difference(from: moment(1), to: moment(61), passing: passing)
    #expect(
      difference.conclusion == "leaked in between, and gone since: 2 contexts and 1 connection at 2025-11-22T09:04:12Z")
    #expect(difference.hasLeaked && difference.leaks.isEmpty)
    let both = Difference(from: moment(1), to: moment(61) { leak(&$0) }, passing: passing).conclusion
    #expect(both.hasPrefix("leaked in between: 1 context in GET /q (1 worker); and gone since: 2 contexts"))
  }

  @Test func onePassIsNotCertain() {
    let difference = Difference(from: moment(1), to: Model(now: Fixture.healthy(at: 61)))
    #expect(!difference.isConfirmed && !difference.isCertain && !difference.hasLeaked)
    #expect(difference.conclusion.hasPrefix("nothing leaked in between that is known: "))
    #expect(difference.notes.contains { $0.contains("one pass") })
  }

  @Test func aContextThatWasLeftIsNamedByItsRequest() {
    let difference = Difference(from: moment(1), to: moment(61) { leak(&$0) })
    #expect(difference.conclusion == "leaked in between: 1 context in GET /q (1 worker)")
    #expect(difference.leaks.first?.workers == [4312])
    #expect(difference.leaks.first?.evidence.count == 1)
    let verdict = difference.things.first { $0.kind == .verdict }
    #expect(verdict?.fate == .appeared && verdict?.text.hasPrefix("CTX001 worker 4312 thread 1") == true)
  }

  @Test func leaksOfSeveralWorkersAreOne() {
    let after = moment(61) { snapshot in
      for worker in 0..<3 { leak(&snapshot, worker: worker) }
    }
    #expect(Difference(from: moment(1), to: after).conclusion == "leaked in between: 3 contexts in GET /q (3 workers)")
  }

  @Test func whatHadLeakedBeforeHasNotLeakedInBetween() {
    let difference = Difference(from: moment(3) { leak(&$0) }, to: moment(61) { leak(&$0) })
    #expect(difference.leaks.isEmpty)
    #expect(difference.things.allSatisfy { $0.kind != .verdict })
  }

  @Test func aContextThatIsGoneAgainIsCounted() {
    let after = moment(61) { $0.workers[1].counters.contextsLeaked = 2 }
    let difference = Difference(from: moment(1), to: after)
    #expect(difference.conclusion == "leaked in between: 2 contexts that are gone again (1 worker)")
    #expect(difference.leaks.first?.isOnlyCounted == true)
  }

  @Test func aContextThatIsSeenIsNotCountedTwice() {
    let after = moment(61) { snapshot in
      leak(&snapshot)
      snapshot.workers[0].counters.contextsLeaked = 3
    }
    let difference = Difference(from: moment(1) { $0.workers[0].counters.contextsLeaked = 1 }, to: after)
    #expect(difference.leaks.map(\.count) == [1, 1])
  }

  @Test func whatAReplacedWorkerHeldIsGoneAndNotRepaired() throws {
    let difference = Difference(from: moment(3) { leak(&$0) }, to: moment(61) { replace(&$0) })
    #expect(difference.workers.map(\.fate) == [.started, .stayed, .stayed, .stayed, .gone])
    let context = try #require(difference.things.first { $0.kind == .context && $0.stateBefore == "leaked" })
    #expect(context.fate == .goneWithWorker)
    #expect(difference.conclusion.hasPrefix("nothing leaked in between that is known: at least 17,4"))
    #expect(difference.notes.contains { $0.hasPrefix("1 worker is gone") })
    #expect(!difference.isRestarted && !difference.isCertain)
  }

  @Test func whatANewWorkerLeakedItLeakedInBetween() {
    let after = moment(61) { snapshot in
      replace(&snapshot)
      snapshot.workers[0].counters.contextsLeaked = 1
      snapshot.workers[0].counters.teardownFailures = 2
    }
    let conclusion = Difference(from: moment(1), to: after).conclusion
    #expect(conclusion.hasPrefix("leaked in between: 1 context that is gone again (1 worker)"))
    #expect(conclusion.contains("not torn down in between: a teardown function raised 2 times (1 worker)"))
  }

  @Test func aRestartIsTold() {
    let after = moment(61) { snapshot in
      for worker in snapshot.workers.indices { replace(&snapshot, worker: worker, instance: 0xBEEF) }
    }
    let difference = Difference(from: moment(3) { leak(&$0) }, to: after)
    #expect(difference.isRestarted)
    // Slots and generations are the same: the segment was made anew.
    #expect(difference.workers.map(\.fate).count { $0 == .gone } == 4)
    #expect(difference.conclusion.hasSuffix("; the server was restarted"))
    #expect(difference.total(.requests).change == 28)
  }

  @Test func aWorkerThatDiedTellsWhatItDid() {
    let after = moment(61) { snapshot in
      leak(&snapshot)
      snapshot.workers[0].liveness = .dead
      var lock = Resource(id: 9, generation: 1)
      (lock.kind, lock.name) = ("lock", "report")
      snapshot.workers[0].resources = [lock]
    }
    let difference = Difference(from: moment(1), to: after)
    #expect(difference.workers[0].fate == .died && difference.isCertain)
    #expect(difference.leaks.map(\.kind) == [.context, .resource])
    #expect(difference.conclusion.contains("lock report, which a worker held that died (1 worker)"))
    #expect(difference.notes == ["1 worker died"])
  }

  @Test func aWorkerThatWasNotSeenIsNotBlamedForItsPast() {
    let before = moment(3) { $0.workers.remove(at: 0) }
    let old = Difference(from: before, to: moment(61) { leak(&$0) })
    // It was left two seconds before the first moment.
    #expect(old.workers[0].fate == .unseen && old.leaks.isEmpty && !old.isCertain)
    let early = moment(1) { $0.workers.remove(at: 0) }
    let new = Difference(from: early, to: moment(61) { leak(&$0) })
    #expect(new.leaks.map(\.count) == [1])
    #expect(new.total(.requests).isAtLeast)
  }

  // MARK: - Connections, sessions, failures

  private func holdConnection(_ snapshot: inout Snapshot, since: UInt64 = 1, request: UInt64 = 50) {
    snapshot.workers[0].connections[0] = Fixture.held(
      0, unit: 3, request: request, context: 500, Fixture.chat, frame: "shop.py:44 chat",
      since: Fixture.monotonicTime + since * Self.second)
  }

  @Test func aConnectionThatOutlivesItsContext() {
    let difference = Difference(from: moment(1), to: moment(61) { holdConnection(&$0) })
    #expect(
      difference.conclusion
        == "leaked in between: 1 connection of postgresql://app@db/shop in GET /chat/<id> (1 worker)")
    #expect(difference.leaks.first?.evidence.first?.contains("at shop.py:44 chat") == true)
    #expect(Difference(from: moment(3) { holdConnection(&$0) }, to: moment(61) { holdConnection(&$0) }).leaks.isEmpty)
  }

  @Test func aConnectionThatLeaksAgainHasLeaked() {
    let again = moment(61) { holdConnection(&$0, since: 30, request: 51) }
    #expect(Difference(from: moment(3) { holdConnection(&$0) }, to: again).leaks.map(\.count) == [1])
  }

  @Test func aConnectionThatWasInUseAtTheFirstMoment() {
    // Its request was served then; it has ended since.
    let before = moment(3) { snapshot in
      holdConnection(&snapshot)
      Fixture.serve(&snapshot.workers[0].units[3], serial: 50, Fixture.chat, for: Self.second)
    }
    let difference = Difference(from: before, to: moment(61) { holdConnection(&$0) })
    #expect(difference.leaks.map(\.kind) == [.connection])
    #expect(difference.things.contains { $0.stateBefore == "checked_out" && $0.stateAfter == "leaked" })
  }

  @Test func aMomentWithoutWitnessIsConfirmedByTheOther() {
    var first = Fixture.healthy(at: 2)
    holdConnection(&first)
    let alone = Model(now: first)
    let after = moment(61) { holdConnection(&$0) }
    // Alone, the first moment cannot say that the connection had leaked already.
    #expect(alone.verdicts.isEmpty && !alone.isConfirmed)
    #expect(alone.confirmed(by: after).verdicts.map(\.code) == [.connectionOutlivesContext])
    #expect(Difference(from: alone, to: after).leaks.isEmpty)
  }

  @Test func anOrphanSession() {
    func orphan(_ snapshot: inout Snapshot) {
      var session = Session(id: 9, generation: 1)
      session.since = Fixture.monotonicTime + Self.second
      session.holder = Holder(
        unit: 1, unitGeneration: 1, request: 40, context: 80, label: Self.query, frame: "")
      snapshot.workers[2].sessions = [session]
    }
    let difference = Difference(from: moment(1), to: moment(61, orphan))
    #expect(difference.conclusion == "leaked in between: 1 session of GET /q (1 worker)")
    #expect(Difference(from: moment(3, orphan), to: moment(61, orphan)).leaks.isEmpty)
  }

  @Test func aFailureIsNoLeak() {
    func fail(_ count: UInt64) -> (inout Snapshot) -> Void {
      { snapshot in
        var failure = Fixture.failure()
        failure.count = count
        snapshot.workers[0].failures = [failure]
        snapshot.workers[0].counters.teardownFailures = count
      }
    }
    let difference = Difference(from: moment(1, fail(3)), to: moment(61, fail(5)))
    #expect(difference.leaks.isEmpty)
    #expect(
      difference.conclusion == "not torn down in between: shop.close_cart raised RuntimeError 2 times (1 worker)")
    #expect(difference.things.contains { $0.kind == .failure && $0.countBefore == 3 && $0.countAfter == 5 })
  }

  @Test func aContextDroppedWithoutTeardown() {
    let after = moment(61) { snapshot in
      var vanished = VanishedContext(kind: .app)
      (vanished.label, vanished.count) = (Self.query, 2)
      snapshot.workers[0].vanished = [vanished]
      snapshot.workers[0].counters.contextsVanished = 2
    }
    let conclusion = Difference(from: moment(1), to: after).conclusion
    #expect(conclusion == "not torn down in between: 2 contexts of GET /q dropped without teardown (1 worker)")
  }

  @Test func whatWasDroppedMakesItUncertain() {
    let difference = Difference(from: moment(1), to: moment(61) { $0.workers[0].counters.dropped.holdings = 4 })
    #expect(difference.conclusion.hasPrefix("nothing leaked in between that is known: 24,000"))
    #expect(difference.notes.contains { $0.hasPrefix("4 events could not be described") })
  }

  @Test func manyLossesAreCutInTheSentenceOnly() {
    let after = moment(61) { snapshot in
      for unit in 1..<7 {
        var context = Context(serial: 900 + UInt64(unit), kind: .app)
        context.left = Fixture.monotonicTime + Self.second
        context.label = RequestLabel(method: "GET", endpoint: nil, rule: "/\(unit)")
        snapshot.workers[0].units[unit].contexts = [context]
      }
    }
    let difference = Difference(from: moment(1), to: after)
    #expect(difference.losses.count == 6)
    #expect(difference.conclusion.hasSuffix("1 context in GET /4 (1 worker); and 2 more"))
  }

  @Test(arguments: [(0, "0"), (999, "999"), (1204, "1,204"), (1_000_000, "1,000,000")])
  func groupedNumbers(_ number: UInt64, _ text: String) {
    #expect(Difference.grouped(number) == text)
  }
}
