// What is wrong with the file or the environment, in one line, and where.

/// A mistake of a user. It costs what it speaks of and nothing else: that stays as by default.
package struct Mistake: Equatable, Sendable {
  /// Where something was given.
  package enum Place: Equatable, Sendable {
    /// A file; lines and columns count from 1, and are nil where they are not known.
    case file(String, line: Int?, column: Int?)
    /// A variable of the environment.
    case variable(String)
  }

  /// Where it is.
  package let place: Place
  /// What is wrong, and what may be there.
  package let text: String

  /// A mistake at a place.
  package init(_ place: Place, _ text: String) {
    self.place = place
    self.text = text
  }

  /// One line: `config.toml:3:1: theme is "blue", and may be ...`
  package var line: String { "\(place): \(text)" }
}

extension Mistake.Place: CustomStringConvertible {
  package var description: String {
    switch self {
    case .file(let path, let line?, let column?): "\(path):\(line):\(column)"
    case .file(let path, let line?, nil): "\(path):\(line)"
    case .file(let path, nil, _): path
    case .variable(let name): name
    }
  }
}

extension Mistake.Place {
  /// The place by the name of its file alone.
  package var withoutDirectory: Mistake.Place {
    guard case .file(let path, let line, let column) = self else { return self }
    return .file(path.split(separator: "/").last.map(String.init) ?? path, line: line, column: column)
  }
}
