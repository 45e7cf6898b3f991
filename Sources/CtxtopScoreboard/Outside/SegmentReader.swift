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
  /// The file belongs to somebody who is not trusted.
  case foreignOwner(UInt32)
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
  private let header: Copies
  private let pidNamespace = ProcessStatus.pidNamespace()
  private var out = ByteSink(capacity: 4096)
  private var block = ByteSink(capacity: 4096)
  private var recorder = SlotRecorder()
  private var names: [NameCopies] = []
  private var fixed = Copies()
  private var tables: InlineArray<3, InlineArray<3, Copies>> = InlineArray(repeating: InlineArray(repeating: Copies()))

  /// Opens the segment at `path` and checks its header. The lock file is looked for beside it. It is the open file whose
  /// owner is asked for: what the path leads to may be another one by then.
  package init(path: String, trusts isTrusted: (UInt32) -> Bool = { _ in true }) throws(SegmentError) {
    let fd = Self.open(Path(path))
    if fd < 0 { throw .system(SystemFailure("opening the segment", ctxtop_errno())) }
    do throws(SegmentError) {
      guard let identity = try? FileIdentity(of: fd), identity.isRegular else { throw .notASegment }
      guard isTrusted(identity.owner) else { throw .foreignOwner(identity.owner) }
      header = try Self.check(fd, identity)
      lock = Self.openLock(beside: path, owner: identity.owner)
    } catch {
      close(fd)
      throw error
    }
    file = fd
  }

  private static func open(_ path: Path) -> Int32 {
    path.withCString { ctxtop_open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0) }
  }

  /// Somebody else's lock file says nothing of these workers.
  private static func openLock(beside path: String, owner: UInt32) -> Int32 {
    let fd = open(lockPath(path))
    if fd < 0 || (try? FileIdentity(of: fd))?.owner == owner { return fd }
    close(fd)
    return -1
  }

  deinit {
    close(file)
    if lock >= 0 { close(lock) }
    fixed.free()
    header.free()
    for name in names { name.free() }
    for table in 0..<3 { for copy in 0..<3 { tables[table][copy].free() } }
  }

  /// One pass over all slots. Liveness and the kernel's facts are asked while doing so.
  package mutating func snapshot() throws(SegmentError) -> Snapshot {
    let record = try record()
    do throws(RecordError) {
      return try RecordDecoder.decode(record)
    } catch {
      throw .malformed
    }
  }

  private mutating func record() throws(SegmentError) -> [UInt8] {
    let count = SlotCount.inFile(file)
    let wallTime = Clock.wall()
    let now = workersTime(count, wallTime)
    let list = out.beginRecord(wallTime: wallTime, monotonicTime: now)
    while names.count < count { names.append(NameCopies()) }
    var workers: UInt32 = 0
    for index in 0..<count {
      guard try read(index) else { continue }
      block.withBytes { out.bytes($0) }
      SlotPulse.write(fixed.words, liveness(index), pidNamespace: pidNamespace, at: now, to: &out)
      workers &+= 1
    }
    let service = SegmentHeader.serviceText(header.words)
    var actions = ByteSink(capacity: 512)
    ActionRing.write(header.words, to: &actions)
    withUnsafeTemporaryAllocation(byteCount: HostName.capacity, alignment: 1) { name in
      out.finishRecord(list, workers: workers, service: service, host: HostName.read(into: name), actions: actions)
    }
    return out.array()
  }

  /// What the workers' monotonic clock shows now: in a container with a time namespace of its own it is not ours, and
  /// only the wall clock is common to both. The worker that came last knows best how they differ.
  private func workersTime(_ count: Int, _ wallTime: UInt64) -> UInt64 {
    let own = ProcessStatus.timeNamespace()
    var latest = (attached: UInt64(0), beat: UInt64(0), time: UInt64(0))
    var words: InlineArray<17, UInt64> = InlineArray(repeating: 0)
    for index in 0..<count {
      let done = withUnsafeMutableBytes(of: &words) { bytes in
        pread(file, bytes.baseAddress, bytes.count, SlotLayout.offset(of: index))
      }
      let namespace = words[CTXTOP_SLOT_TIME_NAMESPACE]
      guard done == 17 * 8, words[CTXTOP_SLOT_TENANT].low == Tenancy.live, namespace != 0, namespace != own else {
        continue
      }
      latest.beat = max(latest.beat, words[CTXTOP_SLOT_HEARTBEAT])
      let wall = words[CTXTOP_SLOT_ATTACHED_WALL]
      if wall >= latest.attached {
        latest.attached = wall
        latest.time = words[CTXTOP_SLOT_ATTACHED] &+ (wallTime &- min(wall, wallTime))
      }
    }
    return latest.attached == 0 ? Clock.monotonic() : max(latest.time, latest.beat)
  }

  /// Leaves the block of a slot's worker in `block`; false: there is none.
  private mutating func read(_ index: Int) throws(SegmentError) -> Bool {
    let start = SlotLayout.offset(of: index)
    var isThere = false
    for _ in 0..<Self.tries {
      guard try fixed.read(file, offset: start, bytes: CTXTOP_NAMES_BYTES, orPart: true) else { return false }
      let tenant = fixed.words.load(CTXTOP_SLOT_TENANT)
      if tenant.low != Tenancy.live { return false }
      try names[index].read(file, start, generation: tenant.high, count: used(.names))
      isThere = recorder.write(slot: index, view: try readTables(start, names[index]))
      block.rewind(to: 0)
      recorder.out.withBytes { block.bytes($0) }
      if try isStill(tenant, start), recorder.unstable == 0 { break }
    }
    return isThere
  }

  private mutating func readTables(_ start: Int, _ names: NameCopies) throws(SegmentError) -> SlotView {
    let units = try view(.units, start)
    let holdings = try view(.holdings, start)
    let failures = try view(.failures, start)
    return SlotView(
      control: fixed.words, lanes: fixed.words.advanced(by: CTXTOP_LANES_BYTES / 8), names: names.words,
      units: units, holdings: holdings, failures: failures, nameCount: names.count, unitCount: used(.units),
      holdingCount: used(.holdings), failureCount: used(.failures))
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
    if lock < 0 || SlotPulse.isUncertain(fixed.words) { return .unknown }
    guard let isHeld = LockFile.isHeld(index, lock) else { return .unknown }
    return isHeld ? .alive : .dead
  }

  private static func check(_ fd: Int32, _ identity: FileIdentity) throws(SegmentError) -> Copies {
    var header = Copies()
    do throws(SegmentError) {
      guard try header.read(fd, offset: 0, bytes: CTXTOP_PAGE_BYTES, orPart: true),
        SegmentHeader.isSegment(header.words)
      else { throw .notASegment }
      let layout = SegmentHeader.layout(header.words)
      guard layout == UInt32(CTXTOP_LAYOUT) else { throw .otherVersion(layout) }
      guard identity.size >= CTXTOP_PAGE_BYTES, SegmentHeader.isOurs(header.words) else { throw .malformed }
      return header
    } catch {
      header.free()
      throw error
    }
  }

  /// The lock file lies beside its segment and has its name but for the ending.
  private static func lockPath(_ segment: String) -> Path {
    let ending = ".segment"
    return Path(segment.hasSuffix(ending) ? String(segment.dropLast(ending.count)) : segment).appending(".lock")
  }
}
