// Several targets on one screen: which row is whose, and what becomes of those that do not answer.

import CtxtopDashboard
import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot
import CtxtopTestKit
import Testing
import CtxtopSettings

/// A dashboard of a shop, a healthy blog and a market on another host, at the hands of a test.
private struct FleetSession {
  static let names = ["shop", "blog", "b/market"]

  var session: Session
  private var fleet: Fleet
  private var seconds: UInt64 = 0
  private var pass: UInt64 = 0
  /// Targets from which nothing comes.
  var silent: Set<Int> = []

  init(_ width: Int = 80, _ height: Int = 24, look: Look = Look(), names: [String] = names) {
    session = Session(width, height, look: look, passes: 0)
    fleet = Fleet(names, interval: 1_000_000_000)
    session.send(.source(.live))
    for _ in 0..<2 { receiveNext() }
  }

  func snapshot(of index: Int) -> Snapshot {
    switch index {
    case 0: return Fixture.shop(at: pass)
    case 1:
      var blog = Fixture.healthy(workers: 2, units: 4, at: pass)
      blog.service = "blog"
      for index in blog.workers.indices { blog.workers[index].pid += 400 }
      return blog
    default:
      var market = Fixture.market(at: pass)
      market.host = "b"
      return market
    }
  }

  /// A second passes, then passes over all that are not silent come.
  mutating func receiveNext() {
    wait()
    receiveOthers()
  }

  private mutating func receiveOthers() {
    for index in 0..<3 where !silent.contains(index) {
      fleet.take(snapshot(of: index), of: index, at: now, wallTime: wallTime)
    }
    pass += 1
    advance()
  }

  /// A second passes, then passes over all come, of which one is this.
  mutating func receive(_ snapshot: Snapshot, of index: Int) {
    silent.insert(index)
    wait()
    fleet.take(snapshot, of: index, at: now, wallTime: wallTime)
    receiveOthers()
    silent.remove(index)
  }

  mutating func wait() {
    seconds += 1
    session.wait()
  }

  mutating func change(_ source: FleetSource, of index: Int, because reason: String) {
    fleet.change(source, of: index, because: reason)
    advance()
  }

  /// All hosts are up for longer than the watcher's.
  private var now: UInt64 { seconds * 1_000_000_000 }
  var wallTime: UInt64 { Fixture.wallTime + seconds * 1_000_000_000 }

  private mutating func advance() {
    if let pair = fleet.advance(now: now, wallTime: wallTime) { session.send(.snapshots(pair)) }
  }

  /// The blog's server is killed: nothing comes from it for some seconds.
  mutating func loseBlog() {
    change(.reconnecting(since: now - 2_000_000_000), of: 1, because: "connecting to blog.sock: nobody listens there")
    silent = [1]
    for _ in 0..<3 { receiveNext() }
  }
}

@Suite struct FleetScreenTests {
  static let sizes = [(80, 24), (120, 40), (200, 60)].map { Size(width: $0, height: $1) }

  @Test(arguments: [ViewName.workers, .units, .contexts, .connections, .failures, .verdicts, .tree], sizes)
  func view(_ view: ViewName, _ size: Size) {
    var fleet = FleetSession(size.width, size.height)
    fleet.session.press(view.key)
    expectScreen(fleet.session.screen, named: "fleet-\(view.rawValue)-\(size.width)x\(size.height)")
  }

  @Test(arguments: [(40, 10), (80, 24), (120, 40)].map { Size(width: $0, height: $1) })
  func oneIsLost(_ size: Size) {
    var fleet = FleetSession(size.width, size.height)
    fleet.loseBlog()
    expectScreen(fleet.session.screen, named: "fleet-lost-\(size.width)x\(size.height)")
  }

  @Test func detailOfALostTarget() {
    var fleet = FleetSession(120, 40)
    fleet.loseBlog()
    fleet.session.press("t", "/")
    fleet.session.type("^blog$")
    fleet.session.press(.enter, .enter)
    expectScreen(fleet.session.screen, named: "fleet-target-120x40")
  }

  @Test func everyRowSaysWhoseItIsAlsoOnTheSmallestScreen() {
    for view in ViewName.allCases where view != .tree {
      var fleet = FleetSession(30, 24)
      fleet.session.press(view.key)
      let lines = fleet.session.screen.lines
      let titles = lines.first { $0.contains("TARGET") }
      #expect(titles != nil, "\(view): \(lines)")
      #expect(lines.contains { $0.contains("shop") || $0.contains("b/mark") }, "\(view)")
    }
  }

  @Test func oneTargetHasNoColumnForIt() {
    for view in ViewName.allCases {
      let screen = Session(200, 60, market: view).screen
      #expect(!screen.lines.contains { $0.contains("TARGET") })
    }
  }

  @Test func filterSearchAndSortGoByIt() {
    var fleet = FleetSession(120, 40)
    fleet.session.press("\\")
    fleet.session.type("target:blog")
    fleet.session.press(.enter)
    let rows = fleet.session.screen.lines.filter { $0.contains(" 47") }
    #expect(rows.count == 2 && rows.allSatisfy { $0.contains("blog") })
    fleet.session.press(.escape)
    fleet.session.press("/")
    fleet.session.type("b/market")
    fleet.session.press(.enter)
    #expect(fleet.session.selectedLine?.contains("b/market") == true)
    fleet.session.press(.home, ">")
    let targets = fleet.session.screen.lines.compactMap { line in FleetSession.names.first { line.contains(" \($0) ") }
    }
    #expect(targets.dropFirst(1) == targets.dropFirst(1).sorted()[...])
  }

