// False records and segments, millions of them. What must hold: each is an answer or an error; the decoder of a series
// gives the same as the one that sees a record alone; an answer can be written again and read again; and the memory
// does not grow.
//
// Rounds come in blocks, each of which follows from its number alone: what a block does, `decoders 1 NUMBER` does again.

import CtxtopGuestTestKit
import CtxtopRandomKit
import CtxtopScoreboard
import CtxtopSnapshot

struct Decoders {
  /// Rounds of a block; every eighth block is one of segments.
  private static let blockLength: UInt64 = 64
  /// So much memory may come and go between two looks at it, in KiB: the allocator's, not ours.
  private static let slack = 8 << 10

  private let count: UInt64
  private let seed: UInt64
  private var segments = SegmentRounds()
  private var records = RecordRounds()

  init(count: UInt64, seed: UInt64) {
    self.count = count
    self.seed = seed
  }

  func run() {
    var storm = self
    storm.rain()
  }

  private mutating func rain() {
    Watch.begin()
    let blocks = max(count / Self.blockLength, 1)
    let began = Stopwatch.seconds
    var memory = 0
    for index in 0..<blocks {
      // Then everything has been as large as it gets by itself.
      if index == blocks / 10 { memory = Memory.now }
      let block = seed &+ index
      Watch.begin(block)
      if block % 8 == 0 { segments.run(block, Self.blockLength) } else { records.run(block, Self.blockLength) }
    }
    let end = Memory.now
    print(
      """
      {"rounds": \(blocks * Self.blockLength), "records": \(records.count), "segments": \(segments.count), \
      "answers": \(records.answers + segments.answers), "errors": \(records.errors + segments.errors), \
      "seconds": \(Stopwatch.seconds - began), "rss_kib": [\(memory), \(end)], "peak_kib": \(Memory.peak)}
      """)
    if end > memory + Self.slack { Storm.fail("memory has grown from \(memory) to \(end) KiB") }
  }
}

/// Records.
private struct RecordRounds {
  private(set) var count: UInt64 = 0
  private(set) var answers: UInt64 = 0
  private(set) var errors: UInt64 = 0

  mutating func run(_ block: UInt64, _ length: UInt64) {
    var mutator = RecordMutator(seed: block)
    let whole = RecordEncoder.encode(RandomSnapshot(seed: block).make())
    let payload = Array(whole[RecordHeader.byteCount...])
    var series = SeriesDecoder()
    for round in 0..<length {
      let record = Self.record(payload, whole, &mutator)
      let alone = Result { () throws(RecordError) in try RecordDecoder.decode(record) }
      let next = Result { () throws(RecordError) in try series.decode(record) }
      if alone != next { Storm.fail("block \(block), round \(round): the series decoder differs") }
      count += 1
      switch alone {
      case .success(let snapshot):
        answers += 1
        if round % 8 == 0, !Self.isReadAgain(snapshot) {
          Storm.fail("block \(block), round \(round): an answer cannot be written and read again")
        }
      case .failure: errors += 1
      }
    }
  }

  private static func record(_ payload: [UInt8], _ whole: [UInt8], _ mutator: inout RecordMutator) -> [UInt8] {
    switch mutator.small(16) {
    case 0: return Seal.record(mutator.noise())
    case 1: return mutator.noise()
    case 2: return mutator.change(whole)
    case 3:
      var record = Array(mutator.change(Array(whole[..<RecordHeader.byteCount])).prefix(RecordHeader.byteCount))
      if record.count == RecordHeader.byteCount { Seal.header(&record) }
      return record + payload
    default: return Seal.record(mutator.change(payload))
    }
  }

  private static func isReadAgain(_ snapshot: Snapshot) -> Bool {
    (try? RecordDecoder.decode(RecordEncoder.encode(snapshot))) == snapshot && !SnapshotJSON.encode(snapshot).isEmpty
  }
}

/// Segments.
private struct SegmentRounds {
  private(set) var count: UInt64 = 0
  private(set) var answers: UInt64 = 0
  private(set) var errors: UInt64 = 0
  private let file = SampleFile()

  mutating func run(_ block: UInt64, _ length: UInt64) {
    var dice = Dice(state: block)
    // A program that stays reads with one reader; names, for instance, are kept in it.
    let keepsReader = dice.next() & 1 == 0
    var reader: SegmentReader?
    for round in 0..<length {
      // Changes add up for a while.
      if round % 8 == 0 {
        file.restore()
        reader = nil
      }
      for _ in 0...dice.number(below: 12) { file.change(SegmentChange(&dice)) }
      if dice.number(below: 64) == 0 { file.makeNoise(&dice) }
      do throws(SegmentError) {
        if reader == nil || !keepsReader { reader = try SegmentReader(path: file.path) }
        _ = try reader?.snapshot()
        answers += 1
      } catch {
        errors += 1
        // The file is as long as its header says: what can be read of it can be told.
        Storm.fail("block \(block), round \(round): \(error)")
      }
      count += 1
    }
  }
}
