// Settings from the file and the environment. What is wrong costs itself only; all of it is told.

import CtxtopSelection

/// Settings as they were found, and what was wrong on the way.
package struct SettingsReader {
  /// Bytes of a file beyond which it is none of ours.
  package static let greatestFile = 65_536

  /// What was chosen so far.
  package private(set) var settings = Settings()
  /// What was wrong so far.
  package private(set) var mistakes: [Mistake] = []

  /// The defaults.
  package init() {}

  /// Takes what a file chooses. `path` is what mistakes are told with.
  package mutating func readFile(_ bytes: [UInt8], at path: String) {
    guard bytes.count <= Self.greatestFile else {
      return mistakes.append(
        Mistake(.file(path, line: nil, column: nil), "larger than \(Self.greatestFile / 1_024) KiB; not read"))
    }
    guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
      let line = Self.line(ofFirstBadByte: bytes)
      return mistakes.append(Mistake(.file(path, line: line, column: nil), "not UTF-8 text"))
    }
    readFile(text, at: path)
  }

  /// Takes what the environment chooses.
  package mutating func readEnvironment(_ variable: (String) -> String?) {
    for setting in Setting.all {
      guard let text = variable(setting.variable) else { continue }
      guard let mistake = setting.choose(.text(text), in: &settings) else { continue }
      mistakes.append(Mistake(.variable(setting.variable), mistake))
    }
    checkMeters(.variable("CTXTOP_METERS_WARNING"))
  }

  /// Notes what is wrong with the file as a whole: that it cannot be read.
  package mutating func note(_ mistake: Mistake) { mistakes.append(mistake) }

  private mutating func readFile(_ text: String, at path: String) {
    let document: TOMLDocument
    do {
      document = try TOMLDocument(text)
    } catch {
      let place = Mistake.Place.file(path, line: error.line, column: error.column)
      return mistakes.append(Mistake(place, "not TOML: \(error.message)"))
    }
    let places = KeyPlaces(text)
    func place(_ key: String) -> Mistake.Place { .file(path, line: places[key]?.line, column: places[key]?.column) }
    var found: [Mistake] = []
    for (key, value) in document.entries {
      guard let setting = Setting.named(key) else {
        found.append(Mistake(place(key), Self.unknown(key)))
        continue
      }
      if let mistake = setting.choose(value, in: &settings) { found.append(Mistake(place(key), mistake)) }
    }
    mistakes += found.sorted { Self.line($0) < Self.line($1) }
    checkMeters(place("meters.warning"))
  }

  /// A meter that is critical before it warns would never warn.
  private mutating func checkMeters(_ place: Mistake.Place) {
    guard settings.meters.critical < settings.meters.warning else { return }
    settings.meters = MeterThresholds()
    mistakes.append(Mistake(place, "meters.warning is greater than meters.critical"))
  }

  private static func unknown(_ key: String) -> String {
    let tables = Set(Setting.all.compactMap { $0.key.contains(".") ? String($0.key.prefix { $0 != "." }) : nil })
    if tables.contains(key) { return "\(key) is a table, as in [\(key)]" }
    guard let near = Nearest.of(key, among: Setting.all.map(\.key)) else { return "there is no setting \(key)" }
    return "there is no setting \(key); is it \(near)?"
  }

  private static func line(_ mistake: Mistake) -> Int {
    if case .file(_, let line?, _) = mistake.place { line } else { .max }
  }

  private static func line(ofFirstBadByte bytes: [UInt8]) -> Int {
    var line = 1
    for part in bytes.split(separator: 10, omittingEmptySubsequences: false) {
      if part.contains(0) || String(validating: part, as: UTF8.self) == nil { return line }
      line += 1
    }
    return line
  }
}
