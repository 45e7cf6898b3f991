// How the program ends when a command throws: what is told where, and with which status. The one place where errors,
// and the parser's own, get the statuses of the command that met them.

import ArgumentParser
import CtxtopReport
import CtxtopStore
import Glibc

/// The ways in which commands end: who reads the status decides.
enum Ending {
  /// Statuses as in sysexits(3), for people and scripts.
  case usual
  /// Like diff(1): whatever is neither yes nor no is trouble.
  case comparison
  /// A monitoring plugin, which is asked by a monitoring system: a line on standard output, whatever happens.
  case plugin

  /// The way of the command that the words behind the program's name call.
  init(_ words: [String]) {
    switch words.first {
    case Diff.name: self = .comparison
    case Check.name: self = .plugin
    default: self = .usual
    }
  }

  /// Ends the program with what a command threw.
  func end(with error: any Error, of words: [String]) -> Never {
    if let answer = error as? Answer { exit(answer.status.code) }
    let failure = error as? Failure ?? Failure(parsing: words, error)
    switch (self, failure) {
    case (.usual, nil), (.comparison, nil): Ctxtop.exit(withError: error)
    case (.usual, let failure?):
      failure.report()
      exit(failure.status.code)
    case (.comparison, let failure?):
      failure.report()
      exit(ExitStatus.trouble.code)
    case (.plugin, let failure):
      // As the guidelines say, asking for help is no check either.
      let said = failure.map { CheckReport.unknown(Failure.printable($0.said)) }
      tell(said ?? Ctxtop.fullMessage(for: error) + "\n")
      exit(ExitStatus.unknown.code)
    }
  }

  /// There is nobody else to tell that it cannot be told.
  private func tell(_ text: String) { try? System.write(STDOUT_FILENO, Array(text.utf8)) }
}

extension Failure {
  /// What the parser says of the words behind the program's name, in one line; nil: they ask for help.
  fileprivate init?(parsing words: [String], _ error: any Error) {
    guard !Ctxtop.exitCode(for: error).isSuccess else { return nil }
    let isCommand = Ctxtop.configuration.subcommands.contains { $0.name == words.first }
    let isUsage = Ctxtop.exitCode(for: error) == .validationFailure
    let line = Self.line(Ctxtop.message(for: error))
    let command = isCommand ? words[0] : Watch.name
    let hint = Self.isSecondTarget(line, of: command) ? "it looks at one target at a time; " : ""
    self.init(
      isUsage ? "reading the command line" : "running the command", line, "\(hint)see `ctxtop \(command) --help`",
      isUsage ? .usage : .system)
  }

  /// Whether a command that looks at one target was given another one: the dashboard takes several.
  private static func isSecondTarget(_ line: String, of command: String) -> Bool {
    let surplus = "unexpected argument '"
    return [Dump.name, Record.name, Check.name].contains(command) && line.hasPrefix(surplus)
      && !line.dropFirst(surplus.count).hasPrefix("-")
  }

  /// Lists of what there is to choose from have a line for each.
  private static func line(_ message: String) -> String {
    let lines = message.split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " } }
    var line = ""
    for part in lines {
      let isItem = part.hasPrefix("- ")
      line += line.isEmpty ? "" : isItem && line.last != ":" ? ", " : " "
      line += isItem ? part.dropFirst(2) : part
    }
    if line.last == "." { line.removeLast() }
    // A sentence of the parser goes on here; an option's name stays as it is.
    return line.prefix(1).lowercased() + line.dropFirst()
  }
}
