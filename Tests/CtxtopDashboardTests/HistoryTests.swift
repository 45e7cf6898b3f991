import CtxtopDashboard
import CtxtopSnapshot
import Testing

@Suite struct HistoryTests {
  @Test func ringKeepsTheLatest() {
    var ring = Ring(capacity: 3)
    #expect(ring.suffix(5) == [])
    for value in 1...5 { ring.append(Double(value)) }
    #expect(ring.count == 3)
    #expect(ring.suffix(5) == [3, 4, 5])
    #expect(ring.suffix(2) == [4, 5])
    ring.append(nil)
    #expect(ring.suffix(2) == [5, nil])
    #expect(ring.suffix(-1) == [])
  }

  @Test func historyGoesOnWhilePaused() {
    var session = Session()
    session.press("p")
    let before = session.state.history.requests.count
    session.receive(Snapshot())
    #expect(session.state.history.requests.count == before + 1)
  }
}
