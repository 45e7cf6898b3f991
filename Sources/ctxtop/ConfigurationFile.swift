// Where the configuration file lies, and what it and the environment say.

import CtxtopSettings
import CtxtopStore
import Glibc

/// What is configured outside of the command line.
enum Configuration {
  /// `$XDG_CONFIG_HOME/ctxtop/config.toml`, else in `~/.config`; nil: there is no home.
  static var usualPath: String? {
    // As the XDG specification says, a path that is not absolute does not count.
    if let base = System.environment("XDG_CONFIG_HOME"), base.hasPrefix("/") { return "\(base)/ctxtop/config.toml" }
    return home.map { "\($0)/.config/ctxtop/config.toml" }
  }

  /// The user's home directory; nil: there is none.
  static var home: String? { System.environment("HOME") }

  /// File and environment. A file that is not there is no mistake.
  static func read() -> SettingsReader {
    var reader = SettingsReader()
    if let path = usualPath {
      do {
        if let bytes = try bytes(of: path) { reader.readFile(bytes, at: path) }
      } catch {
        reader.note(Mistake(.file(path, line: nil, column: nil), "cannot be read: \(error.description)"))
      }
    }
    reader.readEnvironment(System.environment)
    return reader
  }

  /// At most so many bytes that one can see that there are too many; nil: there is no file.
  private static func bytes(of path: String) throws(SystemError) -> [UInt8]? {
    let descriptor: Int32
    do {
      // A pipe in its place must not make the program wait.
      descriptor = try System.open(path, O_RDONLY | O_NONBLOCK)
    } catch {
      if error.isAbsence { return nil }
      throw error
    }
    defer { System.close(descriptor) }
    var bytes: [UInt8] = []
    while bytes.count <= SettingsReader.greatestFile,
      let count = try System.read(descriptor, into: &bytes, limit: 16_384),
      count > 0
    {}
    return bytes
  }
}

extension SettingsReader {
  /// What was wrong, as one line; nil: nothing. The screen has no room for the directory of the file.
  func complaint(isShort: Bool) -> String? {
    guard let first = mistakes.first else { return nil }
    let more = mistakes.count - 1
    let line = isShort ? Mistake(first.place.withoutDirectory, first.text).line : first.line
    return "\(line); it is left out" + (more == 0 ? "" : " (and \(more) more like this)")
  }
}
