// Recordings that something happened to. What must hold, whatever it was: what is shown is, byte for byte, what was
// written at that time, in the order in which it was written; and what the damage did not touch is shown.

import CtxtopRandomKit
import CtxtopSnapshot
import CtxtopStore
import Glibc

/// A small recording with gaps, indexes and groups, and what is to be found in it.
struct Damage {
  /// Bytes at the end that are cut one by one.
  private static let cutLength = 65_536

  private let path: String
  private let bytes: [UInt8]
  private let records: [[UInt8]]
  private let numbers: [UInt64: Int]
  /// Where each record's frame ends, and the number of the first record of its group.
  private let ends: [Int]
  private let groups: [Int]

  init(_ path: String, records count: Int, workers: Int = 1, units: Int = 2) throws {
    self.path = path
    try? System.unlink(path)
    var service = SyntheticService(workers: workers, units: units)
    var records: [[UInt8]] = []
    let writer = try RecordingWriter(path: path, service: "shop", host: "prod-3")
    for index in 0...count {
      service.advance()
      let record = RecordEncoder.encode(service.snapshot)
      records.append(record)
      // The last one is for later.
      if index == count { break }
      if index % 15 == 10 {
        try writer.markGap(since: service.snapshot.wallTime - 1, until: service.snapshot.wallTime, reason: "a test")
      }
      try writer.append(record, summary: Self.summary(index))
    }
    try writer.close()
    self.records = records
    numbers = Dictionary(uniqueKeysWithValues: records.enumerated().map { (Self.wallTime(of: $1), $0) })
    bytes = try System.head(of: path, limit: writer.byteCount)
    (ends, groups) = Self.frames(of: bytes)
  }

  /// Where the records end, and where their groups begin: as FrameHeader says.
  private static func frames(of bytes: [UInt8]) -> (ends: [Int], groups: [Int]) {
    var ends: [Int] = []
    var groups: [Int] = []
    var place = 1024
    bytes.withUnsafeBytes { bytes in
      while place < bytes.count {
        let end = place + 56 + Int(bytes.loadUnaligned(fromByteOffset: place + 12, as: UInt32.self))
        if bytes[place + 4] == 1 {
          groups.append(ends.count - Int(bytes.loadUnaligned(fromByteOffset: place + 6, as: UInt16.self)))
          ends.append(end)
        }
        place = end
      }
    }
    return (ends, groups)
  }

  private static func summary(_ index: Int) -> RecordSummary {
    var summary = RecordSummary()
    summary.leakedContexts = UInt32(index)
    summary.leakedConnections = UInt32(index * 3)
    summary.verdicts = UInt16(index & 0x7FE)
    return summary
  }

