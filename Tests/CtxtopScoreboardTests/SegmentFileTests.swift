// The segment's file: made once however many make it, refused when it is not ours, allocated before its use.

import CCtxtop
import CtxtopGuestTestKit
import CtxtopScoreboard
import Synchronization
import Testing

@Suite("Segment file")
struct SegmentFileTests {
  private static let name = shopSegment

  @Test("Threads and processes that make it at once make one file", arguments: 0..<5)
  func made(round: Int) throws {
    let place = TemporaryDirectory()
    let probes = (0..<4).map { _ in Probe(place.path) }
    for probe in probes { probe.tell("segment") }
    let failures = Atomic<Int>(0)
    let directory = place.directory
    onThreads(4) { _ in
      guard let file = try? Self.open(directory) else {
        failures.add(1, ordering: .relaxed)
        return
      }
      Self.close(file)
    }
    #expect(failures.load(ordering: .relaxed) == 0)
    let file = try Self.open(directory)
    defer { Self.close(file) }
    for probe in probes { #expect(probe.answer() == "\(file.identity.inode)") }
    #expect(place.names == [Self.name])
    #expect(file.identity.size == CTXTOP_PAGE_BYTES && file.identity.mode & 0o777 == 0o600)
    #expect(
      SegmentHeader.isOurs(file.header)
        && String(decoding: SegmentHeader.serviceText(file.header), as: UTF8.self) == "shop")
  }

  @Test("What a killed maker left behind is in nobody's way")
  func leftover() throws {
    let place = TemporaryDirectory()
    place.write(".shop.\(getpid()).\(ctxtop_thread_id())", [1, 2, 3])
    Self.close(try Self.open(place.directory))
  }

  @Test("What is not a segment of ours is refused with a failure, and left as it is")
  func refused() throws {
    for (what, bytes) in Self.notOurs {
      let place = TemporaryDirectory()
      place.write(Self.name, bytes)
      #expect(throws: SystemFailure.self, "\(what)") { try Self.open(place.directory) }
      #expect(place.read(Self.name) == bytes, "\(what)")
    }
  }

  private static var notOurs: [(String, [UInt8])] {
    let header = Self.header()
    var random = SystemRandomNumberGenerator()
    return [
      ("empty", []), ("truncated", Array(header[..<100])), ("a byte short", Array(header.dropLast())),
      ("zeros", [UInt8](repeating: 0, count: CTXTOP_PAGE_BYTES)),
      ("random", (0..<CTXTOP_PAGE_BYTES).map { _ in UInt8.random(in: 0...255, using: &random) }),
      ("other version", changed(header, word: CTXTOP_HEADER_VERSION)),
      ("other slots", changed(header, word: CTXTOP_HEADER_SLOTS)),
      ("no magic", changed(header, word: CTXTOP_HEADER_MAGIC)),
    ]
  }

  private static func header() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: CTXTOP_PAGE_BYTES)
    bytes.withUnsafeMutableBytes { SegmentHeader.write(to: Words($0.baseAddress!), service: "shop") }
    return bytes
  }

  private static func changed(_ header: [UInt8], word: Int) -> [UInt8] {
    var header = header
    header[word * 8] ^= 2
    return header
  }

  @Test("A directory, a pipe and a symbolic link are refused")
  func notAFile() {
    for make in [{ mkdir($0, 0o700) }, { mkfifo($0, 0o600) }] as [@Sendable (String) -> Int32] {
      let place = TemporaryDirectory()
      #expect(make(place.path + "/" + Self.name) == 0)
      #expect(throws: SystemFailure.self) { try Self.open(place.directory) }
    }
    let place = TemporaryDirectory()
    place.write("elsewhere", Self.header())
    let elsewhere = place.read("elsewhere")
    #expect(symlink("elsewhere", place.path + "/" + Self.name) == 0)
    #expect(throws: SystemFailure.self) { try Self.open(place.directory) }
    #expect(place.read("elsewhere") == elsewhere)
  }

  @Test("A segment of another mode gets its own")
  func foreignMode() throws {
    let place = TemporaryDirectory()
    place.write(Self.name, Self.header())
    #expect(chmod(place.path + "/" + Self.name, 0o666) == 0)
    let file = try Self.open(place.directory)
    defer { Self.close(file) }
    #expect(try FileIdentity(of: file.descriptor).mode & 0o777 == 0o600)
  }

  @Test("Every page of a claimed slot's first tables is allocated before its use")
  func allocated() throws {
    let place = TemporaryDirectory()
    let claimed = try ClaimedSlot(place)
    var bytes = CTXTOP_PAGE_BYTES + CTXTOP_NAMES_BYTES
    for table in Table.allCases {
      #expect(claimed.slot.allocated(table) == table.chunk)
      bytes += table.chunk * table.recordBytes
    }
    #expect(allocatedBytes(claimed.file) == bytes)
    // Half of a chunk in use: the next one is made by the agent's thread.
    for _ in 0..<40 { _ = claimed.slot.takeUnit(kind: 0, nativeID: 1, name: 0, at: 1) }
    claimed.slot.allocateAhead(in: claimed.file)
    #expect(claimed.slot.allocated(.units) == 2 * Table.units.chunk)
    #expect(claimed.slot.allocated(.failures) == Table.failures.chunk)
    #expect(allocatedBytes(claimed.file) == bytes + Table.units.chunk * Table.units.recordBytes)
  }

  private func allocatedBytes(_ file: SegmentFile) -> Int {
    var status = stat()
    fstat(file.descriptor, &status)
    return Int(status.st_blocks) * 512
  }

  @Test("A limit on the size of files is a failure and no signal", arguments: [0, CTXTOP_PAGE_BYTES, 100_000])
  func sizeLimit(bytes: Int) {
    let place = TemporaryDirectory()
    let probe = Probe(place.path)
    probe.ask("limit size \(bytes)")
    #expect(probe.ask("claim") == "allocating the segment: File too large")
    #expect(probe.ask("attach").hasSuffix("allocating the segment: File too large"))
  }

  private static func open(_ directory: Int32) throws -> SegmentFile {
    try SegmentFile.open(in: directory, stem: "shop", mode: FileMode(group: nil))
  }

  private static func close(_ file: SegmentFile) {
    munmap(file.header.base, CTXTOP_PAGE_BYTES)
    _ = CCtxtop.close(file.descriptor)
  }
}
