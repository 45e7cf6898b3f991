// Several documents in one file, a line each: what a moment finds in it.

internal import CtxtopModel
import CtxtopSnapshot

package enum DocumentLines {
  /// So far into a line its time is looked for before all of it is read.
  private static let reach = 4096

  /// The time of a document as it is written by ctxtop: found without reading the rest. A key with its quotes cannot be
  /// part of a text, whose quotes are escaped; nothing in front of the workers has another member of this name.
  static func wallTime(_ line: ArraySlice<UInt8>) -> UInt64? {
    let head = line.prefix(reach)
    let key = Array("\"time\":\"".utf8)
    var start = head.startIndex
    while start + key.count < head.endIndex {
      guard let quote = head[start...].firstIndex(of: key[0]) else { return nil }
      if head[quote...].starts(with: key) {
        let text = head[(quote + key.count)...].prefix { $0 != key[0] }
        return TimeReference.timestamp(String(decoding: text, as: UTF8.self))
      }
      start = quote + 1
    }
    return nil
  }
}
