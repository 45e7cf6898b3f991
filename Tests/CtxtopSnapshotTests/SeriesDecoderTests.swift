// A series of records means what each of its records means alone: what was decoded before may save work, and must
// never change an answer.

import CtxtopRandomKit
import CtxtopSnapshot
import CtxtopTestKit
import Testing

@Suite("Series of records")
struct SeriesDecoderTests {
  @Test("Random snapshots, each a change of the one before", arguments: 0..<60)
  func changes(seed: UInt64) throws {
    var generator = Dice(state: seed)
    var decoder = SeriesDecoder()
    var snapshot = RandomSnapshot(seed: seed).make()
    for step in 0..<40 {
      let record = RecordEncoder.encode(snapshot)
      #expect(try decoder.decode(record) == snapshot, "step \(step)")
      change(&snapshot, by: &generator)
    }
  }

  @Test("A service at work: every pass, and every pass once more")
  func passes() throws {
    var decoder = SeriesDecoder()
    for pass: UInt64 in [0, 0, 1, 2, 2, 3, 1] {
      for snapshot in [Fixture.shop(at: pass), Fixture.healthy(workers: 5, at: pass), Fixture.shop(at: pass)] {
        #expect(try decoder.decode(RecordEncoder.encode(snapshot)) == snapshot)
      }
    }
  }

  @Test("Hostile bytes give the same snapshot or the same error as they give alone", arguments: 0..<20)
  func hostile(seed: UInt64) throws {
    var generator = Dice(state: seed)
    var decoder = SeriesDecoder()
    let payload = Array(RecordEncoder.encode(Fixture.shop(at: seed))[RecordHeader.byteCount...])
    for _ in 0..<300 {
      var changed = payload
      for _ in 0..<Int(generator.next() % 4) {
        changed[Int(generator.next() % UInt64(changed.count))] = UInt8(truncatingIfNeeded: generator.next())
      }
      if generator.next() % 8 == 0 { changed.removeLast(Int(generator.next() % 200)) }
      let record = Seal.record(changed)
      let (together, alone) = (Result { try decoder.decode(record) }, Result { try RecordDecoder.decode(record) })
      switch (together, alone) {
      case (.success(let one), .success(let other)): #expect(one == other)
      case (.failure(let one), .failure(let other)): #expect(one as? RecordError == other as? RecordError)
      default: Issue.record("\(together) is not \(alone)")
      }
    }
  }

  @Test("A connection's engine is judged by the engines of its own record")
  func engines() throws {
    var snapshot = Fixture.shop()
    var decoder = SeriesDecoder()
    for engines in [1, 0, 1, 2, 0] {
      snapshot.workers[0].engines = (0..<engines).map { Engine(url: "db://\($0)") }
      let record = RecordEncoder.encode(snapshot)
      #expect(try decoder.decode(record) == RecordDecoder.decode(record))
    }
  }

  /// What happens in a second: mostly nothing, sometimes a little, seldom another worker.
  private func change(_ snapshot: inout Snapshot, by generator: inout Dice) {
    snapshot.monotonicTime &+= 1_000_000_000
    let other = RandomSnapshot(seed: generator.next()).make()
    for index in snapshot.workers.indices {
      snapshot.workers[index].heartbeat &+= 1
      guard let source = other.workers.first else { continue }
      change(&snapshot.workers[index], from: source, by: &generator)
    }
    switch generator.next() % 10 {
    case 0: snapshot.workers = other.workers
    case 1: snapshot.workers.append(contentsOf: other.workers)
    case 2 where !snapshot.workers.isEmpty:
      snapshot.workers.remove(at: Int(generator.next() % UInt64(snapshot.workers.count)))
    case 3: snapshot.workers.reverse()
    case 4: snapshot.service = other.service
    default: break
    }
  }

  private func change(_ worker: inout Worker, from other: Worker, by generator: inout Dice) {
    switch generator.next() % 12 {
    case 0: worker.counters.requests &+= 1
    case 1: worker.units.append(contentsOf: other.units)
    case 2 where !worker.units.isEmpty: worker.units.removeFirst()
    case 3 where !worker.units.isEmpty: worker.units[0].requests &+= 1
    case 4: worker.connections = other.connections.map { withoutEngine($0) }
    case 5: worker.failures = other.failures
    case 6: worker.latency = other.latency
    case 7: worker.runtime.flask += "x"
    case 8 where !worker.units.isEmpty: worker.units[worker.units.count - 1].name += "y"
    case 9: worker.kernel = other.kernel
    default: break
    }
  }

  private func withoutEngine(_ connection: Connection) -> Connection {
    var connection = connection
    connection.engine = nil
    return connection
  }
}