  @Test func aLostTargetIsNamedAndItsWorkersAreStale() {
    var fleet = FleetSession(120, 40)
    fleet.loseBlog()
    let lines = fleet.session.screen.lines
    #expect(lines[0].contains("blog reconnecting for 5s"))
    #expect(lines.filter { $0.contains("blog ") && $0.contains(" stale ") }.count == 2)
    #expect(lines.contains { $0.contains("shop") && $0.contains(" leaking ") })
    // Nothing is a rate of 0 that is not known.
    let row = lines.first { $0.contains("blog ") && $0.contains(" stale ") } ?? ""
    #expect(row.split(separator: " ").contains("-"))
  }

  @Test func theWorstOfSeveralTroublesIsNamed() {
    var fleet = FleetSession(120, 40)
    fleet.change(.missing, of: 1, because: "not here")
    fleet.change(.reconnecting(since: 500_000_000), of: 2, because: "nobody listens")
    #expect(fleet.session.screen.lines[0].contains("b/market reconnecting for 1s, +1 more"))
    fleet.change(.needsAttention(since: 1_000_000_000), of: 1, because: "ssh: password")
    #expect(fleet.session.screen.lines[0].contains("blog lost for 1s"))
  }

  @Test func whyOneWasLostIsSaidUntilItIsBack() {
    var fleet = FleetSession(120, 40)
    let why = "blog: connecting to blog.sock: nobody listens there"
    fleet.session.send(.loss(why, target: "blog"))
    fleet.session.send(.loss(nil, target: "shop"))
    fleet.session.send(.source(.live))
    #expect(fleet.session.screen.lines.last?.contains(why) == true)
    fleet.session.send(.loss(nil, target: "blog"))
    #expect(fleet.session.screen.lines.last?.contains(why) == false)
  }

  @Test func whatOthersAskedOfATargetNamesItAndIsSaidOnce() {
    var fleet = FleetSession(120, 40)
    var blog = fleet.snapshot(of: 1)
    blog.actions = [
      ControlAction(
        number: 1, time: fleet.wallTime + 1_000_000_000, user: 0, pid: 77, worker: 4712, outcome: .accepted)
    ]
    let said = "root in process 77 asked for the replacement of blog worker 4712: accepted"
    fleet.receive(blog, of: 1)
    #expect(fleet.session.screen.lines.last?.contains(said) == true)
    // The clock of its host turns out to be half a second away from what it seemed.
    for _ in 0..<6 {
      fleet.session.wait(1)
      blog.wallTime += 500_000_000
      fleet.receive(blog, of: 1)
    }
    #expect(fleet.session.screen.lines.last?.contains(said) == false)
  }

  @Test func theDetailOfAWorkerHasWhatWasAskedOfItsTarget() {
    var fleet = FleetSession(120, 200)
    fleet.session.press("\\")
    fleet.session.type("target:b/market")
    fleet.session.press(.enter, .enter)
    let lines = fleet.session.screen.lines
    #expect(lines.contains { $0.contains("Replacements that were asked for, in all workers of b/market") })
    fleet.session.press(.escape, "\\")
    for _ in 0..<20 { fleet.session.press(.backspace) }
    fleet.session.type("target:shop")
    fleet.session.press(.enter, .enter)
    #expect(fleet.session.screen.lines.contains { $0.contains("shop") })
    #expect(!fleet.session.screen.lines.contains { $0.contains("Replacements that were asked for") })
  }

  @Test func recyclingAsksTheRightTarget() {
    var fleet = FleetSession(120, 40)
    fleet.session.press("\\")
    fleet.session.type("target:blog")
    fleet.session.press(.enter, .function(9))
    #expect(fleet.session.screen.lines.last { !$0.isEmpty }?.contains("Replace blog worker 4712 gracefully?") == true)
    fleet.session.press("y")
    #expect(fleet.session.effects.suffix(2) == [.askForControl(target: "blog"), .recycle(pid: 4712, target: "blog")])
    // That another target has no such level says nothing of this one.
    fleet.session.send(.refused("shop: worker 4712 is not replaced: no", pid: 4712, target: "shop"))
    for _ in 0..<59 { fleet.receiveNext() }
    fleet.receiveNext()
    #expect(fleet.session.screen.lines.contains { $0.contains("blog worker 4712 is still there after 60 s") })
  }

  @Test func aLostTargetsWorkerIsNotRecycled() {
    var fleet = FleetSession(120, 40)
    fleet.loseBlog()
    fleet.session.press("\\")
    fleet.session.type("target:blog")
    fleet.session.press(.enter, .function(9))
    #expect(fleet.session.screen.lines.contains { $0.contains("no exporter of blog answers") })
    #expect(!fleet.session.effects.contains { if case .recycle = $0 { true } else { false } })
  }

  @Test func theNameOfATargetIsCleaned() {
    let fleet = FleetSession(120, 40, names: ["a\u{1B}[2Jb", "\u{202E}c", "d"])
    for line in fleet.session.screen.lines {
      #expect(!line.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E })
    }
  }
}
