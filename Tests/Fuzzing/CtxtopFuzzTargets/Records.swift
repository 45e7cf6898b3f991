// Records: an input is what stands behind a header, so that checksums keep nothing out.

import CtxtopModel
import CtxtopRandomKit
import CtxtopReport
import CtxtopSelection
import CtxtopSnapshot
import CtxtopStore

extension FuzzTarget {
  /// Two payloads, the length of the first in front: a series tells of both what each of them tells alone.
  static let record = FuzzTarget(
    name: "record", summary: "payloads of records, alone and as a series", longest: 1 << 16
  ) { bytes in
    var series = SeriesDecoder()
    for payload in payloads(bytes) {
      let record = Seal.record(payload)
      let alone = Result { () throws(RecordError) in try RecordDecoder.decode(record) }
      let next = Result { () throws(RecordError) in try series.decode(record) }
      demand(alone == next, "the series decoder differs")
      guard case .success(let snapshot) = alone else { continue }
      let again = RecordEncoder.encode(snapshot)
      demand((try? RecordDecoder.decode(again)) == snapshot, "an answer cannot be written and read again")
    }
  }

  /// The bytes of a connection, cut where the first byte says. Checksums are made right, so far as there are records.
  static let stream = FuzzTarget(
    name: "stream", summary: "the bytes that an exporter sends", longest: 1 << 16
  ) { bytes in
    var input = Input(bytes)
    let step = Int(input.byte()) * 7 + 1
    var stream = RecordStream(path: "shop.sock")
    stream.keepsRecord = step % 2 == 0
    do throws(StoreError) {
      for piece in pieces(of: sealed(input.rest), step) {
        do throws(SystemError) { try stream.fill { $0.append(contentsOf: piece) } } catch { return }
        while try stream.next() != nil {}
      }
      demandShown("\(stream.ended(by: .stalled("shop.sock")))")
    } catch { demandShown("\(error)") }
  }

  /// The same of a relay on another host. A first byte of zero: instead, what `ls` says there.
  static let relay = FuzzTarget(
    name: "relay", summary: "what a relay and `ls` on another host say", longest: 1 << 14
  ) { bytes in
    var input = Input(bytes)
    let step = Int(input.byte())
    if step == 0 {
      let services = FarListing(String(decoding: input.rest, as: UTF8.self))?.services
      for service in services?.found ?? [] { demandShown(service.name + service.socketPath) }
      return
    }
    var stream = RelayStream(path: "prod-3/shop")
    do throws(StoreError) {
      for piece in pieces(of: sealed(input.rest), step * 7) {
        do throws(SystemError) { try stream.fill { $0.append(contentsOf: piece) } } catch { return }
        while let item = try stream.next() {
          if case .word(let word) = item { demandShown(word.line.replacing("\t", with: " ")) }
        }
      }
    } catch { demandShown("\(error)") }
  }

  /// Two payloads, as in `record`, as two passes over a service: all that is concluded and printed of them.
  static let judge = FuzzTarget(
    name: "judge", summary: "what is concluded and printed of records", longest: 1 << 14
  ) { bytes in
    let snapshots = payloads(bytes).compactMap { try? RecordDecoder.decode(Seal.record($0)) }
    guard let now = snapshots.last else { return }
    let model = Model(now: now, earlier: snapshots.count > 1 ? snapshots[0] : nil)
    for format in ReportFormat.allCases {
      let printed = Report.bytes(model, as: format)
      demand(String(validating: printed, as: UTF8.self) != nil, "\(format) is not UTF-8")
    }
    for table in ReportTable.allCases {
      for format: ReportFormat in [.json, .csv, .text] { _ = Report.bytes(model, as: format, TableRequest(table)) }
    }
    let document = try? SnapshotDocument(Report.json(model))
    demand(document != nil, "a document cannot be read again")
    guard let earlier = snapshots.first else { return }
    let difference = Difference(from: Model(now: earlier), to: model)
    _ = Report.text(difference, isWhole: true)
    _ = Report.json(difference)
  }

  private static func payloads(_ bytes: [UInt8]) -> [[UInt8]] {
    var input = Input(bytes)
    let length = Int(input.number(bytes: 2))
    return [input.take(length), Array(input.rest)].filter { !$0.isEmpty }
  }

  private static func pieces(of bytes: [UInt8], _ length: Int) -> [ArraySlice<UInt8>] {
    stride(from: 0, to: bytes.count, by: length).map { bytes[$0..<min($0 + length, bytes.count)] }
  }

  /// Wherever a record begins, the checksums that it should have. What its header says of version, flags and times is
  /// the input's, and so is a length that is a lie.
  private static func sealed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var sealed: [UInt8] = []
    var rest = bytes
    while let byte = rest.first {
      guard byte == magic[0], rest.count >= RecordHeader.byteCount, rest.starts(with: magic) else {
        sealed.append(byte)
        rest = rest.dropFirst()
        continue
      }
      let length = rest.dropFirst(12).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      let payload = rest.dropFirst(RecordHeader.byteCount).prefix(length)
      var record = Seal.record(payload)
      record.replaceSubrange(8..<32, with: rest.dropFirst(8).prefix(24))
      Seal.header(&record)
      sealed += record
      rest = rest.dropFirst(RecordHeader.byteCount + payload.count)
    }
    return sealed
  }

  private static let magic = Array("CTXTOPR1".utf8)

  /// What is told of foreign bytes goes to a terminal: never a control character.
  private static func demandShown(_ text: String) {
    demand(text.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 }, "control characters in \(text)")
  }
}
