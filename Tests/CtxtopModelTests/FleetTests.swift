// Several targets as one snapshot: nothing is lost, nothing is mixed up, and nothing is made up.

import CtxtopModel
import CtxtopSnapshot
import CtxtopTestKit
import Testing

private let second: UInt64 = 1_000_000_000

private struct NothingCame: Error {}

/// Passes over targets, with the time at which each comes.
private struct Watch {
  var fleet: Fleet
  var pairs: [Fleet.Pair] = []
  private(set) var now: UInt64
  private var wallTime: UInt64

  init(_ names: [String], now: UInt64 = Fixture.monotonicTime, wallTime: UInt64 = Fixture.wallTime) {
    fleet = Fleet(names, interval: second)
    (self.now, self.wallTime) = (now, wallTime)
  }

  mutating func wait(_ nanoseconds: UInt64) {
    now += nanoseconds
    wallTime += nanoseconds
  }

  /// These passes come, each over the target of its place; nil: none does.
  @discardableResult mutating func take(_ snapshots: Snapshot?...) -> Fleet.Pair? { take(all: snapshots) }

  /// The same, where a snapshot of all must come of it.
  mutating func taken(_ snapshots: Snapshot?...) throws -> Fleet.Pair {
    guard let pair = take(all: snapshots) else { throw NothingCame() }
    return pair
  }

  /// The snapshot that must be due now.
  mutating func advanced() throws -> Fleet.Pair {
    guard let pair = advance() else { throw NothingCame() }
    return pair
  }

  private mutating func take(all snapshots: [Snapshot?]) -> Fleet.Pair? {
    for (index, snapshot) in snapshots.enumerated() {
      if let snapshot { fleet.take(snapshot, of: index, at: now, wallTime: wallTime) }
    }
    return advance()
  }

  @discardableResult mutating func advance() -> Fleet.Pair? {
    let pair = fleet.advance(now: now, wallTime: wallTime)
    if let pair { pairs.append(pair) }
    return pair
  }
}

extension Snapshot {
  /// The same on a host whose clocks read other times.
  fileprivate func onHost(_ host: String, monotonic: Int64, wall: Int64) -> Snapshot {
    var copy = self
    copy.host = host
    func moved(_ time: UInt64, _ by: Int64) -> UInt64 { time == 0 ? 0 : UInt64(Int64(time) + by) }
    copy.monotonicTime = moved(monotonicTime, monotonic)
    copy.wallTime = moved(wallTime, wall)
    for index in actions.indices { copy.actions[index].time = moved(actions[index].time, wall) }
    for index in workers.indices {
      copy.workers[index].started = moved(workers[index].started, wall)
      copy.workers[index].attached = moved(workers[index].attached, monotonic)
      copy.workers[index].heartbeat = moved(workers[index].heartbeat, monotonic)
      copy.workers[index].lastEvent = workers[index].lastEvent.map { moved($0, monotonic) }
      copy.workers[index].draining = workers[index].draining.map { moved($0, monotonic) }
      if let sample = workers[index].kernel {
        copy.workers[index].kernel?.time = moved(sample.time, monotonic)
        copy.workers[index].kernel?.since = moved(sample.since, monotonic)
      }
      for unit in workers[index].units.indices {
        let old = workers[index].units[unit]
        copy.workers[index].units[unit].lastEvent = moved(old.lastEvent, monotonic)
        if let request = old.request {
          copy.workers[index].units[unit].request?.started = moved(request.started, monotonic)
        }
        for place in old.contexts.indices {
          copy.workers[index].units[unit].contexts[place].pushed = moved(old.contexts[place].pushed, monotonic)
          copy.workers[index].units[unit].contexts[place].left = old.contexts[place].left.map { moved($0, monotonic) }
        }
      }
      for place in workers[index].connections.indices {
        let old = workers[index].connections[place]
        copy.workers[index].connections[place].opened = moved(old.opened, monotonic)
        copy.workers[index].connections[place].since = moved(old.since, monotonic)
      }
      for place in workers[index].sessions.indices {
        copy.workers[index].sessions[place].since = moved(workers[index].sessions[place].since, monotonic)
      }
      for place in workers[index].resources.indices {
        copy.workers[index].resources[place].since = moved(workers[index].resources[place].since, monotonic)
      }
      for place in workers[index].failures.indices {
        let old = workers[index].failures[place]
        copy.workers[index].failures[place].first = moved(old.first, wall)
        copy.workers[index].failures[place].last = moved(old.last, wall)
      }
      for place in workers[index].vanished.indices {
        let old = workers[index].vanished[place]
        copy.workers[index].vanished[place].first = moved(old.first, wall)
        copy.workers[index].vanished[place].last = moved(old.last, wall)
      }
    }
    return copy
  }

