// How the program ends when a command throws: which line is told where, and with which status. The one place where
// the parser's own errors get theirs.

import ArgumentParser
import Glibc

/// The ways in which commands end.
enum Ending {
  /// Ends the program with what a command threw.
  static func end(with error: any Error) -> Never {
    switch error {
    case let answer as Answer: exit(answer.status.code)
    case let failure as Failure:
      failure.report()
      exit(failure.status.code)
    default: Ctxtop.exit(withError: error)
    }
  }
}
