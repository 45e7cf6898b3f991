import CtxtopDashboard
import CtxtopScreen
import CtxtopSnapshot
import CtxtopTestKit
import Testing

/// What a refresh costs the terminal, counted in cells.
@Suite struct FrameTests {
  private static func quiet(at pass: UInt64) -> Snapshot {
    var snapshot = Fixture.healthy(workers: 64, at: 0)
    snapshot.wallTime += pass * 1_000_000_000
    snapshot.monotonicTime += pass * 1_000_000_000
    for worker in snapshot.workers.indices {
      snapshot.workers[worker].heartbeat = snapshot.monotonicTime
      for unit in snapshot.workers[worker].units.indices {
        snapshot.workers[worker].units[unit].request = nil
        snapshot.workers[worker].units[unit].contexts = []
      }
    }
    return snapshot
  }

  private func changes(_ frames: [Snapshot]) -> [Int] {
    let terminal = TestTerminal(Size(width: 120, height: 40))
    var session = Session(120, 40, passes: 0)
    session.send(.source(.live))
    for frame in frames {
      session.receive(frame)
      terminal.draw(session.screen)
    }
    return terminal.changedCells
  }

  @Test func anIdleSecondChangesNextToNothing() {
    let cells = changes((0..<4).map { Self.quiet(at: $0) })
    #expect((cells.last ?? .max) <= 4)
  }

  @Test func onlyWhatChangedIsWritten() {
    var frames = (0..<4).map { Self.quiet(at: $0) }
    for worker in 0..<6 { frames[3].workers[worker * 5].counters.requests += 100 }
    #expect((changes(frames).last ?? .max) <= 120)
  }

  @Test func everyKeyOfTheFooterIsInTheTableAndWorks() {
    for subject in KeyBinding.Subject.allCases {
      for binding in KeyBinding.of(subject) {
        for mode in binding.modes {
          for key in binding.keys { #expect(KeyBinding.action(for: key, in: mode, of: subject) == binding.action) }
        }
      }
    }
  }
}
