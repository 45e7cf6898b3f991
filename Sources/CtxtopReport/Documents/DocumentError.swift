// What is wrong with a document, and where: the decoder's own errors and ours in one form.

import FoundationEssentials

/// Why a document cannot be read.
package struct DocumentError: Error, Equatable, Sendable {
  /// What is the matter.
  package enum Reason: Equatable, Sendable {
    /// It is longer than any that is read.
    case tooLong
    /// It has more values than any that is read.
    case tooMuch
    /// It is no JSON.
    case notJSON
    /// It is JSON, but of another schema, or of none.
    case otherSchema(String)
    /// The value is not what it has to be: `a whole number`.
    case notA(String)
    /// The value is a word that this version does not know.
    case unknownWord(String)
    /// What the value refers to is not there.
    case leadsNowhere
  }

  /// Where: `workers[3].units[0].id`; empty: the document itself.
  package let place: String
  /// What.
  package let reason: Reason

  /// Something is wrong with a place.
  package init(place: String, reason: Reason) {
    self.place = place
    self.reason = reason
  }

  /// What the decoder threw, which may be an error of ours.
  init(_ error: any Error) {
    switch error {
    case let error as DocumentError: self = error
    case DecodingError.typeMismatch(let type, let context):
      self.init(place: Self.place(context.codingPath), reason: .notA(Self.name(of: type)))
    case DecodingError.valueNotFound(let type, let context):
      self.init(place: Self.place(context.codingPath), reason: .notA(Self.name(of: type)))
    case DecodingError.keyNotFound(let key, let context):
      self.init(place: Self.place(context.codingPath + [key]), reason: .notA("there"))
    default: self.init(place: "", reason: .notJSON)
    }
  }

  static func place(_ path: [any CodingKey]) -> String {
    path.reduce(into: "") { place, key in
      if let index = key.intValue {
        place += "[\(index)]"
      } else {
        place += (place.isEmpty ? "" : ".") + key.stringValue
      }
    }
  }

  static func name(of type: any Any.Type) -> String {
    switch type {
    case is any FixedWidthInteger.Type: "a whole number in range"
    case is any BinaryFloatingPoint.Type: "a number"
    case is String.Type: "text"
    case is Bool.Type: "true or false"
    case is [Any].Type: "an array"
    default: "an object"
    }
  }
}
