// `ctxtop relay`: what a ctxtop on another host calls on this one, through ssh.

import ArgumentParser
import CtxtopStore
import Glibc

/// Passes what an app tells on to a ctxtop that called this one.
struct Relay: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Pass on what an app tells, for a ctxtop on another host.",
    discussion: """
      `ctxtop ssh://host/app` calls this on the host, through ssh. Requests are read from standard input, a line each: \
      `watch MILLISECONDS`, as often as the pace is to change, or one `recycle PID`. Records go to standard output, \
      and lines that tell whether a worker gives them or the segment. It ends when its input does.

      EXAMPLES:
        ctxtop relay shop | xxd         and then type `watch 1000`
      """)

  @Argument(help: "An app's name, or a path to its socket or segment. Default: the only app that runs here.")
  var target: String?

  func run() throws {
    // Records are bytes as they come: to a terminal they would be commands.
    guard !StandardOutput.isTerminal else {
      throw Failure(
        "relaying", "records are not for a terminal", "call `ctxtop ssh://host/app` on another host", .usage)
    }
    let output = RelayOutput()
    try output.begin(version: Ctxtop.configuration.version)
    do {
      try RelayLoop(endpoint(), output).run()
    } catch let failure as Failure {
      output.tell(.failed(FarFailure(failure)))
      try? output.finish()
      throw failure
    } catch is ReaderIsGone {}
  }

  private func endpoint() throws -> Endpoint {
    do {
      let target = try Target(target)
      if case .remote(let other) = target {
        throw Failure("relaying \(other.name)", "it is on another host", "call ctxtop there", .usage)
      }
      return try target.locate(in: .ofThisUser()).app(for: "relaying")
    } catch let error as StoreError {
      throw Failure(error)
    }
  }
}

extension FarFailure {
  /// A failure as it is told to another host.
  init(_ failure: Failure) {
    self.init(
      tried: failure.tried, happened: failure.happened, remedy: failure.remedy, status: failure.status.code)
  }
}
