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
  func end(with error: any Error) -> Never {
    if let answer = error as? Answer { exit(answer.status.code) }
    switch (self, error) {
    case (.usual, let failure as Failure):
      failure.report()
      exit(failure.status.code)
    case (.usual, _): Ctxtop.exit(withError: error)
    case (.comparison, let failure as Failure):
      failure.report()
      exit(ExitStatus.trouble.code)
    case (.comparison, _):
      guard !Ctxtop.exitCode(for: error).isSuccess else { Ctxtop.exit(withError: error) }
      Failure.write(Ctxtop.fullMessage(for: error) + "\n")
      exit(ExitStatus.trouble.code)
    case (.plugin, _):
      tell(Self.line(error))
      exit(ExitStatus.unknown.code)
    }
  }

  /// As the guidelines say, asking for help is no check either.
  private static func line(_ error: any Error) -> String {
    if let failure = error as? Failure { return CheckReport.unknown(Failure.printable(failure.said)) }
    if Ctxtop.exitCode(for: error).isSuccess { return Ctxtop.fullMessage(for: error) + "\n" }
    let reason = Failure.printable(Ctxtop.message(for: error), keeping: "\n")
    return CheckReport.unknown("reading the command line: \(reason); see `ctxtop \(Check.name) --help`")
  }

  /// There is nobody else to tell that it cannot be told.
  private func tell(_ text: String) { try? System.write(STDOUT_FILENO, Array(text.utf8)) }
}
