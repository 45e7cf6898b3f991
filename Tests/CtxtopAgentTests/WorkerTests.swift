// Workers that are processes of their own: what they leave behind, and what they survive.

import CCtxtop
import CtxtopGuestTestKit
import CtxtopScoreboard
import CtxtopSnapshot
import Testing

@Suite("Workers", .serialized)
struct WorkerTests {
  private let place = TemporaryDirectory()

  private func snapshot() throws -> Snapshot {
    let client = try #require(ServiceClient(place.path))
    client.send("snapshot\n")
    return try client.record()
  }

  /// The first snapshot that is as wanted, from whoever answers; nil after a long while.
  private func wait(_ isWanted: (Snapshot) -> Bool) -> Snapshot? {
    for _ in 0..<600 {
      if let snapshot = try? snapshot(), isWanted(snapshot) { return snapshot }
      usleep(50_000)
    }
    return nil
  }

  @Test("Fifty times attached and detached: as many descriptors and threads as before")
  func rounds() {
    let numbers = Probe(place.path).ask("rounds 50").split(separator: " ").compactMap { Int($0) }
    #expect(numbers.count == 4 && numbers[0] == numbers[2] && numbers[1] == numbers[3])
    #expect(place.names == ["shop.v2.lock", "shop.v2.segment"])
  }

  @Test("When the leader is killed another worker answers, and the dead one is still shown")
  func killed() throws {
    let probes = (0..<3).map { _ in Probe(place.path) }
    for probe in probes { #expect(probe.ask("attach") == "0") }
    #expect(wait { $0.workers.count == 3 } != nil)
    probes[0].kill()
    let snapshot = try #require(wait { $0.workers.contains { $0.liveness == .dead } })
    #expect(snapshot.workers.map(\.liveness) == [.dead, .alive, .alive])
    #expect(snapshot.workers[0].pid == probes[0].pid)
  }

  @Test("When all workers leave, whatever their order, no socket stays", arguments: 0..<5)
  func left(round: Int) {
    let probes = (0..<4).map { _ in Probe(place.path) }
    for probe in probes { probe.ask("attach") }
    for probe in probes.shuffled() { probe.tell("detach") }
    for probe in probes { #expect(probe.answer() == "ok") }
    #expect(place.names == ["shop.v2.lock", "shop.v2.segment"])
  }

  @Test("A worker whose application closed all descriptors gets its slot and its lock back")
  func closedDescriptors() throws {
    let first = Probe(place.path)
    #expect(first.ask("attach") == "0")
    #expect(wait { $0.workers.count == 1 } != nil)
    first.ask("closefds")
    let second = Probe(place.path)
    #expect(second.ask("attach") == "0")
    first.ask("requests 7")
    let snapshot = try #require(wait { $0.workers.map(\.liveness) == [.alive, .alive] })
    #expect(snapshot.workers.map(\.pid) == [first.pid, second.pid])
    #expect(snapshot.workers.first?.counters.requests == 7)
    // It can still leave, and come again.
    first.ask("detach")
    #expect(first.ask("attach") == "0")
    #expect(wait { $0.workers.filter { $0.liveness == .alive }.count == 2 && $0.workers.count == 2 } != nil)
  }

  @Test("A leader without descriptors to spare waits for some, and does not spin")
  func noDescriptors() throws {
    let probe = Probe(place.path)
    #expect(probe.ask("attach") == "0")
    #expect(wait { $0.workers.count == 1 } != nil)
    probe.ask("limit files 4")
    let client = try #require(ServiceClient(place.path))
    client.send("snapshot\n")
    let before = Int(probe.ask("cpu")) ?? 0
    sleep(1)
    // A second of spinning is a hundred ticks, and this much only on a machine that has nothing left to give.
    probe.ask("limit files 256")
    #expect((Int(probe.ask("cpu")) ?? 0) - before < 30)
    #expect(try client.record().workers.count == 1)
  }

  @Test("A segment that has lost its name: the worker moves into the new one, with what it had")
  func unlinked() throws {
    let first = Probe(place.path)
    #expect(first.ask("attach") == "0")
    #expect(first.ask("requests 5") == "ok")
    #expect(wait { $0.workers.first?.pid == first.pid } != nil)
    unlink(place.path + "/" + shopSegment)
    let second = Probe(place.path)
    #expect(second.ask("attach") == "0")
    let both = Set([first.pid, second.pid])
    #expect(wait { Set($0.workers.map(\.pid)) == both } != nil)
    #expect(first.ask("requests 100") == "ok")
    let snapshot = try #require(wait { $0.workers.contains { $0.counters.requests == 105 } })
    #expect(snapshot.workers.map(\.liveness) == [.alive, .alive])
    // And its leaving takes nothing from the other.
    #expect(first.ask("detach") == "ok")
    #expect(place.names.contains("shop.sock"))
    #expect(wait { $0.workers.map(\.pid) == [second.pid] } != nil)
  }

  @Test("A directory that others may enter is refused in one line")
  func openDirectory() {
    chmod(place.path, 0o755)
    #expect(
      Probe(place.path).ask("attach").hasSuffix(
        "using a runtime directory that others may enter: Operation not permitted; chmod 700 \(place.path)"))
    #expect(
      Probe(place.path + "/none/deeper").ask("attach").hasSuffix(
        "making the runtime directory: No such file or directory"))
  }

  @Test("What is not a socket is not replaced by one")
  func notASocket() {
    place.write("shop.sock", [1, 2, 3])
    let probe = Probe(place.path)
    #expect(probe.ask("attach") == "0")
    #expect(probe.ask("requests 10") == "ok")
    usleep(700_000)
    #expect(probe.ask("detach") == "ok")
    #expect(place.read("shop.sock") == [1, 2, 3])
  }
}
