// What a record is made of, as it is written: blocks, entities, numbers and strings. Record.swift describes the
// bytes. Two write them: RecordEncoder from a snapshot, and in the guest SlotRecorder from the words of a segment.

extension ByteSink {
  // MARK: The record

  /// Begins a record in this sink; where the number of its workers goes.
  package mutating func beginRecord(wallTime: UInt64, monotonicTime: UInt64) -> Int {
    rewind(to: 0)
    fixed(RecordHeader.magic)
    fixed(UInt64(RecordHeader.version))
    fixed(wallTime)
    fixed(monotonicTime)
    fixed(UInt64(0))
    _ = openBlock()
    let list = count
    fixed(UInt32(0))
    return list
  }

  /// Ends the record: the snapshot's own strings, which come last because its workers have tables of their own, what
  /// clients asked to be done, and what the header says of the payload.
  package mutating func finishRecord(
    _ list: Int, workers: UInt32, service: UnsafeRawBufferPointer, host: UnsafeRawBufferPointer,
    actions: borrowing ByteSink
  ) {
    replace(at: list, with: workers)
    var strings = RecordStrings()
    varint(service.count == 0 ? 0 : strings.add(repairing: service))
    varint(host.count == 0 ? 0 : strings.add(repairing: host))
    actions.withBytes { bytes($0) }
    closeBlock(RecordHeader.byteCount, strings)
    replace(at: 12, with: UInt32(truncatingIfNeeded: count &- RecordHeader.byteCount))
    replace(at: 32, with: checksum(RecordHeader.byteCount, count))
    replace(at: 36, with: checksum(0, 36))
  }

  private func checksum(_ start: Int, _ end: Int) -> UInt32 {
    withBytes { RecordChecksum.of(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
  }

  /// Whether a record of this length may be written.
  package var fitsRecord: Bool { count <= RecordHeader.payloadLimit &- 4096 }

  /// What changes in a worker that does nothing; it follows the worker's block.
  package mutating func pulse(_ liveness: Liveness, _ heartbeat: UInt64, _ kernel: KernelSample?, draining: UInt64?) {
    let entity = openEntity()
    varint(UInt64(liveness.rawValue))
    varint(heartbeat)
    if let kernel {
      varint(1)
      let entity = openEntity()
      varint(UInt64(kernel.state))
      varint(kernel.residentBytes)
      varint(kernel.cpuTime)
      varint(kernel.time)
      varint(kernel.since)
      optional(kernel.listenQueue)
      closeEntity(entity)
    } else {
      varint(0)
    }
    varint(draining ?? 0)
    closeEntity(entity)
  }

  // MARK: Parts with a length

  @inline(never)
  package mutating func openEntity() -> Int {
    let start = count
    fixed(UInt32(0))
    return start
  }

  @inline(never)
  package mutating func closeEntity(_ start: Int) {
    replace(at: start, with: UInt32(truncatingIfNeeded: count &- start &- 4))
  }

  @inline(never)
  package mutating func openBlock() -> Int {
    let start = count
    fixed(UInt64(0))
    return start
  }

  @inline(never)
  package mutating func closeBlock(_ start: Int, _ strings: borrowing RecordStrings) {
    replace(at: start &+ 4, with: UInt32(truncatingIfNeeded: count &- start &- 8))
    strings.write(to: &self)
    replace(at: start, with: UInt32(truncatingIfNeeded: count &- start &- 8))
  }

  // MARK: Numbers

  /// A number below two million that is only known later: a varint of three bytes, whatever it will be.
  @inline(never)
  package mutating func openCount() -> Int {
    let place = count
    for _ in 0..<3 { byte(0) }
    return place
  }

  @inline(never)
  package mutating func closeCount(_ place: Int, _ number: Int) {
    put(UInt8(truncatingIfNeeded: number) | 0x80, at: place)
    put(UInt8(truncatingIfNeeded: number &>> 7) | 0x80, at: place &+ 1)
    put(UInt8(truncatingIfNeeded: number &>> 14) & 0x7F, at: place &+ 2)
  }

  package mutating func natural(_ value: Int) { varint(UInt64(max(value, 0))) }

  /// Small numbers of both signs in few bytes.
  package mutating func integer(_ value: Int64) {
    varint(UInt64(bitPattern: (value &<< 1) ^ (value &>> 63)))
  }

  @inline(never)
  package mutating func optional(_ value: Int?) {
    guard let value else { return varint(0) }
    varint(1)
    integer(Int64(value))
  }

  @inline(never)
  package mutating func optional(_ value: UInt64?) {
    guard let value else { return varint(0) }
    varint(1)
    varint(value)
  }
}

/// The strings of one block, numbered from 1 in the order in which they came.
package struct RecordStrings: ~Copyable {
  /// Length and bytes of each string, as they follow in the record.
  private(set) var text = ByteSink(capacity: 1024)
  private var count: UInt64 = 0

  package init() {}

  /// Forgets all strings.
  package mutating func clear() {
    text.rewind(to: 0)
    count = 0
  }

  /// Appends text that is UTF-8; its number.
  @inline(never)
  mutating func add(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    text.varint(UInt64(bytes.count))
    text.bytes(bytes)
    count &+= 1
    return count
  }

  /// Appends text that should be UTF-8. A character that the end has cut in two is left out; every other byte that
  /// is no UTF-8 becomes `?`.
  @inline(never)
  package mutating func add(repairing bytes: UnsafeRawBufferPointer) -> UInt64 {
    let kept = UnsafeRawBufferPointer(rebasing: bytes[..<UTF8Text.whole(bytes)])
    let number = add(kept)
    text.repair(from: text.count &- kept.count)
    return number
  }

  /// Appends the table: number of strings, then each.
  func write(to sink: inout ByteSink) {
    sink.varint(count)
    text.withBytes { sink.bytes($0) }
  }
}
