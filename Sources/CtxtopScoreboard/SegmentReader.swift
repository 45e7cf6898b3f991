// Reads a segment from outside, when no worker answers: with pread and never through a mapping, so that a
// truncated file is an error and not a signal. Each table is read three times - change counts, words,
// change counts - which is the protocol of ChangeCount.swift with copies instead of live memory.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopSnapshot
#endif

/// Why a segment could not be read.
package enum SegmentError: Error, Equatable {
  /// A system call failed: what was being done, and errno.
  case system(SystemFailure)
  /// The file is not a segment.
  case notASegment
  /// The segment has another layout version than this program.
  case otherVersion(UInt32)
  /// The file is shorter than its header says, or its header contradicts itself.
  case malformed
}

/// A segment file, opened for reading.
package struct SegmentReader: ~Copyable {
  /// How often a slot is read again when records in it were being written.
  private static let tries = 3

  private let file: Int32
  private let lock: Int32
  private let service: String
  private let host = HostName.current()
  private let pidNamespace = ProcessStatus.pidNamespace()
  private let reader = SlotReader()
  private var names: [NameReader] = []
  private var fixed = Copies()
  private var nameBytes = Copies()
  private var tables: InlineArray<3, InlineArray<3, Copies>> = InlineArray(repeating: InlineArray(repeating: Copies()))

  /// Opens the segment at `path` and checks its header. The lock file is looked for beside it.
  package init(path: String) throws(SegmentError) {
    let path = Path(path.utf8)
    let fd = path.withCString { ctxtop_open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0) }
    if fd < 0 { throw .system(SystemFailure("opening the segment", ctxtop_errno())) }
    do throws(SegmentError) {
      service = try Self.check(fd)
    } catch {
      close(fd)
      throw error
    }
    file = fd
    lock = Self.lockPath(path).withCString { ctxtop_open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0) }
  }

  deinit {
    close(file)
    if lock >= 0 { close(lock) }
    fixed.free()
    nameBytes.free()
    for table in 0..<3 { for copy in 0..<3 { tables[table][copy].free() } }
  }

  /// One pass over all slots. Liveness and the kernel's facts are asked while doing so.
  package mutating func snapshot() throws(SegmentError) -> Snapshot {
    let now = Clock.monotonic()
    var snapshot = Snapshot(service: service, host: host, wallTime: Clock.wall(), monotonicTime: now)
    let count = SlotCount.inFile(file)
    while names.count < count { names.append(NameReader()) }
    for index in 0..<count {
      if let worker = try worker(index, at: now) { snapshot.workers.append(worker) }
    }
    return snapshot
  }

  private mutating func worker(_ index: Int, at now: UInt64) throws(SegmentError) -> Worker? {
    var best: Worker?
    for _ in 0..<Self.tries {
      let start = SlotLayout.offset(of: index)
      guard try fixed.read(file, offset: start, bytes: CTXTOP_NAMES_BYTES, orPart: true) else { return nil }
      let tenant = fixed.words.load(CTXTOP_SLOT_TENANT)
      if tenant.low != Tenancy.live { return nil }
      try readNames(index, start, generation: tenant.high)
      let view = try readTables(start)
      best = reader.worker(slot: index, view: view, names: names[index].names)
      guard try isStill(tenant, start) else { continue }
      if best?.unstable == 0 { break }
    }
    guard var worker = best else { return nil }
    worker.liveness = liveness(index)
    SlotKernel.refresh(&worker, control: fixed.words, pidNamespace: pidNamespace, at: now)
    return worker
  }

  private mutating func readNames(_ index: Int, _ start: Int, generation: UInt32) throws(SegmentError) {
    let known = names[index].known(generation: generation)
    let used = used(.names)
    guard used > known else { return }
    let bytes = Table.names.recordBytes
    _ = try nameBytes.read(file, offset: start &+ Table.names.offset &+ known &* bytes, bytes: (used &- known) &* bytes)
    names[index].advance(generation: generation, table: nameBytes.words, from: known, count: used)
  }

  private mutating func readTables(_ start: Int) throws(SegmentError) -> SlotView {
    let units = try view(.units, start)
    let holdings = try view(.holdings, start)
    let failures = try view(.failures, start)
    return SlotView(
      control: fixed.words, lanes: fixed.words.advanced(by: CTXTOP_LANES_BYTES / 8), units: units,
      holdings: holdings, failures: failures, unitCount: used(.units), holdingCount: used(.holdings),
      failureCount: used(.failures))
  }

  private mutating func view(_ table: Table, _ start: Int) throws(SegmentError) -> TableView {
    let bytes = used(table) &* table.recordBytes
    let which = table.rawValue - 1
    for copy in 0..<3 {
      guard try tables[which][copy].read(file, offset: start &+ table.offset, bytes: bytes) else { throw .malformed }
    }
    return TableView(before: tables[which][0].words, body: tables[which][1].words, after: tables[which][2].words)
  }

  private func used(_ table: Table) -> Int {
    let allocated = min(Int(truncatingIfNeeded: fixed.words.load(table.allocatedWord)), table.capacity)
    return max(min(Int(truncatingIfNeeded: fixed.words.load(table.usedWord)), allocated), 0)
  }

  private func isStill(_ tenant: UInt64, _ start: Int) throws(SegmentError) -> Bool {
    var now: UInt64 = 0
    guard pread(file, &now, 8, start) == 8 else { throw .malformed }
    return now == tenant
  }

  private func liveness(_ index: Int) -> Liveness {
    if lock < 0 || fixed.words.load(CTXTOP_SLOT_LOCK_LOST) != 0 { return .unknown }
    guard let isHeld = LockFile.isHeld(index, lock) else { return .unknown }
    return isHeld ? .alive : .dead
  }

  private static func check(_ fd: Int32) throws(SegmentError) -> String {
    guard let identity = try? FileIdentity(of: fd), identity.isRegular else { throw .notASegment }
    var header = Copies()
    defer { header.free() }
    guard try header.read(fd, offset: 0, bytes: CTXTOP_PAGE_BYTES, orPart: true),
      SegmentHeader.isSegment(header.words)
    else { throw .notASegment }
    let layout = SegmentHeader.layout(header.words)
    guard layout == UInt32(CTXTOP_LAYOUT) else { throw .otherVersion(layout) }
    guard identity.size >= CTXTOP_PAGE_BYTES, SegmentHeader.isOurs(header.words) else { throw .malformed }
    return SegmentHeader.service(header.words)
  }

  /// The lock file lies beside its segment and has its name but for the ending.
  private static func lockPath(_ segment: Path) -> Path {
    let ending = Array(".segment".utf8)
    var bytes = segment.utf8
    if bytes.suffix(ending.count).elementsEqual(ending) { bytes.removeLast(ending.count) }
    return Path(bytes).appending(".lock")
  }
}

/// A buffer that a range of the file is read into; grown as needed, and zero where the file has ended.
struct Copies {
  private var base: UnsafeMutableRawPointer?
  private var capacity = 0

  var words: Words { Words(base!) }

  /// Reads a range; false: the file ends before it (or in it, unless a part is enough).
  mutating func read(
    _ file: Int32, offset: Int, bytes: Int, orPart: Bool = false
  ) throws(SegmentError) -> Bool {
    reserve(max(bytes, 8))
    guard let base else { return false }
    var done = 0
    while done < bytes {
      let count = pread(file, base + done, bytes - done, offset + done)
      if count < 0, ctxtop_errno() == EINTR { continue }
      if count < 0 { throw .system(SystemFailure("reading the segment", ctxtop_errno())) }
      if count == 0 { break }
      done += count
    }
    if done < bytes { memset(base + done, 0, bytes - done) }
    return done == bytes || orPart && done > 0
  }

  private mutating func reserve(_ bytes: Int) {
    if bytes <= capacity { return }
    base?.deallocate()
    base = .allocate(byteCount: bytes, alignment: 64)
    capacity = bytes
  }

  /// Gives the memory back; the value is not used afterwards.
  func free() { base?.deallocate() }
}
