// Who gets which slot. Each worker is a process of its own: locks and death are the kernel's business.

import CCtxtop
import CtxtopGuestTestKit
import CtxtopScoreboard
import CtxtopSnapshot
import Testing

@Suite("Slots", .serialized)
struct SlotClaimTests {
  @Test("Workers that claim at once get different slots")
  func atOnce() {
    let place = TemporaryDirectory()
    let probes = (0..<6).map { _ in Probe(place.path) }
    for probe in probes { probe.tell("claim") }
    #expect(Set(probes.map { $0.answer() }) == Set((0..<6).map { "\($0) 1" }))
  }

  @Test("A clean exit frees the slot for the next worker, whose generation is another")
  func leaving() {
    let place = TemporaryDirectory()
    let probes = (0..<3).map { _ in Probe(place.path) }
    for probe in probes { probe.ask("claim") }
    probes[1].ask("leave")
    probes[1].kill()
    #expect(Probe(place.path).ask("claim") == "1 2")
  }

  @Test("A slot whose tenant said goodbye but still has its lock is not taken")
  func leavingStill() {
    let place = TemporaryDirectory()
    let first = Probe(place.path)
    #expect(first.ask("claim") == "0 1")
    first.ask("leave")
    let second = Probe(place.path)
    #expect(second.ask("claim") == "1 1")
  }

  @Test("A living worker's slot is not taken even when its application closed the lock's descriptor")
  func lockLost() {
    let place = TemporaryDirectory()
    let first = Probe(place.path)
    #expect(first.ask("claim") == "0 1")
    first.ask("closefds")
    let second = Probe(place.path)
    #expect(second.ask("claim") == "1 1")
  }

  @Test("Of the dead, sixteen are kept; then those that held nothing go, then the oldest")
  func reclaimed() throws {
    let place = TemporaryDirectory()
    // Slots 0, 1: dead with something in their hands. 2: dead with nothing. The others: held something.
    for index in 0..<16 {
      let probe = Probe(place.path)
      #expect(probe.ask("claim") == "\(index) 1")
      if index != 2 { probe.ask("hold") }
      probe.kill()
    }
    let snapshot = try read(place)
    #expect(snapshot.workers.count == 16 && snapshot.workers.allSatisfy { $0.liveness == .dead })
    #expect(snapshot.workers[1].units.first?.contexts.count == 1)
    let living = (0..<3).map { _ in Probe(place.path) }
    #expect(living[0].ask("claim") == "2 2")
    // Fifteen dead are fewer than are kept: the file grows again.
    #expect(living[1].ask("claim") == "16 1")
    living[1].ask("hold")
    living[1].kill()
    #expect(living[2].ask("claim") == "0 2")
    let after = try read(place)
    #expect(after.workers.filter { $0.liveness == .dead }.count == 15)
    #expect(after.workers[0].liveness == .alive && after.workers[0].units.isEmpty)
  }

  @Test("A free slot goes before all of the dead")
  func freeFirst() {
    let place = TemporaryDirectory()
    let leaving = Probe(place.path)
    leaving.ask("claim")
    for _ in 0..<16 {
      let probe = Probe(place.path)
      probe.ask("claim")
      probe.kill()
    }
    leaving.ask("leave")
    leaving.kill()
    #expect(Probe(place.path).ask("claim") == "0 2")
  }

  @Test("What a dead tenant left is gone for the next, whatever state it was in")
  func cleared() throws {
    let place = TemporaryDirectory()
    for index in 0..<16 {
      let probe = Probe(place.path)
      probe.ask("claim")
      if index == 0 { probe.ask("odd") }
      probe.kill()
    }
    let next = Probe(place.path)
    #expect(next.ask("claim") == "0 2")
    #expect(next.ask("hold") == "ok")
    let worker = try #require(try read(place).workers.first)
    #expect(worker.units.count == 1 && worker.unstable == 0 && worker.liveness == .alive)
  }

  @Test("Nonsense in a dead slot's counts does not hurt its next tenant")
  func nonsense() throws {
    let place = TemporaryDirectory()
    for _ in 0..<16 {
      let probe = Probe(place.path)
      probe.ask("claim")
      probe.kill()
    }
    let descriptor = ctxtop_open(place.path + "/" + shopSegment, O_RDWR, 0)
    for index in 0..<16 {
      for table in Table.allCases {
        var value: UInt64 = [1 << 63, .max, UInt64(table.capacity) * 9, 0xffff_ffff_ffff][index % 4]
        pwrite(descriptor, &value, 8, SlotLayout.offset(of: index) + table.usedWord * 8)
        value = [.max, 1 << 63, 3, 1][index % 4]
        pwrite(descriptor, &value, 8, SlotLayout.offset(of: index) + table.allocatedWord * 8)
      }
    }
    close(descriptor)
    let next = Probe(place.path)
    #expect(next.ask("claim").hasSuffix(" 2"))
    #expect(next.ask("hold") == "ok")
    #expect(try read(place).workers.filter { $0.liveness == .alive }.count == 1)
  }

  @Test("The lock is asked, not taken: asking disturbs nobody")
  func asking() throws {
    let place = TemporaryDirectory()
    let probe = Probe(place.path)
    probe.ask("claim")
    let lock = try LockFile(in: place.directory, stem: "shop", mode: FileMode(group: nil))
    defer { close(lock.descriptor) }
    for _ in 0..<3 {
      #expect(lock.isHeld(0) == true)
      #expect(lock.isHeld(1) == false)
    }
    #expect(!lock.take(0))
    probe.kill()
    #expect(lock.isHeld(0) == false)
    #expect(lock.take(0))
    #expect(LockFile.isHeld(0, -1) == nil)
  }

  private func read(_ place: TemporaryDirectory) throws -> Snapshot {
    var reader = try SegmentReader(path: place.path + "/" + shopSegment)
    return try reader.snapshot()
  }
}
