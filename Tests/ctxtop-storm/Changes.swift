// The change count between processes: writers that are killed at any moment, readers that map the file and readers that
// use pread, as those of a segment do. What must hold: what a reader gets as stable is the work of one change; a record
// that was left in the middle is said to be unstable, and nobody waits for it; its next owner repairs it.

import CCtxtop
import CtxtopGuestTestKit
import CtxtopRandomKit
import CtxtopScoreboard
import Glibc
import Synchronization

struct Changes {
  private static let records = 3
  private static let bytes = records * ProvingRecord.words * 8
  /// The file, as the writers inherit it.
  private static let descriptor: Int32 = 9

  private let seconds: UInt64

  init(seconds: UInt64) { self.seconds = seconds }

  /// What a writer does, until it is killed: it owns one record and changes it as fast as it can.
  static func change(_ index: Int) -> Never {
    let record = ProvingRecord(map(descriptor).advanced(by: index * ProvingRecord.words))
    var seed = record.words.load(0)
    while true {
      seed &+= 1
      ChangeCount.beginOwned(record.words)
      record.write(seed)
      ChangeCount.end(record.words)
    }
  }

  func run() {
    Watch.begin()
    let file = Self.makeFile()
    let words = Self.map(file)
    let records = (0..<Self.records).map { ProvingRecord(words.advanced(by: $0 * ProvingRecord.words)) }
    // What nobody has changed yet is whole, too.
    for record in records { record.write(0) }
    let tally = Tally()
    onThreads(3) { index in
      switch index {
      case 0: kill(file, records, tally)
      case 1: Self.readMapped(records, tally)
      default: Self.readCopies(file, tally)
      }
    }
    tally.tell(changes: records.reduce(0) { $0 + $1.words.load(0) / 2 })
  }

  /// Starts writers and kills them, each after a moment; looks at what they leave.
  private func kill(_ file: Int32, _ records: [ProvingRecord], _ tally: Tally) {
    var dice = Dice(state: 1)
    let end = Stopwatch.seconds + Double(seconds)
    var writers = (0..<Self.records).map { Self.startWriter($0, on: file) }
    while Stopwatch.seconds < end {
      usleep(useconds_t(dice.number(below: 4000)))
      let index = Int(dice.number(below: UInt64(Self.records)))
      Glibc.kill(writers[index], SIGKILL)
      waitpid(writers[index], nil, 0)
      tally.kills.add(1, ordering: .relaxed)
      let isOdd = records[index].words.load(0) & 1 == 1
      if isOdd { tally.left.add(1, ordering: .relaxed) }
      let isStable = ProvingRecord.withCopy { Self.copy(records[index], into: $0) }
      if isStable == isOdd { Storm.fail("record \(index) was left \(isOdd ? "odd" : "even"), and is told otherwise") }
      writers[index] = Self.startWriter(index, on: file)
    }
    for writer in writers {
      Glibc.kill(writer, SIGKILL)
      waitpid(writer, nil, 0)
    }
    tally.isDone.store(true, ordering: .releasing)
  }

  private static func readMapped(_ records: [ProvingRecord], _ tally: Tally) {
    ProvingRecord.withCopy { copy in
      repeat {
        for record in records { tally.note(self.copy(record, into: copy), copy) }
      } while !tally.isDone.load(ordering: .acquiring)
    }
  }

  /// As SegmentReader does: the counts, the words, the counts, each by a call of its own.
  private static func readCopies(_ file: Int32, _ tally: Tally) {
    let looks = (0..<3).map { _ in Words(.allocate(byteCount: bytes, alignment: 64)) }
    defer { for look in looks { look.base.deallocate() } }
    ProvingRecord.withCopy { copy in
      repeat {
        for look in looks where pread(file, look.base, bytes, 0) != bytes { Storm.fail("the file is short") }
        let view = TableView(before: looks[0], body: looks[1], after: looks[2])
        for index in 0..<records {
          tally.note(view.copy(at: index * ProvingRecord.words, count: ProvingRecord.words, into: copy), copy)
        }
      } while !tally.isDone.load(ordering: .acquiring)
    }
  }

  private static func copy(_ record: ProvingRecord, into copy: Words) -> Bool {
    TableView(mapped: record.words).copy(at: 0, count: ProvingRecord.words, into: copy)
  }

  // MARK: - The file and its writers

  private static func makeFile() -> Int32 {
    let place = TemporaryDirectory()
    place.write("records", [UInt8](repeating: 0, count: bytes))
    let file = ctxtop_open(place.path + "/records", O_RDWR | O_CLOEXEC, 0)
    guard file >= 0 else { Storm.fail("no file") }
    return file
  }

  private static func map(_ file: Int32) -> Words {
    do throws(SystemFailure) {
      return try SegmentFile.map(file, offset: 0, count: bytes)
    } catch {
      Storm.fail(error.line)
    }
  }

  /// This program once more.
  private static func startWriter(_ index: Int, on file: Int32) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, file, descriptor)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var arguments: [UnsafeMutablePointer<CChar>?] = [
      strdup("ctxtop-storm"), strdup("change"), strdup("\(index)"), nil,
    ]
    defer { for argument in arguments { free(argument) } }
    var pid = pid_t()
    guard posix_spawn(&pid, "/proc/self/exe", &actions, nil, &arguments, environ) == 0 else {
      Storm.fail("no writer")
    }
    return pid
  }
}

/// What readers and the killer saw.
private final class Tally: Sendable {
  let isDone = Atomic<Bool>(false)
  let kills = Atomic<Int>(0)
  let left = Atomic<Int>(0)
  private let stable = Atomic<Int>(0)
  private let unstable = Atomic<Int>(0)

  func note(_ isStable: Bool, _ copy: Words) {
    if isStable, !ProvingRecord.isWhole(copy) { Storm.fail("a reader got a torn record") }
    if isStable { stable.add(1, ordering: .relaxed) } else { unstable.add(1, ordering: .relaxed) }
  }

  func tell(changes: UInt64) {
    let reads = (stable.load(ordering: .relaxed), unstable.load(ordering: .relaxed))
    let kills = (kills.load(ordering: .relaxed), left.load(ordering: .relaxed))
    if reads.0 == 0 { Storm.fail("no reader ever got a record") }
    print(
      """
      {"changes": \(changes), "stable": \(reads.0), "unstable": \(reads.1), "torn": 0, "kills": \(kills.0), \
      "left_in_the_middle": \(kills.1)}
      """)
  }
}