  /// Without what only several targets have.
  fileprivate var alone: Snapshot {
    var copy = self
    copy.targets = []
    for index in copy.workers.indices { copy.workers[index].origin = nil }
    for index in copy.actions.indices { copy.actions[index].target = nil }
    return copy
  }
}

/// What a person sees of a model's rows, without what tells the targets apart.
private func cells(_ model: Model, of target: String? = nil) -> [String] {
  func text<Row>(_ table: Table<Row>, _ rows: [Row], _ owner: (Row) -> String?) -> [String] {
    rows.filter { target == nil || owner($0) == target }.map { row in
      let columns = table.columns.filter { $0.id != "target" }
      return table.name + " " + columns.map { Format.screen($0.value(row)) }.joined(separator: "|")
    }
  }
  return text(.workers, model.workerRows) { $0.worker.target } + text(.units, model.unitRows) { $0.worker.target }
    + text(.contexts, model.contextRows) { $0.worker.target }
    + text(.connections, model.holdingRows) { $0.worker.target }
    + text(.failures, model.failureRows) { $0.target } + text(.verdicts, model.verdictRows) { $0.verdict.target }
}

@Suite("Several targets")
struct FleetTests {
  @Test("One target is what it is alone")
  func one() throws {
    var watch = Watch(["shop"])
    watch.take(Fixture.shop(at: 0))
    watch.wait(second)
    let pair = try watch.taken(Fixture.shop(at: 1))
    #expect(pair.now.alone == Fixture.shop(at: 1))
    #expect(pair.earlier?.alone == Fixture.shop(at: 0))
    let (merged, alone) = (
      Model(now: pair.now, earlier: pair.earlier), Model(now: Fixture.shop(at: 1), earlier: Fixture.shop(at: 0))
    )
    #expect(merged.totals == alone.totals)
    #expect(cells(merged) == cells(alone))
  }

  /// What their rows say is what they say alone, whatever clocks their hosts have: behind, ahead, up for longer.
  @Test(
    "Each row of each target is there once, with its age",
    arguments: [
      (Int64(0), Int64(0)), (-90_000_000_000_000, 3_600_000_000_000), (5_000_000_000_000_000, -86_400_000_000_000),
    ])
  func rows(_ monotonic: Int64, _ wall: Int64) throws {
    var watch = Watch(["shop", "b/market"])
    for pass in 0..<2 as Range<UInt64> {
      if pass > 0 { watch.wait(second) }
      watch.take(Fixture.shop(at: pass), Fixture.market(at: pass).onHost("b", monotonic: monotonic, wall: wall))
    }
    let pair = try #require(watch.pairs.last)
    let model = Model(now: pair.now, earlier: pair.earlier)
    let shop = Model(now: Fixture.shop(at: 1), earlier: Fixture.shop(at: 0))
    let market = Model(now: Fixture.market(at: 1), earlier: Fixture.market(at: 0))
    #expect(cells(model, of: "shop").sorted() == cells(shop).sorted())
    #expect(cells(model, of: "b/market").sorted() == cells(market).sorted())
    #expect(cells(model).count == cells(shop).count + cells(market).count)
    #expect(Set(pair.now.workers.map(\.key)).count == pair.now.workers.count)
    #expect(model.verdicts.allSatisfy { $0.message.hasPrefix($0.target ?? "-") })
    #expect(Set(model.verdictRows.map(\.identity)).count == model.verdicts.count)
    let sum = (shop.totals.rates?.requests ?? 0) + (market.totals.rates?.requests ?? 0)
    #expect(abs((model.totals.rates?.requests ?? 0) - sum) < 0.001)
    #expect(model.totals.workers == shop.totals.workers + market.totals.workers)
    #expect(pair.now.actions.allSatisfy { $0.target == "b/market" })
    #expect(pair.now.alone.actions == market.now.actions, "they are as long ago as on their own host")
  }

  @Test("Random services: every worker once, every age as on its own host", arguments: 1...200)
  func random(_ seed: Int) throws {
    var (one, other) = (RandomService(seed: UInt64(seed)), RandomService(seed: UInt64(seed) + 10_000))
    let (first, second) = (one.passes().now, other.passes().now)
    var watch = Watch(["a", "b"], now: 3_000_000_000_000, wallTime: 1_795_338_000_000_000_000)
    let pair = try watch.taken(first, second)
    for (name, alone) in [("a", first), ("b", second)] {
      let merged = pair.now.workers.filter { $0.target == name }
      #expect(merged.count == alone.workers.count)
      for (moved, own) in zip(merged, alone.workers) {
        #expect(moved.ownSlot == own.slot && moved.pid == own.pid && moved.counters == own.counters)
        for (movedUnit, unit) in zip(moved.units, own.units) {
          for (movedContext, context) in zip(movedUnit.contexts, unit.contexts) where context.pushed > 0 {
            let age = Int64(alone.monotonicTime) - Int64(context.pushed)
            #expect(Int64(pair.now.monotonicTime) - Int64(movedContext.pushed) - age < 1_000_000_000)
            #expect(Int64(pair.now.monotonicTime) - Int64(movedContext.pushed) >= age)
          }
        }
      }
    }
    #expect(Set(pair.now.workers.map(\.key)).count == first.workers.count + second.workers.count)
  }

