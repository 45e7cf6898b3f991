// What may stand at the end of a command line: the answer that the completion scripts get.

import ArgumentParser
import CtxtopModel
import CtxtopReport
import CtxtopSelection
import CtxtopSettings
import CtxtopStore

/// Prints what the last of some words may become. For the scripts, and so hidden.
struct Candidates: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print what the last word may become.", shouldDisplay: false)

  @Argument(parsing: .captureForPassthrough, help: .hidden)
  var words: [String] = []

  func run() throws {
    let words = words.first == "--" ? Array(words.dropFirst()) : words
    let lines = try CommandLineWords(words, of: .program()).candidates.map { "\($0.text)\t\($0.meaning)\n" }
    do {
      try StandardOutput.write(Array(lines.map(Self.oneLine).joined().utf8))
    } catch is ReaderIsGone {}
  }

  private static func oneLine(_ line: String) -> String {
    Failure.printable(String(line.dropLast()), keeping: "\t") + "\n"
  }
}

/// A word that fits.
struct Candidate {
  let text: String
  let meaning: String

  init(_ text: String, _ meaning: String = "") {
    self.text = text
    self.meaning = meaning
  }
}

/// The words of a command line up to the cursor.
struct CommandLineWords {
  private let program: CommandInfo
  private let command: CommandInfo
  /// Whether nothing stands in front of the last word.
  private let isFirst: Bool
  /// The word that is to be completed.
  private let current: String
  /// Names of options that were given.
  private var given: Set<String> = []
  /// The option whose value the current word is.
  private var pending: ArgumentInfo?
  /// The table that was named, for what belongs to one.
  private var table = ReportTable.workers
  /// The words in front that are neither options nor their values.
  private var places: [String] = []
  /// Whether what comes is no option any more.
  private var isPastOptions = false

  /// Takes the words behind the program's name.
  init(_ words: [String], of program: CommandInfo) {
    self.program = program
    current = words.last ?? ""
    var before = words.dropLast()
    isFirst = before.isEmpty
    let commands = program.visibleCommands
    let named = before.first.flatMap { word in commands.first { $0.commandName == word } }
    if named != nil { before.removeFirst() }
    // Without a command it is the dashboard.
    command = named ?? commands.first { $0.commandName == Watch.name } ?? program
    for word in before { take(word) }
  }

  private mutating func take(_ word: String) {
    if let option = pending {
      note(word, of: option)
      pending = nil
    } else if word == "--" {
      isPastOptions = true
    } else if word.hasPrefix("-"), word.count > 1, !isPastOptions {
      let flag = word.prefix { $0 != "=" }
      given.insert(String(flag))
      guard let option = option(named: String(flag)), option.takesValue else { return }
      if flag.count == word.count { pending = option } else { note(String(word.dropFirst(flag.count + 1)), of: option) }
    } else {
      places.append(word)
    }
  }

  private mutating func note(_ value: String, of option: ArgumentInfo) {
    guard option.valueName == TableOptions.tableValue, let named = ReportTable(rawValue: value) else { return }
    table = named
  }

  /// What fits, in the order of the tables.
  var candidates: [Candidate] {
    if let pending { return fitting(values(of: pending, current)) }
    if current.hasPrefix("-"), !isPastOptions { return fitting(options) }
    let positional = command.visibleArguments.filter(\.isPositional)
    let argument = places.count < positional.count ? positional[places.count] : positional.last { $0.isRepeating }
    let values =
      argument.map { argument in
        // Nobody watches an app twice.
        self.values(of: argument, current).filter { !argument.isRepeating || !places.contains($0.text) }
      } ?? []
    let commands = program.visibleCommands.map { Candidate($0.commandName, $0.abstract ?? "") }
    return fitting((isFirst ? commands : []) + values)
  }

  private var options: [Candidate] {
    if let sign = current.firstIndex(of: "="), let option = option(named: String(current[..<sign])) {
      let value = String(current[current.index(after: sign)...])
      return values(of: option, value).map { Candidate(current[...sign] + $0.text, $0.meaning) }
    }
    return command.visibleArguments.filter { argument in
      argument.isRepeating || !argument.flags.contains(where: given.contains)
    }.flatMap { argument in argument.flags.map { Candidate($0, argument.abstract ?? "") } }
  }

  private func option(named name: String) -> ArgumentInfo? {
    command.visibleArguments.first { $0.flags.contains(name) }
  }

  private func fitting(_ candidates: [Candidate]) -> [Candidate] {
    candidates.filter { $0.text.hasPrefix(current) }
  }

  /// The values of an argument, as far as they are known; the shell knows files.
  private func values(of argument: ArgumentInfo, _ current: String) -> [Candidate] {
    if let values = argument.allValues, !values.isEmpty { return values.map { Candidate($0) } }
    switch argument.valueName {
    case "target", "first", "second": return Services.find(in: .ofThisUser()).found.map { Candidate($0.name) }
    case "code": return VerdictCatalogue.all.map { Candidate($0.code.rawValue, $0.entry.name) }
    case "command-or-topic":
      return program.visibleCommands.map { Candidate($0.commandName, $0.abstract ?? "") }
        + HelpTopic.allCases.map { Candidate($0.rawValue, $0.abstract) }
    case Check.listValue: return Self.thresholds(current)
    case SettingsOptions.sortValue, SettingsOptions.columnsValue: return Self.columns(current)
    case TableOptions.columnsValue:
      return Self.columns(table.columns, behind: current.lastIndex { ",+-".contains($0) }, current)
    case TableOptions.sortValue: return Self.orders(table.columns, current)
    default: return []
    }
  }

  /// The names of what can be checked, one behind the other's comma.
  private static func thresholds(_ current: String) -> [Candidate] {
    let begun = current.lastIndex(of: ",").map { String(current[...$0]) } ?? ""
    return CheckMetric.all.map { Candidate("\(begun)\($0.name)=", $0.meaning) }
  }

  /// `VIEW:`, and then its columns, one behind the other's comma.
  private static func columns(_ current: String) -> [Candidate] {
    guard let colon = current.firstIndex(of: ":"), let view = ViewName(rawValue: String(current[..<colon])) else {
      return ViewName.allCases.filter { Setting.named("\($0.rawValue).sort") != nil }.map {
        Candidate("\($0.rawValue):")
      }
    }
    return columns(view.columns, behind: current.lastIndex { ":,+-".contains($0) } ?? colon, current)
  }

  private static func columns(_ columns: [ColumnName], behind end: String.Index?, _ current: String) -> [Candidate] {
    let before = end.map { String(current[...$0]) } ?? ""
    return columns.map { Candidate(before + $0.id, $0.description) }
  }

  /// `COLUMN`, `-COLUMN`, and behind a colon in which order.
  private static func orders(_ columns: [ColumnName], _ current: String) -> [Candidate] {
    if let colon = current.firstIndex(of: ":") {
      return [("asc", "the smallest first"), ("desc", "the greatest first")].map {
        Candidate(current[...colon] + $0, $1)
      }
    }
    return Self.columns(columns, behind: current.hasPrefix("-") ? current.startIndex : nil, current)
  }
}
