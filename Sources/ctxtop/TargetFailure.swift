// What it means to the user that a target could not be found, or is not to be trusted.

import CtxtopStore

extension Failure {
  static func ofTarget(_ error: StoreError) -> Failure {
    switch error {
    case .nothingFound(let searched):
      let places = searched.map(describe).joined(separator: ", ")
      let isRefused = searched.contains { if case .refused = $0.finding { true } else { false } }
      return Failure(
        "looking for a running app", "none in \(places)",
        "start an app that is instrumented with ctxtop, or give the path of its socket",
        isRefused ? .noPermission : .noInput)
    case .unknownName(let name, let known, let searched):
      if known.isEmpty { return ofTarget(.nothingFound(searched: searched)).looking(for: name) }
      return Failure(
        "looking for the app \(name)", "not here; there is \(known.joined(separator: ", "))",
        "name one of these, or give the path of its socket", .noInput)
    case .severalServices(let names):
      return Failure(
        "choosing an app", "there are several: \(names.joined(separator: ", "))",
        "name one of them, as in `ctxtop \(names.first ?? "")`", .usage)
    case .unsupportedTarget(let text):
      return Failure(
        "reading the target \(text)", "of all URLs ctxtop knows only ssh://",
        "give an app's name, a path, or ssh://host/app",
        .usage)
    case .notATarget(let path):
      return Failure(
        "reading \(path)", "it is neither a socket nor a file", "give an app's name, or the path of its socket",
        .noInput)
    case .unknownFile(let path, let content):
      return .ofFile(path, content)
    default:
      return Failure("choosing an app", "\(error)", "give an app's name or a path", .software)
    }
  }

  private static func ofFile(_ path: String, _ content: FileContent) -> Failure {
    let known = "give an app's socket or segment, a recording, or JSON that `ctxtop dump` wrote"
    switch content {
    case .empty: return Failure("reading \(path)", "it is empty", known, .badData)
    case .compressed(let program):
      return Failure("reading \(path)", "it was compressed by \(program)", "unpack it first", .badData)
    case .segment, .recording, .document, .other:
      return Failure("reading \(path)", "it is neither a segment, nor a recording, nor JSON", known, .badData)
    }
  }

  static func ofTrust(_ error: StoreError) -> Failure {
    switch error {
    case .foreignPeer(let path, let owner):
      return Failure(
        "connecting to \(path)", "\(System.userName(owner)) listens there, who is neither you nor root",
        "run ctxtop as that user or as root", .noPermission)
    case .refused(let path, let refusal):
      return Failure("reading \(path)", describe(refusal), "give a path that you trust", .noPermission)
    default:
      return Failure("choosing an app", "\(error)", "give an app's name or a path", .software)
    }
  }

  private func looking(for name: String) -> Failure {
    var copy = self
    copy.tried = "looking for the app \(name)"
    return copy
  }

  private static func describe(_ report: DirectoryReport) -> String {
    switch report.finding {
    case .usable, .absent: report.path
    case .refused(let refusal): "\(report.path) (refused: \(describe(refusal)))"
    case .failed(let error): "\(report.path) (\(error.description))"
    }
  }

  /// Why a file or directory is not used.
  static func describe(_ refusal: Refusal) -> String {
    switch refusal {
    case .symbolicLink: "it is a symbolic link"
    case .notADirectory: "it is not a directory"
    case .foreignOwner(let owner): "it belongs to \(System.userName(owner)), who is neither you nor root"
    case .writableByOthers(let mode): "others can write to it (mode \(String(mode, radix: 8)))"
    }
  }
}
