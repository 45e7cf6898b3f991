// `ctxtop explain CODE`: what a verdict means, how it arises, what to do about it.

import ArgumentParser
import CtxtopModel
import CtxtopReport

/// Prints one entry of the catalogue, or the list of all.
struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Explain a verdict: what it means, how it arises, how to fix it.",
    discussion: """
      Without a code, lists them all.

      EXAMPLES:
        ctxtop explain CTX004
        ctxtop explain
      """)

  @Argument(help: ArgumentHelp("The verdict's code; CTX004, ctx4 and 4 are the same.", valueName: "code"))
  var code: String?

  func run() throws {
    do {
      try StandardOutput.write(Array(try text().utf8))
    } catch is ReaderIsGone {}
  }

  private func text() throws -> String {
    guard let code else { return ExplainReport.list() }
    guard let known = VerdictCatalogue.code(named: code) else { throw Failure.noSuchVerdict(code) }
    return ExplainReport.text(of: known)
  }
}
