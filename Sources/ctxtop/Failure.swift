// Why the program ends without having done what it was asked to: the one form in which errors are told, and the
// statuses (ExitStatus.swift) that they end it with.
//
//   ctxtop: what was tried: what happened; what to do
//
// How the errors of others become one of these: TargetFailure.swift, SourceFailure.swift, RemoteFailure.swift, RunFailure.swift.

import CtxtopStore
import Glibc

/// Why the program ends without having done what it was asked to.
struct Failure: Error {
  /// What was being done, as a participle: `connecting to /run/...`.
  var tried: String
  /// What came of it.
  var happened: String
  /// What the user can do about it.
  var remedy: String
  /// What the shell gets to know.
  var status: ExitStatus

  init(_ tried: String, _ happened: String, _ remedy: String, _ status: ExitStatus) {
    self.tried = tried
    self.happened = happened
    self.remedy = remedy
    self.status = status
  }

  /// The one line that the user gets to read.
  var line: String { "ctxtop: \(said)" }

  /// The same on a screen that is ctxtop's own.
  var said: String { "\(tried): \(happened); \(remedy)" }

  /// What is said when the segment is read because the socket failed in this way.
  func fallbackLine(_ endpoint: Endpoint) -> String {
    "ctxtop: \(tried): \(happened); showing the segment \(endpoint.segmentPath ?? "") instead"
  }

  /// `explain` was asked for a code that the catalogue does not have.
  static func noSuchVerdict(_ code: String) -> Failure {
    Failure("explaining \(code)", "there is no such verdict", "`ctxtop explain` lists them all", .usage)
  }

  /// Writes the line to standard error.
  func report() { Self.note(line) }

  /// Writes a line to standard error, without what could do something to a terminal.
  static func note(_ line: String) { write(printable(line) + "\n") }

  /// Writes text to standard error.
  static func write(_ text: String) {
    // Nobody could be told that this failed.
    try? System.write(STDERR_FILENO, Array(text.utf8))
  }

  /// The text without what could do something to a terminal, but for the one character that is wanted.
  static func printable(_ text: String, keeping wanted: Unicode.Scalar? = nil) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == wanted || isPrintable($0) ? $0 : "?" }))
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: false
    default: true
    }
  }
}
