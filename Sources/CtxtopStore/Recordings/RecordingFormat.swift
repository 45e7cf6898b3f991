// A recording: the records of one service, one after the other, as they came over the wire. All numbers little-endian.
//
//   file    = head, frames                                         only ever appended to, but for one word of the head
//   head    = 512 bytes, twice: one bad sector shall not be the end of a day; see RecordingHead
//   frame   = header of 56 bytes, payload; see FrameHeader
//   payload of a record   see RecordingStream.swift
//   payload of a gap      why there are no records, as text; the times are in the header
//   payload of an index   offset of the index before (0: none) u64, offset of the first frame that it names u64,
//                         the headers of all frames since then
//
// Groups. Records of one source mostly tell the same, so a record is compressed as the continuation of those before
// it: as what it says otherwise than the one before (RecordingDifference.swift), in one Zstandard stream a group that is
// flushed after each record. That is better than a frame a record with the record before as its prefix, because the
// stream keeps its code tables and has seen the whole group, and nothing has to be hashed twice. To read a record, its
// group is read from the start: so a group ends after 64 records or 2 MiB, and with every frame that is not a record.
//
// Index. Every 256 records an index repeats the headers since the last index. It names the index before, and the head
// the latest one, so that a day is opened by reading 340 places instead of 86,400. Each index says where the frames
// that it names begin; they must fill the file up to the index itself, and begin where the index before ends. What does
// not is not believed, and the frames are looked for one by one.
//
// Damage. Every header and payload has a checksum; that of a header is mixed with a number which is drawn for each
// file, so that nothing which an app put into its records is ever taken for a frame. Frames are numbered: what is
// missing is missed, what is there twice is shown once. Behind a damaged place, reading goes on with the next header
// that is right; records whose group began in the damage are not shown.
//
//   RecordingHead.swift    whose recording it is      FrameHeader.swift       what stands in front of a payload
//   RecordingFile.swift    the bytes on disk         RecordingScan.swift     what frames there are
//   RecordingIndex.swift   the index                 RecordingStream.swift   a group's Zstandard stream
//   RecordingWriter.swift  appends                   RecordingReader.swift   reads

import CtxtopSnapshot

extension UnsafeRawBufferPointer {
  /// The number at an offset that was checked.
  func number<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type = Number.self) -> Number {
    Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
  }
}

extension [UInt8] {
  func number<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type = Number.self) -> Number {
    withUnsafeBytes { $0.number(at: offset, as: type) }
  }

  mutating func append<Number: FixedWidthInteger>(number: Number) {
    Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
  }

  mutating func pad(to length: Int) { append(contentsOf: repeatElement(0, count: Swift.max(0, length - count))) }

  func checksum(_ range: Range<Int>) -> UInt32 {
    withUnsafeBytes { RecordChecksum.of(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }
}
