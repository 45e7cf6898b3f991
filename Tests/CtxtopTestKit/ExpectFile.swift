// Whole documents as files beside a test, or published in the repository. As with screens: what is recorded makes its
// run fail.

import Glibc
import Testing

/// Compares a document with the recorded file of that path, from the root of the repository.
package func expectFile(_ text: String, at path: String, location: SourceLocation = #_sourceLocation) {
  let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
  let file = "\(root)/\(path)"
  let recorded = readFile(file)
  guard text != recorded else { return }
  let isRecording = getenv("CTXTOP_RECORD") != nil
  if isRecording {
    let outcome = writeFile(file, text) ? "recorded" : "could not record"
    Issue.record("\(outcome) \(path): look at it, then run again", sourceLocation: location)
  } else {
    let difference = recorded.map { firstDifference($0, text) } ?? "it is not there"
    Issue.record("\(path) differs; CTXTOP_RECORD=1 writes it\n\(difference)", sourceLocation: location)
  }
}
