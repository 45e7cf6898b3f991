// Anything in any order: keys, typed text, the mouse, sizes, snapshots in which everything comes and goes. Nothing traps,
// the screen stays whole, the selection stays a row, and `q` ends it. Long form: CTXTOP_LONG=1.

import CtxtopScreen
import CtxtopSnapshot
import CtxtopTestKit
import Glibc
import Testing

@testable import CtxtopDashboard

/// Numbers that look random, the same ones for the same seed.
private struct Dice: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }
}

@Suite struct RandomTests {
  private static let isLong = getenv("CTXTOP_LONG") != nil
  private static let seeds: [UInt64] = isLong ? Array(1...50) : Array(1...4)
  private static let messages = isLong ? 20_000 : 5_000
  private static let keys = KeyBinding.all.filter { $0.action != .quit }.flatMap(\.keys)
  private static let typed = Array("aceGET/<int:id>.*+?[]()|\\!state:4312 é日\u{301}")

  @Test(arguments: seeds) func nothingBreaks(seed: UInt64) {
    var dice = Dice(state: seed)
    var session = Session(80, 24, passes: 0)
    for step in 0..<Self.messages {
      send(&dice, &session)
      let state = session.state
      let problem = Self.problem(of: state, drawing: step % 3 == 0)
      #expect(problem == nil, "seed \(seed), step \(step), \(state.mode) in \(state.view)")
      if problem != nil { return }
    }
  }

  @Test(arguments: seeds) func nothingBreaksInARecording(seed: UInt64) {
    var dice = Dice(state: seed)
    var tape = Tape(records: (0..<12).map { _ in Self.snapshot(&dice) })
    for index in tape.records.indices where dice.below(8) > 0 {
      tape.records[index].wallTime = Fixture.wallTime + UInt64(index) * 1_000_000_000
    }
    tape.gaps = [Outline.Gap(before: 5, since: 9, until: 7_000_000_000, reason: "restarted")]
    tape.holes = [3, 7]
    tape.summarize()
    var session = ReplaySession(tape: tape)
    for step in 0..<Self.messages / 2 {
      send(&dice, &session)
      let problem = Self.problem(of: session.state, drawing: step % 3 == 0)
      #expect(problem == nil, "seed \(seed), step \(step), \(session.state.mode) in \(session.state.view)")
      #expect(session.tape.outline.entries.indices.contains(session.position ?? -1))
      if problem != nil { return }
    }
  }

  private func send(_ dice: inout Dice, _ session: inout ReplaySession) {
    switch dice.below(100) {
    case ..<60: session.press(Self.keys.randomElement(using: &dice) ?? .enter)
    case ..<70: session.press(.character(Self.typed.randomElement(using: &dice) ?? "a"))
    case ..<80: session.press(.mouse(Self.mouse(&dice, session.state.size)))
    case ..<83: session.send(.resize(Self.size(&dice)))
    case ..<86 where session.tape.records.count < 20: session.grow([Self.snapshot(&dice)])
    case ..<90: session.catchUp()
    default: session.wait(milliseconds: UInt64(dice.below(400)))
    }
  }

  private func send(_ dice: inout Dice, _ session: inout Session) {
    switch dice.below(100) {
    case ..<60: session.press(Self.keys.randomElement(using: &dice) ?? .enter)
    case ..<76: session.press(.character(Self.typed.randomElement(using: &dice) ?? "a"))
    case ..<86: session.press(.mouse(Self.mouse(&dice, session.state.size)))
    case ..<89: session.send(.resize(Self.size(&dice)))
    case ..<98: session.receive(Self.snapshot(&dice))
    case 98: session.wait(UInt64(dice.below(20)))
    default:
      let sources: [SourceState] = [
        .live, .live, .connecting, .segment, .reconnecting(since: 0), .needsAttention(since: 0),
      ]
      session.send(.source(sources.randomElement(using: &dice) ?? .live))
    }
  }

  private static func problem(of state: State, drawing: Bool) -> String? {
    if state.list.count == 0 {
      if state.selection.identity != nil { return "nothing can be selected" }
    } else if !(0..<state.list.count).contains(state.selection.index) {
      return "row \(state.selection.index) of \(state.list.count) is selected"
    } else if state.list.identity(at: state.selection.index) != state.selection.identity {
      return "another row is selected than is remembered"
    }
    if state.mode != .prompt {
      var copy = state
      if update(&copy, .key("q")) != [.quit] { return "q does not quit" }
    }
    guard drawing else { return nil }
    let screen = view(state)
    if screen.size != state.size { return "the screen is \(screen.size)" }
    return screen.isConsistent ? nil : "half a character is on the screen"
  }

  private static func mouse(_ dice: inout Dice, _ size: Size) -> Mouse {
    let kinds: [Mouse.Kind] = [.press, .press, .doubleClick, .wheelUp, .wheelDown]
    let place = Position(x: dice.below(size.width + 2), y: dice.below(size.height + 2))
    return Mouse(kinds.randomElement(using: &dice) ?? .press, at: place)
  }

  /// Mostly small: that is where it is tight.
  private static func size(_ dice: inout Dice) -> Size {
    if dice.below(8) == 0 { return Size(width: dice.below(401), height: dice.below(121)) }
    return Size(width: dice.below(130), height: dice.below(45))
  }

  private static func snapshot(_ dice: inout Dice) -> Snapshot {
    var snapshot = Fixture.market(at: UInt64(dice.below(30)))
    if dice.below(20) == 0 { snapshot.workers = [] }
    snapshot.workers.removeAll { _ in dice.below(6) == 0 }
    if dice.below(5) == 0 { snapshot.workers.shuffle(using: &dice) }
    for index in snapshot.workers.indices {
      snapshot.workers[index].units.removeAll { _ in dice.below(6) == 0 }
      snapshot.workers[index].connections.removeAll { _ in dice.below(4) == 0 }
      snapshot.workers[index].sessions.removeAll { _ in dice.below(4) == 0 }
      snapshot.workers[index].failures.removeAll { _ in dice.below(4) == 0 }
      if dice.below(10) == 0 {
        snapshot.workers[index].generation += 1
        snapshot.workers[index].pid += 1_000
      }
      for unit in snapshot.workers[index].units.indices where dice.below(8) == 0 {
        snapshot.workers[index].units[unit].contexts = []
      }
    }
    return snapshot
  }
}