  private static func wallTime(of record: [UInt8]) -> UInt64 {
    record.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 16, as: UInt64.self)) }
  }

  // MARK: - What may happen

  /// A crash at any byte.
  func cuts() throws {
    let descriptor = try System.open(path, O_RDWR)
    defer { System.close(descriptor) }
    let first = max(1024, bytes.count - Self.cutLength)
    for length in stride(from: bytes.count - 1, through: first, by: -1) {
      guard ftruncate(descriptor, off_t(length)) == 0 else { throw SystemError("ftruncate", errno) }
      let whole = ends.firstIndex { $0 > length } ?? ends.count
      // What lies before the cut did not change: it is read where a frame is cut off, and now and then.
      let isRead = length % 32 == 0 || whole > 0 && length < ends[whole - 1] + 4
      let shown = try check(reading: { isRead && $0 >= whole - 2 }, "cut at \(length)")
      if shown != Set(0..<whole) { fail("cut at \(length): \(shown.count) records are shown, not \(whole)") }
    }
    print("{\"bytes\": \(bytes.count), \"cuts\": \(bytes.count - first)}")
  }

  /// One bit that is another.
  func flips(_ count: Int, seed: UInt64) throws {
    var dice = Dice(state: seed)
    let descriptor = try System.open(path, O_RDWR)
    defer { System.close(descriptor) }
    var refused = 0
    let pointer = 48..<64
    for round in 0..<count {
      let place = Int(dice.number(below: UInt64(bytes.count)))
      let bit = UInt8(1) << UInt8(dice.number(below: 8))
      // Every other time the index is not to be found: what it saves reading is read then.
      if round % 2 == 1 { try write(descriptor, Array(repeating: 0, count: pointer.count), at: pointer.lowerBound) }
      try write(descriptor, [bytes[place] ^ bit], at: place)
      let what = "bit \(bit) of byte \(place)"
      let group = groups[min(ends.firstIndex { $0 > place } ?? 0, ends.count - 1)]
      let probe = Int(dice.number(below: UInt64(ends.count)))
      // Other groups' bytes are as they were: one record of them stands for all.
      let shown = try check(reading: { groups[$0] == group || $0 == probe }, what)
      if shown.isEmpty { refused += 1 }
      let untouched = ends.indices.filter { groups[$0] != group || ends[$0] <= place }
      if !shown.isSuperset(of: untouched) { fail("\(what): an untouched record is not shown") }
      try write(descriptor, [bytes[place]], at: place)
      if round % 2 == 1 { try write(descriptor, Array(bytes[pointer]), at: pointer.lowerBound) }
    }
    print("{\"bytes\": \(bytes.count), \"flips\": \(count), \"refused\": \(refused)}")
  }

  /// Bytes that come, go, move or are others.
  func splices(_ count: Int, seed: UInt64) throws {
    var dice = Dice(state: seed)
    var shown = 0
    for round in 0..<count {
      var file = bytes
      for _ in 0...dice.number(below: 3) { splice(&file, &dice) }
      try replace(file)
      let what = "splice \(round) of seed \(seed)"
      let before = try check(reading: { _ in true }, what)
      shown += before.count
      if round % 4 == 0 { try goOn(before, what) }
    }
    print("{\"bytes\": \(bytes.count), \"splices\": \(count), \"shown\": \(shown)}")
  }

  /// Appends a record to what is left: it is shown, and so is what was.
  private func goOn(_ before: Set<Int>, _ what: String) throws {
    guard let writer = try? RecordingWriter(path: path, service: "shop", host: "prod-3") else { return }
    try writer.append(records[ends.count], summary: Self.summary(ends.count))
    try writer.close()
    let after = try check(reading: { _ in true }, what)
    if after != before.union([ends.count]) { fail("\(what): after another record, others are shown") }
  }

  private func splice(_ file: inout [UInt8], _ dice: inout Dice) {
    let start = Int(dice.number(below: UInt64(file.count)))
    let length = min(Int(dice.number(below: dice.chance(0.5) ? 40 : 4000)), file.count - start)
    let noise = (0..<length).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
    let range = start..<start + length
    switch dice.number(below: 5) {
    case 0: file.insert(contentsOf: noise, at: start)
    case 1: file.removeSubrange(range)
    case 2: file.insert(contentsOf: file[range], at: Int(dice.number(below: UInt64(file.count))))
    case 3: file.replaceSubrange(range, with: repeatElement(0, count: length))
    default: file.replaceSubrange(range, with: noise)
    }
    if file.isEmpty { file = [0] }
  }

  // MARK: - What must hold

  /// Opens the file and reads some of its records; which of the written ones it shows.
  private func check(reading isRead: (Int) -> Bool, _ what: String) throws -> Set<Int> {
    let reader: RecordingReader
    do { reader = try RecordingReader(path: path) } catch { return [] }
    var shown: Set<Int> = []
    var last = -1
    for (index, entry) in reader.entries.enumerated() {
      guard let number = numbers[entry.wallTime], number > last, entry.summary == Self.summary(number) else {
        fail("\(what): entry \(index) is none that was written there")
      }
      last = number
      if isRead(number) {
        guard let record = try? reader.record(at: index) else { continue }
        if record != records[number] { fail("\(what): record \(number) is another") }
      }
      shown.insert(number)
      if let before = reader.predecessor(of: index), reader.entries[before].monotonicTime >= entry.monotonicTime {
        fail("\(what): time goes backwards")
      }
    }
    if reader.damage.count > 40 { fail("\(what): \(reader.damage.count) lines of damage") }
    return shown
  }

  private func write(_ descriptor: Int32, _ bytes: [UInt8], at place: Int) throws {
    guard pwrite(descriptor, bytes, bytes.count, off_t(place)) == bytes.count else {
      throw SystemError("pwrite", errno)
    }
  }

  private func replace(_ file: [UInt8]) throws {
    let descriptor = try System.open(path, O_WRONLY | O_TRUNC)
    defer { System.close(descriptor) }
    try System.write(descriptor, file)
  }

  private func fail(_ line: String) -> Never {
    try? System.write(STDERR_FILENO, Array((line + "\n").utf8))
    exit(1)
  }
}
