// Workers as they were printed last. While nothing has happened in one, its bytes in a record stay the same, and only
// its pulse and the ages in it change: the text is copied, but for these. So a fleet that mostly waits is printed at
// about the cost of copying it. Whether nothing has happened is seen by comparing the bytes, not believed.

import CCtxtop

/// One worker's text, without the braces around it.
struct PrintedWorker: ~Copyable {
  /// What the record says of it.
  var block = ByteSink(capacity: 64)
  var text = ByteSink(capacity: 64)
  /// What was printed at a time and differs at another: for each where it begins and ends, four bytes each, and the
  /// time that it is the age of. The first is the pulse.
  var moments = ByteSink(capacity: 64)
}

/// The workers of a segment, by their places in a record. Not for a judged snapshot.
package final class PrintedWorkers {
  private let workers = UnsafeMutablePointer<PrintedWorker>.allocate(capacity: CTXTOP_SLOTS)
  private var count = 0

  package init() {}

  deinit {
    workers.deinitialize(count: count)
    workers.deallocate()
  }

  /// The worker of that place if it was printed from the same bytes.
  func find(_ index: Int, _ block: UnsafeRawBufferPointer) -> UnsafeMutablePointer<PrintedWorker>? {
    guard index < count, workers[index].block.count == block.count, let start = block.baseAddress else { return nil }
    return memcmp(workers[index].block.place(0), start, block.count) == 0 ? workers + index : nil
  }

  /// Keeps what was printed of a worker; places come one after the other.
  func keep(
    _ index: Int, _ block: UnsafeRawBufferPointer, _ text: UnsafeRawBufferPointer, _ moments: UnsafeRawBufferPointer
  ) {
    guard index <= count, index < CTXTOP_SLOTS else { return }
    if index == count {
      (workers + index).initialize(to: PrintedWorker())
      count &+= 1
    }
    Self.replace(&workers[index].block, block)
    Self.replace(&workers[index].text, text)
    Self.replace(&workers[index].moments, moments)
  }

  @inline(never)
  private static func replace(_ sink: inout ByteSink, _ bytes: UnsafeRawBufferPointer) {
    sink.rewind(to: 0)
    sink.bytes(bytes)
  }
}

extension FieldPrinter {
  /// What is printed from here on may be kept.
  mutating func beginWorker() {
    workerStart = json.count
    moments.rewind(to: 0)
  }

  /// What was printed since `start` is other at another time.
  @inline(__always)
  mutating func moment(from start: Int, time: UInt64) {
    let range = UInt64(truncatingIfNeeded: start &- workerStart)
    moments.fixed(range | UInt64(truncatingIfNeeded: json.count &- workerStart) &<< 32)
    moments.fixed(time)
  }

  func keep(in printed: PrintedWorkers, _ index: Int, _ block: UnsafeRawBufferPointer) {
    let start = workerStart
    moments.withBytes { moments in
      json.withBytes { printed.keep(index, block, UnsafeRawBufferPointer(rebasing: $0[start...]), moments) }
    }
  }

  /// Prints what was kept, with the pulse and the ages of now.
  @inline(never)
  mutating func print(_ printed: UnsafeMutablePointer<PrintedWorker>, pulse: FieldCursor) {
    var copied = 0
    var offset = 0
    while offset < printed.pointee.moments.count {
      let moment = printed.pointee.moments.place(offset)
      let range = UInt64(littleEndian: moment.loadUnaligned(as: UInt64.self))
      copy(printed, copied, Int(truncatingIfNeeded: range & 0xFFFF_FFFF))
      copied = Int(truncatingIfNeeded: range &>> 32)
      if offset == 0 {
        SnapshotJSON.pulse(pulse, &self)
      } else {
        json.milliseconds(age(UInt64(littleEndian: moment.loadUnaligned(fromByteOffset: 8, as: UInt64.self))))
      }
      offset &+= 16
    }
    copy(printed, copied, printed.pointee.text.count)
  }

  private mutating func copy(_ printed: UnsafeMutablePointer<PrintedWorker>, _ start: Int, _ end: Int) {
    json.copy(UnsafeRawBufferPointer(start: printed.pointee.text.place(start), count: end &- start))
  }
}
