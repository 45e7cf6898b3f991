// Tables as CSV: the columns' ids, then a line for each row, unless columns were chosen each with the snapshot's time
// first, so that several snapshots in one file can be told apart. RFC 4180: lines end in CR LF, quotes are doubled.
//
// Values are the raw truth. A text that begins with `=` is not disarmed: that is the business of whoever
// opens the file in a program that runs formulas.

internal import CtxtopModel

extension TableValues {
  /// As CSV.
  func csv(withHeader: Bool) -> String {
    let header = withHeader ? Self.line(headings.map(\.id)) : ""
    return header + rows.map { Self.line($0.map(Format.raw)) }.joined()
  }

  private static func line(_ fields: [String]) -> String {
    fields.map(field).joined(separator: ",") + "\r\n"
  }

  private static func field(_ text: String) -> String {
    let special: [UInt8] = [UInt8(ascii: ","), UInt8(ascii: "\""), 0x0A, 0x0D]
    guard text.utf8.contains(where: special.contains) else { return text }
    var quoted: [UInt8] = [UInt8(ascii: "\"")]
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") { quoted.append(byte) }
      quoted.append(byte)
    }
    quoted.append(UInt8(ascii: "\""))
    return String(decoding: quoted, as: UTF8.self)
  }
}
