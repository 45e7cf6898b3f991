// A recording at the hands of a test: the records lie in memory, and what the dashboard asks for comes at once.

import CtxtopDashboard
import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot
import CtxtopTestKit

/// Records, and where some are missing.
struct Tape: Sendable {
  var records: [Snapshot]
  var gaps: [Outline.Gap] = []
  /// Records that cannot be read.
  var holes: Set<Int> = []

  /// What a record is compared with; nil: with none.
  func earlier(_ index: Int) -> Snapshot? {
    index == 0 || gaps.contains { $0.before == index } ? nil : records[index - 1]
  }

  func model(_ index: Int) -> Model { Model(now: records[index], earlier: earlier(index)) }

  /// As whoever records sums it up.
  private(set) var outline = Outline(entries: [])

  init(records: [Snapshot], gaps: [Outline.Gap] = []) {
    self.records = records
    self.gaps = gaps
    summarize()
  }

  /// To be called after records were changed.
  mutating func summarize() {
    let entries = records.indices.map { index in
      let model = model(index)
      var bits: UInt16 = 0
      for verdict in model.verdicts { bits |= 1 << (Int(verdict.code.rawValue.dropFirst(3)) ?? 0) }
      return Outline.Entry(
        wallTime: records[index].wallTime, leakedContexts: UInt32(model.totals.contextsLeaked),
        leakedConnections: UInt32(model.totals.connectionsLeaked), verdicts: bits)
    }
    outline = Outline(entries: entries, gaps: gaps)
  }

  /// A shop, a record a second: well for ten seconds, then one worker leaks; for three minutes nothing is recorded, and
  /// after that it is well once more and then not.
  static let shop: Tape = {
    let records = (0..<60).map { index -> Snapshot in
      let pass = UInt64(index < 30 ? index : index + 180)
      let isWell = index < 10 || (30..<45).contains(index)
      return isWell ? Fixture.healthy(at: pass) : Fixture.shop(at: pass)
    }
    let gap = Outline.Gap(
      before: 30, since: records[29].wallTime, until: records[30].wallTime, reason: "the server was restarted")
    return Tape(records: records, gaps: [gap])
  }()
}

/// A dashboard over a recording.
struct ReplaySession {
  var session: Session
  var tape: Tape
  private var done = 0
  private var time: UInt64 = 0

  init(_ width: Int = 80, _ height: Int = 24, look: Look = Look(), tape: Tape = .shop, at index: Int = 0) {
    session = Session(width, height, look: look, passes: 0)
    self.tape = tape
    send(.recording(tape.outline))
    send(.record(index, now: tape.records[index], earlier: tape.earlier(index)))
    catchUp()
  }

  var state: State { session.state }
  var screen: Buffer { session.screen }
  var text: String { screen.lines.joined(separator: "\n") }
  var position: Int? { state.replay?.position }

  mutating func send(_ message: Message) {
    session.send(message)
    while done < session.effects.count {
      let effect = session.effects[done]
      done += 1
      guard case .showRecord(let index) = effect else { continue }
      let isRead = !tape.holes.contains(index)
      session.send(
        isRead
          ? .record(index, now: tape.records[index], earlier: tape.earlier(index))
          : .unreadable(index, "its checksum is wrong"))
    }
  }

  /// Reads what the charts want.
  mutating func catchUp() {
    while let wanted = state.wantedPast { readPast(wanted.lowerBound) }
  }

  mutating func readPast(_ index: Int) {
    let isRead = !tape.holes.contains(index)
    session.send(.pastRecord(index, now: isRead ? tape.records[index] : nil, earlier: tape.earlier(index)))
  }

  mutating func press(_ keys: Key...) {
    for key in keys { send(.key(key)) }
  }

  mutating func type(_ text: String) {
    for character in text { press(.character(character)) }
  }

  /// Time passes at the operator's, in steps so small that nothing is missed.
  mutating func wait(milliseconds: UInt64) {
    for _ in 0..<max(1, milliseconds / 10) {
      time += 10_000_000
      send(.tick(time))
    }
  }

  /// More is appended to the file.
  mutating func grow(_ snapshots: [Snapshot]) {
    tape.records += snapshots
    tape.summarize()
    send(.recordingGrew(tape.outline))
  }
}
