// Workers that are replaced and followed, and what the operator is told of it.

import CtxtopDashboard
import CtxtopScreen
import CtxtopSnapshot
import CtxtopTestKit
import Testing

@Suite struct ActionTests {
  private var pass: UInt64 = 2

  /// The lowest rows of the screen, as one line.
  private func told(_ session: Session) -> String {
    session.screen.lines.suffix(4).joined(separator: " ").split(separator: " ").joined(separator: " ")
  }

  /// A healthy service with workers of these pids, each with its number, as a pass of its own.
  private mutating func service(_ workers: [(pid: Int32, number: Int)]) -> Snapshot {
    var snapshot = Fixture.healthy(workers: workers.count, at: pass)
    pass += 1
    for (index, worker) in workers.enumerated() {
      snapshot.workers[index].pid = worker.pid
      snapshot.workers[index].number = worker.number
      // A slot is given again with another generation.
      snapshot.workers[index].generation = UInt64(worker.pid)
      snapshot.workers[index].started += UInt64(worker.pid) * 1_000_000_000
    }
    return snapshot
  }

  @Test mutating func gunicornsNumbersAreNeverGivenAgain() {
    var session = Session(passes: 0)
    session.send(.source(.live))
    session.receive(service([(11, 1), (12, 2)]))
    session.press("F", "K", "y")
    #expect(session.effects == [.askForControl(), .recycle(pid: 11)])
    session.receive(service([(12, 2)]))
    #expect(told(session).contains("worker 11 has gone; nobody has come in its place yet"))
    session.receive(service([(12, 2), (13, 3)]))
    #expect(told(session).contains("worker 11 has gone; 13 started in its place"))
    session.press("K")
    #expect(told(session).contains("Replace worker 13 gracefully?"), "the one that was followed is selected")
  }

  @Test mutating func uwsgisNumbersStayWithTheirPlace() {
    var session = Session(passes: 0)
    session.send(.source(.live))
    session.receive(service([(11, 1), (12, 2), (13, 3)]))
    session.press("F", "K", "y", .down, "K", "y")
    #expect(session.effects.suffix(1) == [.recycle(pid: 12)])
    // Both have gone, and the second one's heir is there first.
    session.receive(service([(22, 2), (13, 3)]))
    #expect(told(session).contains("worker 12 has gone; 22 started in its place"))
    session.receive(service([(21, 1), (22, 2), (13, 3)]))
    #expect(told(session).contains("worker 11 has gone; 21 started in its place"))
  }

  @Test mutating func whoDoesNotGoIsSpokenOfAfterAMinute() {
    var session = Session(passes: 0)
    session.send(.source(.live))
    session.receive(service([(11, 1), (12, 2)]))
    session.press("K", "y")
    session.wait(61)
    session.receive(service([(11, 1), (12, 2)]))
    #expect(told(session).contains("worker 11 is still there after 60 s: it has not been its turn"))
    session.wait(61)
    session.receive(service([(12, 2)]))
    #expect(told(session).contains("worker 11 has gone; nobody has come in its place yet"))
    session.wait(61)
    session.receive(service([(12, 2)]))
    #expect(told(session).contains("nobody has come in its place within 60 s; see the server's log"))
    session.wait(6)
    session.receive(service([(12, 2)]))
    #expect(!told(session).contains("nobody"), "said once")
  }

  @Test mutating func aRefusalClosesTheQuestionAndIsReadToItsEnd() {
    var session = Session(passes: 0)
    session.send(.source(.live))
    session.receive(service([(11, 1), (12, 2)]))
    session.press("K")
    #expect(told(session).contains("(y/n)"))
    let text =
      "cannot recycle a worker: the app is not to be controlled; CTXTOP_CONTROL=1 in its configuration allows it"
    session.send(.refused(text))
    #expect(told(session).contains(text) && !told(session).contains("(y/n)"))
    session.press(.down)
    #expect(told(session).contains(text), "a key does not take news away")
    session.wait(6)
    #expect(!told(session).contains("cannot"))
  }

  @Test func whyNothingCameIsSaidUntilSomethingComes() {
    var session = Session()
    session.send(.loss("connecting to prod-3: ssh says: Timeout, server prod-3 not responding"))
    session.press(.down)
    #expect(told(session).contains("not responding"))
    session.send(.source(.live))
    #expect(!told(session).contains("not responding"))
  }

  @Test mutating func whatOthersAskForIsSaidAndWhatWasAskedHereIsNot() {
    var session = Session(passes: 0)
    session.send(.source(.live))
    let workers: [(pid: Int32, number: Int)] = [(11, 1), (12, 2)]
    session.receive(asked([], of: workers))
    session.receive(asked([(11, 1000, .onlyLook)], of: workers))
    #expect(
      told(session).contains("user 1000 in process 78 asked for the replacement of worker 11: refused, that user"))
    session.wait(6)
    session.press("K", "y")
    session.receive(asked([(11, 1000, .onlyLook), (11, 0, .accepted)], of: workers))
    #expect(!told(session).contains("root"))
    session.receive(
      asked([(11, 1000, .onlyLook), (11, 0, .accepted), (11, 0, .stopped), (1, 0, .noWorker)], of: workers))
    #expect(told(session).contains("root in process 81 asked for the replacement of worker 1: refused, no live worker"))
    #expect(told(session).contains("and 1 more requests before it"))
    session.wait(6)
    session.receive(service(workers))
    #expect(!told(session).contains("asked"), "a segment that was made anew tells of none")
  }

  private mutating func asked(
    _ actions: [(worker: UInt32, user: UInt32, outcome: ActionOutcome)], of workers: [(pid: Int32, number: Int)]
  ) -> Snapshot {
    var snapshot = service(workers)
    snapshot.actionCounts.refused = UInt64(actions.count)
    snapshot.actions = actions.enumerated().map { index, action in
      ControlAction(
        number: UInt64(index + 1), time: Fixture.wallTime + UInt64(index), user: action.user, pid: UInt32(78 + index),
        worker: action.worker, outcome: action.outcome)
    }
    return snapshot
  }

  @Test mutating func aWorkerThatIsRefusedIsWatchedNoMore() {
    var session = Session(passes: 0)
    session.send(.source(.live))
    session.receive(service([(11, 1), (12, 2)]))
    session.press("K", "y")
    session.send(.refused("worker 11 is not replaced: it is stopped", pid: 11))
    session.wait(6)
    session.receive(service([(12, 2), (13, 3)]))
    #expect(!told(session).contains("13 started"))
  }
}
