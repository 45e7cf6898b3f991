// The options that choose settings. What they may be stands in the table of settings; here stands how the command
// line says it.

import ArgumentParser
import CtxtopCurses
import CtxtopScreen
import CtxtopSettings
import CtxtopStore

/// Options of the dashboard.
struct SettingsOptions: ParsableArguments {
  /// What help and completions know the values of these options by.
  static let sortValue = "[view:]column"
  static let columnsValue = "view:columns"

  @Option(
    name: [.customShort("d"), .customLong("interval")], help: "Seconds between snapshots, from 0.1. (default: 1)",
    transform: Seconds.read)
  var interval: Seconds?

  @Option(help: "Colours.")
  var theme: ThemeName?

  @Flag(help: "Draw with Unicode, or with ASCII only. (default: as the locale says)")
  var shapes: ShapesFlag?

  @Flag(inversion: .prefixedNo, help: "Show colours in spite of NO_COLOR, or none.")
  var color: Bool?

  @Flag(inversion: .prefixedNo, help: "Listen to the mouse. (default: --mouse)")
  var mouse: Bool?

  @Flag(name: .customLong("readonly"), help: "Refuse whatever changes something.")
  var isReadOnly = false

  @Option(help: "The view that is shown first.")
  var view: ViewName?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Sort a view, the first one unless named, by this column; with - in front: the other way.",
      valueName: Self.sortValue))
  var sort: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Show only rows of the first view that match; with ! in front: only those that do not.", valueName: "regex"))
  var filter: String?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Show these columns of a view; or +column and -column for more or less than the usual ones.",
      valueName: Self.columnsValue))
  var columns: [String] = []

  /// Puts what was given over what is configured.
  func apply(to settings: inout Settings) throws {
    if let interval { settings.interval = Int(interval.nanoseconds / 1_000_000) }
    if let theme {
      settings.theme = theme
      // Who names a theme here wants to see it.
      settings.color = .always
    }
    if let shapes { settings.shapes = shapes.name }
    if let color { settings.color = color ? .always : .none }
    if let mouse { settings.usesMouse = mouse }
    if isReadOnly { settings.isReadOnly = true }
    if let view { settings.startView = view }
    for text in columns {
      let (view, names) = Self.parts(of: text)
      guard let view else {
        throw ValidationError("'\(text)' does not name a view; write VIEW:COLUMNS, as in workers:pid,state,now")
      }
      try choose("\(view).columns", names, "--columns", in: &settings)
    }
    for text in sort {
      let (view, column) = Self.parts(of: text)
      try choose("\(view ?? settings.startView.rawValue).sort", column, "--sort", in: &settings)
    }
    if let filter { try choose("\(settings.startView.rawValue).filter", filter, "--filter", in: &settings) }
  }

  /// `VIEW:rest` or `rest`; also `-VIEW:rest`, since the sign may well be put first.
  private static func parts(of text: String) -> (view: String?, rest: String) {
    guard let colon = text.firstIndex(of: ":") else { return (nil, text) }
    let rest = String(text[text.index(after: colon)...])
    return text.hasPrefix("-") ? (String(text[..<colon].dropFirst()), "-" + rest) : (String(text[..<colon]), rest)
  }

  private func choose(_ key: String, _ text: String, _ option: String, in settings: inout Settings) throws {
    guard let setting = Setting.named(key) else {
      let views = ViewName.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("'\(option) \(text)' does not work for \(key.prefix { $0 != "." }); the views are \(views)")
    }
    if let mistake = setting.choose(.text(text), in: &settings) { throw ValidationError("\(option): \(mistake)") }
  }
}

/// `--unicode` or `--ascii`.
enum ShapesFlag: String, EnumerableFlag {
  case unicode, ascii

  /// What it chooses.
  var name: ShapesName { self == .ascii ? .ascii : .unicode }
}

extension ThemeName: ExpressibleByArgument {}

extension ViewName: ExpressibleByArgument {}

extension Settings {
  /// Nanoseconds between snapshots.
  var nanoseconds: UInt64 { UInt64(interval) * 1_000_000 }

  /// Where snapshots are written to; `~` in front is the home directory, where there is one.
  var expandedSnapshotDirectory: String {
    guard snapshotDirectory == "~" || snapshotDirectory.hasPrefix("~/"), let home = System.environment("HOME") else {
      return snapshotDirectory
    }
    return home + snapshotDirectory.dropFirst()
  }

  /// Theme and shapes on a terminal.
  func look(on terminal: Capabilities) -> Look {
    let drawn: Shapes? =
      switch shapes {
      case .auto: nil
      case .unicode: .unicode
      case .ascii: .ascii
      }
    return terminal.look(theme: wantedTheme, shapes: drawn)
  }

  /// nil: what suits the terminal.
  private var wantedTheme: ThemeName? {
    switch color {
    case .none: .monochrome
    case .always: theme
    case .auto: Capabilities.environment("NO_COLOR") == nil ? theme : nil
    }
  }
}