  @Test("A snapshot waits for all that answer, but not for ever")
  func waits() throws {
    var watch = Watch(["a", "b"])
    watch.take(Fixture.shop(at: 0), Fixture.healthy(at: 0))
    #expect(watch.pairs.count == 1)
    watch.wait(second)
    #expect(watch.take(Fixture.shop(at: 1)) == nil)
    let deadline = try #require(watch.fleet.deadline(after: watch.now))
    #expect(deadline == watch.now + second + second / 10)
    watch.wait(deadline - watch.now)
    let late = try watch.advanced()
    // Who had no new pass keeps the rate of its own two, and has none before there are two.
    let model = Model(now: late.now, earlier: late.earlier)
    #expect(model.rates.workers[0]?.requests == 103)
    #expect(
      model.now.workers.indices.filter { model.now.workers[$0].target == "b" }
        .allSatisfy { model.rates.workers[$0] == nil })
    watch.take(nil, Fixture.healthy(at: 2))
    watch.wait(second)
    let both = try watch.taken(Fixture.shop(at: 3), Fixture.healthy(at: 3))
    let next = Model(now: both.now, earlier: both.earlier)
    #expect(
      next.now.workers.indices.allSatisfy { next.now.workers[$0].liveness != .alive || next.rates.workers[$0] != nil })
    #expect(next.rates.workers[4]?.requests == 100)
  }

  @Test("A worker is not compared with the pass that it comes from")
  func samePass() throws {
    var watch = Watch(["a", "b"])
    watch.take(Fixture.shop(at: 0), Fixture.healthy(at: 0))
    watch.wait(second)
    let pair = try watch.taken(Fixture.shop(at: 1), Fixture.healthy(at: 1))
    var stale = pair.now
    stale.monotonicTime += second
    let model = Model(now: stale, earlier: pair.now)
    #expect(model.rates.workers.allSatisfy { $0 == nil })
    #expect(!model.verdicts.contains { $0.code == .connectionOutlivesContext })
    #expect(Model(now: pair.now, earlier: pair.earlier).verdicts.contains { $0.code == .connectionOutlivesContext })
  }

  @Test("What is lost is shown as it was, as stale, and counted nowhere")
  func lost() throws {
    var watch = Watch(["a", "b"])
    for pass in 0..<2 as Range<UInt64> {
      if pass > 0 { watch.wait(second) }
      watch.take(Fixture.shop(at: pass), Fixture.healthy(at: pass))
    }
    watch.fleet.change(.reconnecting(since: watch.now), of: 0, because: "nobody listens")
    #expect(watch.advance() == nil, "a change of leaders is no loss")
    watch.wait(second)
    let pair = try watch.taken(nil, Fixture.healthy(at: 2))
    let model = Model(now: pair.now, earlier: pair.earlier)
    let gone = model.workerRows.filter { $0.worker.target == "a" }
    #expect(gone.map(\.condition.state) == [.stale, .stale, .stale, .dead])
    #expect(gone.allSatisfy { $0.rates == nil && $0.model.rates.cpuPercent(ofWorker: $0.index) == nil })
    #expect(model.totals.workers == 4)
    #expect(model.totals.rates?.requests == 400)
    #expect(model.targetRows.map(\.target.state) == [.lost, .live])
    #expect(model.now.targets[0].trouble(at: watch.now) == "a reconnecting for 1s")
    #expect(model.now.targets[0].reason == "nobody listens")
    // It comes back as another start of the server: what was known of the one before is compared with nothing.
    watch.fleet.change(.live, of: 0)
    watch.wait(second)
    var again = Fixture.shop(at: 3)
    for index in again.workers.indices { again.workers[index].generation = 2 }
    let back = try watch.taken(again, Fixture.healthy(at: 3))
    let after = Model(now: back.now, earlier: back.earlier)
    #expect(after.conditions.count { $0.state == .stale } == 0)
    #expect(after.rates.workers[0] == nil && after.rates.workers[4]?.requests == 100)
  }

  @Test("One from which nothing comes is lost without a word")
  func silent() throws {
    var watch = Watch(["a", "b"])
    for pass in 0..<6 as Range<UInt64> {
      watch.take(pass == 0 ? Fixture.shop(at: 0) : nil, Fixture.healthy(at: pass))
      watch.wait(second)
      watch.advance()
    }
    let last = try #require(watch.pairs.last)
    #expect(last.now.targets.map(\.state) == [.lost, .live])
  }

  @Test("All are lost: that is shown once, and nothing is made up afterwards")
  func allLost() throws {
    var watch = Watch(["a", "b"])
    watch.take(Fixture.shop(at: 0), Fixture.healthy(at: 0))
    for index in 0..<2 { watch.fleet.change(.reconnecting(since: watch.now), of: index) }
    watch.wait(second)
    let pair = try watch.advanced()
    #expect(Model(now: pair.now, earlier: pair.earlier).totals.workers == 0)
    watch.wait(10 * second)
    #expect(watch.advance() == nil)
    #expect(watch.fleet.deadline(after: watch.now) == nil)
  }

  @Test("Times that cannot be are cut, and nothing traps", arguments: [0, 1, UInt64.max / 2, UInt64.max - 1, .max])
  func hostile(_ time: UInt64) {
    var hostile = Fixture.shop(at: 0)
    hostile.monotonicTime = time
    hostile.wallTime = UInt64.max - time
    hostile.workers[0].heartbeat = .max
    hostile.workers[0].started = .max
    hostile.workers[1].ownSlot = .max
    hostile.workers[1].units[0].lastEvent = 1
    var watch = Watch(["a", "b"])
    for pass in 0..<8 as Range<UInt64> {
      hostile.monotonicTime = pass % 2 == 0 ? time : UInt64.max - time
      if let pair = watch.take(hostile, Fixture.healthy(at: pass)) {
        let model = Model(now: pair.now, earlier: pair.earlier)
        #expect(model.totals.workers > 0)
      }
      watch.wait(second)
    }
    #expect(watch.pairs.count >= 7)
  }

  @Test("Of what was asked of all of them the latest is kept, with whom it was asked of")
  func actions() throws {
    var watch = Watch(["a", "b"])
    func snapshot(_ number: UInt64, ago: UInt64) -> Snapshot {
      var snapshot = Fixture.shop(at: 0)
      snapshot.actions = (1...10 as ClosedRange<UInt64>).map {
        ControlAction(
          number: number + $0, time: snapshot.wallTime - ago - (20 - 2 * $0) * second, user: 0, pid: 9, worker: 4312,
          outcome: .accepted)
      }
      return snapshot
    }
    let actions = try watch.taken(snapshot(0, ago: 0), snapshot(100, ago: second)).now.actions
    #expect(actions.count == Snapshot.actionLimit)
    #expect(actions.suffix(3).map(\.target) == ["a", "b", "a"])
    #expect(actions.suffix(3).map(\.number) == [9, 110, 10])
    #expect(actions.last?.sentence == "root in process 9 asked for the replacement of a worker 4312: accepted")
  }

  @Test("Who waits for a person is in the greatest trouble, then what was lost first")
  func worst() {
    let connecting = WatchedTarget(name: "connecting", state: .connecting)
    let segment = WatchedTarget(name: "segment", state: .segment)
    let missing = WatchedTarget(name: "missing", state: .missing)
    let late = WatchedTarget(name: "late", state: .lost, since: 9)
    let early = WatchedTarget(name: "early", state: .lost, since: 4)
    let asking = WatchedTarget(name: "asking", state: .lost, since: 10, isAsking: true)
    let order = [connecting, segment, missing, late, early, asking].sorted { $0.isWorse(than: $1) }
    #expect(order == [asking, early, late, missing, segment, connecting])
  }

  @Test("A failure is one of each target")
  func keys() throws {
    var watch = Watch(["a", "b"])
    let pair = try watch.taken(Fixture.shop(at: 0), Fixture.shop(at: 0))
    let model = Model(now: pair.now)
    #expect(model.failureGroups.map(\.target) == ["a", "b"])
    #expect(Set(model.failureGroups.map(\.identity)).count == 2)
    #expect(model.failureGroups.map(\.failure.count) == [3, 3])
  }

  @Test("The tree has the targets as its outermost level")
  func tree() throws {
    var watch = Watch(["a", "b"])
    let pair = try watch.taken(Fixture.shop(at: 0), Fixture.healthy(at: 0))
    let tree = Hierarchy(Model(now: pair.now))
    let nodes = tree.nodes { if case .target = $0 { true } else { false } }
    #expect(nodes.map(\.depth) == [0, 1, 1, 1, 1, 0, 1, 1, 1, 1])
    let names = nodes.map(\.row.name)
    #expect(names.first == "a" && names[5] == "b")
    let worker = tree.children(of: .target("b"))[2]
    #expect(tree.row(for: worker).flatMap(tree.parent)?.identity == .target("b"))
    #expect(tree.children(of: .target("c")).isEmpty)
  }
}
