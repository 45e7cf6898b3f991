// One line of the table of settings.

/// What a user can choose, by the names that it has.
package struct Setting: Sendable {
  /// Its name in the file; a dot stands between a table and its key.
  package let key: String
  /// The options of the command line that choose it.
  package let options: String
  /// What it does: one line, without a full stop.
  package let comment: String
  /// What it may be, as the end of a sentence.
  package let expected: String
  /// Reads a value into settings; false: it is no such value.
  let read: @Sendable (Given, inout Settings) -> Bool
  /// Its value in settings, as the file has it.
  package let value: @Sendable (Settings) -> Given

  /// The environment variable that chooses it: `CTXTOP_` and the key.
  package var variable: String {
    "CTXTOP_" + key.uppercased().map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined()
  }

  /// Its default, as the file has it.
  package var defaultValue: Given { value(Settings()) }

  init<Value>(
    _ key: String, _ path: any WritableKeyPath<Settings, Value> & Sendable, _ kind: ValueKind<Value>, _ options: String,
    _ comment: String
  ) {
    self.key = key
    self.options = options
    self.comment = comment
    expected = kind.expected
    read = { given, settings in
      guard let value = kind.read(given) else { return false }
      settings[keyPath: path] = value
      return true
    }
    value = { kind.write($0[keyPath: path]) }
  }
}

extension Setting {
  /// Puts a value into settings; what is wrong with it, as a sentence, if it is no such value.
  package func choose(_ given: Given, in settings: inout Settings) -> String? {
    if read(given, &settings) { return nil }
    return "\(key) is \(given), and may be \(expected)"
  }
}
