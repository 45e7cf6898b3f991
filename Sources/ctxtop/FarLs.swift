// `ctxtop ls ssh://host`: the ctxtop there lists what runs there; where there is none, the services are looked up, and
// each is asked through ssh.

import CtxtopStore

/// The list of another host.
struct FarLs {
  private let host: RemoteHost
  private let json: Bool

  /// Connects to the host, with ssh's questions.
  init(_ text: String, json: Bool) throws {
    self.json = json
    if text == RemoteTarget.scheme {
      throw Failure("listing \(text)", "it names no host", "write ssh://[user@]host[:port]", .usage)
    }
    do {
      guard case .remote(let target) = try Target(text), target.app == .onlyOne else {
        throw Failure("listing \(text)", "that is no host", "write ssh://[user@]host[:port]", .usage)
      }
      host = RemoteHosts.host(for: target.account)
      try host.connect(asking: .atTerminal())
    } catch let error as StoreError {
      throw Failure(error)
    }
  }

  /// Prints the list.
  func run() throws {
    do {
      if let there = try host.run(["ls"] + (json ? ["--json"] : [])) { return try pass(there) }
      let (services, targets) = try host.services()
      let sources = zip(services.found, targets).map { service, target in
        (service.name, LiveSource.open(Endpoint(target, user: System.userID()), interval: SnapshotClient.usualGap))
      }
      try Ls.list(services, sources, within: SnapshotClient.farPatience, json: json)
    } catch let error as StoreError {
      throw Failure(error)
    }
  }

  /// What the ctxtop there prints, without what could do something to a terminal.
  private func pass(_ there: (output: String, said: String, status: Int32)) throws {
    guard there.status == 0 else {
      throw Failure(.noRelay(host: host.account.name, said: there.said, status: there.status))
    }
    if there.output.isEmpty, !there.said.isEmpty { Failure.note("\(host.account.name): \(there.said)") }
    do {
      try StandardOutput.write(Array(Failure.printable(there.output, keeping: "\n").utf8))
    } catch is ReaderIsGone {}
  }
}
