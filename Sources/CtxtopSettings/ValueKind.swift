// What the value of a setting may be: how it is read, from a file or from a text, and how it is written.

import CtxtopPattern
import CtxtopSelection

/// A value as it was given.
package enum Given: Equatable, Sendable {
  /// A text without a type: from the environment or the command line.
  case text(String)
  case string(String)
  case boolean(Bool)
  case integer(Int)
  case real(Double)
  case list([Given])
  /// Something that no setting can be, by the name of its kind.
  case other(String)
}

/// A kind of value.
struct ValueKind<Value: Sendable>: Sendable {
  /// What it may be, as the end of a sentence: `true or false`.
  let expected: String
  /// The value; nil: it is no such value.
  let read: @Sendable (Given) -> Value?
  /// The value as the file has it.
  let write: @Sendable (Value) -> Given
}

extension ValueKind where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of some names.
  static var name: ValueKind {
    ValueKind(
      expected: alternatives(Value.allCases.map(\.rawValue)), read: { $0.string.flatMap(Value.init) },
      write: { .string($0.rawValue) })
  }
}

extension ValueKind<Bool> {
  /// Yes or no.
  static var boolean: ValueKind {
    ValueKind(expected: "true or false", read: { $0.boolean }, write: { .boolean($0) })
  }
}

extension ValueKind<Int> {
  /// Milliseconds, written as seconds.
  static func seconds(_ range: ClosedRange<Double>) -> ValueKind {
    ValueKind(
      expected: "a number of seconds from \(Given.real(range.lowerBound)) to \(Given.real(range.upperBound))",
      read: { given in
        guard let seconds = given.number, range.contains(seconds) else { return nil }
        return Int((seconds * 1_000).rounded())
      },
      write: { .real(Double($0) / 1_000) })
  }
}

extension ValueKind<Double> {
  /// A part of the whole.
  static var share: ValueKind {
    ValueKind(
      expected: "a number from 0 to 1",
      read: { given in given.number.flatMap { (0...1).contains($0) ? $0 : nil } }, write: { .real($0) })
  }
}

extension ValueKind<String> {
  /// A regular expression that the filter of a view understands, or nothing.
  static func filter(of view: ViewName) -> ValueKind {
    ValueKind(
      expected: "a regular expression, with ! in front for what does not match",
      read: { given in
        guard let text = given.string else { return nil }
        let names = view.columns.flatMap { [$0.id, $0.title] }
        return text.isEmpty || (try? Pattern(text, columns: names)) != nil ? text : nil
      },
      write: { .string($0) })
  }

  /// The path of a directory.
  static var directory: ValueKind {
    ValueKind(
      expected: "the path of a directory", read: { given in given.string.flatMap { $0.isEmpty ? nil : $0 } },
      write: { .string($0) })
  }
}

extension ValueKind<SortChoice?> {
  /// A column of a view, or nothing.
  static func sort(in view: ViewName) -> ValueKind {
    ValueKind(
      expected: "a column of \(view.rawValue), with - in front for the inverse order",
      read: { given in
        guard let text = given.string else { return nil }
        if text.isEmpty { return .some(nil) }
        return (try? SortChoice(text, among: view.columns)).map { .some($0) }
      },
      write: { .string($0?.text ?? "") })
  }
}

extension ValueKind<ColumnChoice> {
  /// Columns of a view, or what is different from the usual ones.
  static func columns(of view: ViewName) -> ValueKind {
    ValueKind(
      expected: "columns of \(view.rawValue), all of them without or all of them with + or - in front",
      read: { given in given.strings.flatMap { try? ColumnChoice($0, among: view.columns) } },
      write: { .list($0.texts.map { .string($0) }) })
  }
}

/// `a, b or c`
func alternatives(_ names: [String]) -> String {
  names.count < 2 ? names.joined() : names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1]
}
