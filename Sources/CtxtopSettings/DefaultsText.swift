// What `ctxtop --write-config` prints: every setting with its default, what it does and what it may be.

/// A configuration file.
package enum DefaultsText {
  /// The defaults as TOML, with comments. Reading it changes nothing.
  package static var toml: String {
    var lines = [
      "# Configuration of ctxtop, with the defaults. Read from $XDG_CONFIG_HOME/ctxtop/config.toml, where that is",
      "# not set from ~/.config/ctxtop/config.toml. Options of the command line win over variables of the",
      "# environment, these over the file.",
    ]
    var table: Substring = ""
    for setting in Setting.all {
      let (head, name) = setting.parts
      lines.append("")
      if head != table {
        lines += ["[\(head)]"]
        table = head
      }
      lines += Self.comment(of: setting)
      lines.append("\(name) = \(setting.defaultValue)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func comment(of setting: Setting) -> [String] {
    ["# \(setting.comment.prefix(1).uppercased())\(setting.comment.dropFirst()).", "# May be \(setting.expected)."]
  }
}

extension Setting {
  /// The table that it stands in, empty for none, and its name there.
  package var parts: (table: Substring, name: Substring) {
    guard let dot = key.firstIndex(of: ".") else { return ("", key[...]) }
    return (key[..<dot], key[key.index(after: dot)...])
  }
}
