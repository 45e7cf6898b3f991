// The rows of a table as JSON: the columns' ids and the raw values, null for what is not known.

internal import CtxtopModel

extension TableValues {
  /// All rows as one array on one line.
  var jsonArray: String { "[" + objects.joined(separator: ",") + "]\n" }

  /// A line for each row.
  var jsonLines: String { objects.map { $0 + "\n" }.joined() }

  private var objects: [String] {
    rows.map { row in
      JSONText.object(zip(headings, row).map { ($0.id, JSONText($1)) }).line
    }
  }
}

extension JSONText {
  /// The raw value of a cell, see `Format.raw`.
  init(_ value: Value) {
    switch value {
    case .unknown: self = .null
    case .text, .state, .time: self = .text(Format.raw(value))
    // A number that is none has no digits either.
    case .real, .percent: self = Format.raw(value).isEmpty ? .null : .number(Format.raw(value))
    case .integer, .identifier, .duration, .age, .uptime, .bytes, .share: self = .number(Format.raw(value))
    }
  }
}
