// How the system's ssh is called. It is OpenSSH's own client with the user's configuration, agent and known hosts; what
// is set here is only what must hold while a screen is open.
//
//   master    one connection, authenticated once          others    sessions and forwardings over it: no keys, no questions

import Glibc

/// Calls of OpenSSH's client for one account.
struct SSHClient {
  /// Where `ssh` lies.
  let path: String
  let account: RemoteAccount

  /// A dead link is noticed after three of these, in seconds.
  private static let aliveInterval = 2
  /// What a child must not do when there is nobody to ask: open a window of its own.
  static let unasking = ["SSH_ASKPASS_REQUIRE": "never"]

  /// Looks for the client.
  init(_ account: RemoteAccount) throws(StoreError) {
    self.account = account
    do {
      path = try System.find(command: "ssh")
    } catch {
      throw .ssh(host: account.name, .noClient)
    }
  }

  /// The arguments of a master that listens at `socket`. `mayAsk`: there is somebody who answers.
  func master(at socket: String, mayAsk: Bool) -> [String] {
    var options = [
      "ControlMaster=yes", "ControlPath=\(socket)", "ControlPersist=no", "ServerAliveInterval=\(Self.aliveInterval)",
      "ServerAliveCountMax=3", "TCPKeepAlive=yes", "ConnectTimeout=10",
      // What the user's configuration wants of a login is not wanted here.
      "ClearAllForwardings=yes", "RemoteCommand=none", "LogLevel=INFO",
    ]
    if !mayAsk { options.append("BatchMode=yes") }
    return ["-N", "-T", "-n", "-x", "-a"] + Self.words(options) + destination
  }

  /// The arguments that run a command line through the master at `socket`.
  func session(over socket: String, _ line: String) -> [String] { other(over: socket, ["-T"]) + destination + [line] }

  /// The arguments that have the master at `socket` listen at `local`, for what listens there at `remote`.
  func forwarding(over socket: String, _ local: String, to remote: String) -> [String] {
    other(over: socket, ["-O", "forward", "-L", "\(local):\(remote)"]) + destination
  }

  /// Without a master these would connect by themselves: they get a way that leads nowhere, and no configuration.
  private func other(over socket: String, _ words: [String]) -> [String] {
    ["-F", "/dev/null", "-S", socket, "-x", "-a"]
      + Self.words(["BatchMode=yes", "ControlMaster=no", "ProxyCommand=false", "LogLevel=INFO"]) + words
  }

  private var destination: [String] {
    let user = account.user.map { ["-l", $0] } ?? []
    let port = account.port.map { ["-p", "\($0)"] } ?? []
    return user + port + ["--", account.host]
  }

  private static func words(_ options: [String]) -> [String] { options.flatMap { ["-o", $0] } }
}

/// Why ssh did not do what was asked of it.
package enum SSHFailure: Equatable, Sendable {
  /// There is no `ssh` in PATH.
  case noClient
  /// It ended; what it said, and with which status.
  case ended(said: String, status: Int32)
  /// It needed an answer, and there was nobody to ask; what it said.
  case needsAnswer(said: String)
  /// The user did not want to wait for it any more.
  case interrupted
  /// It was not done in time.
  case timedOut
  /// It could not be started, or asked.
  case system(SystemError)

  /// What the words of a client that has ended mean.
  static func ended(_ said: SaidText, status: Int32, mayAsk: Bool) -> SSHFailure {
    let text = said.lines.last { !$0.hasPrefix("Connection to ") } ?? said.last ?? ""
    // Here ssh would not ask: it would refuse.
    if said.lines.contains(where: { $0.contains(keyHasChanged) }) {
      return .ended(said: keyIsAnother + text, status: status)
    }
    return said.lines.contains(where: isQuestion) && !mayAsk
      ? .needsAnswer(said: text) : .ended(said: text, status: status)
  }

  /// Whether another answer than the one that was given may help.
  var wantsAnotherAnswer: Bool {
    switch self {
    case .needsAnswer, .interrupted: true
    case .ended(let said, _): Self.isQuestion(said) && !said.hasPrefix(Self.keyIsAnother)
    case .noClient, .timedOut, .system: false
    }
  }

  /// Whether a line is the last that ssh says: it is told with the failure, and need not be told before.
  static func isLast(_ line: String) -> Bool { isQuestion(line) || lastWords.contains { line.hasPrefix($0) } }

  /// Whether this tells what a line says.
  func tells(_ line: String) -> Bool {
    if case .ended(let said, _) = self { said.hasSuffix(line) } else { false }
  }

  private static func isQuestion(_ line: String) -> Bool { questions.contains { line.contains($0) } }

  private static let keyIsAnother = "the host's key is another than before: "

  /// How lines begin behind which ssh gives up.
  private static let lastWords = [
    "ssh: connect to host ", "ssh: Could not resolve hostname ", "Connection closed by ", "Connection reset by ",
    "kex_exchange_identification: ",
  ]

  /// What ssh says of a host whose key is not the one that it knows.
  private static let keyHasChanged = "REMOTE HOST IDENTIFICATION HAS CHANGED"

  /// What ssh says in BatchMode where it would have asked: for a password or passphrase, or about a host's key.
  private static let questions = [
    "Permission denied (", "Host key verification failed", "Too many authentication failures",
  ]
}
