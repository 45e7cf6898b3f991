// What it means to the user that another host gave nothing: ssh, or the ctxtop there.

import CtxtopStore

extension Failure {
  static func ofRemote(_ error: StoreError) -> Failure {
    switch error {
    case .badTarget(let text, let reason):
      return Failure(
        "reading the target \(text)", reason, "write ssh://[user@]host[:port]/ and an app's name or a path", .usage)
    case .ssh(let host, let failure):
      return .ofSSH(host, failure)
    case .far(let host, let failure):
      let status = ExitStatus.table[0].statuses.first { $0.code == failure.status && $0.code != 0 }
      return Failure(failure.tried, failure.happened, failure.remedy, status ?? .protocol).on(host)
    case .noFarProgram(let host):
      return Failure(
        "calling ctxtop on \(host)", "it is not there",
        "say with CTXTOP_REMOTE_PROGRAM where it is, or `none` to do without", .unavailable)
    case .noRelay(let host, let said, let status):
      return Failure(
        "calling ctxtop on \(host)", words(said, "it ended with status \(status)"),
        "put this version of ctxtop there, or say CTXTOP_REMOTE_PROGRAM=none to do without", .protocol)
    case .otherRelay(let name, let version):
      return Failure(
        "calling ctxtop for \(name)", "the one there speaks version \(version) of the relay",
        "use the same ctxtop on both hosts, or say CTXTOP_REMOTE_PROGRAM=none to do without", .protocol)
    case .cannotForward(let host, let path):
      return Failure(
        "reading \(path) on \(host)",
        "there is no ctxtop, and without it only paths are read that end in .sock, of at most 107 letters, digits and /._+@=,-",
        "put ctxtop there, or give an app's name", .unavailable)
    case .nobodyAt(let host, let path):
      return Failure(
        "connecting to \(path) on \(host)",
        "nobody answers: it is not there, nobody listens on it, or sshd there forwards no sockets",
        "start the app, see with `ctxtop ls ssh://\(host)` what runs there, or put ctxtop there", .unavailable)
    case .on(let host, let error):
      return Failure(error).on(host)
    case .withoutSegment(let host, let error):
      var failure = Failure(error)
      failure.happened += "; without ctxtop on \(host) its segment cannot be read"
      return failure
    default:
      return Failure("reaching another host", "\(error)", "try again", .software)
    }
  }

  private static func ofSSH(_ host: String, _ failure: SSHFailure) -> Failure {
    let tried = "connecting to \(host)"
    switch failure {
    case .noClient:
      return Failure(tried, "there is no ssh in PATH", "install OpenSSH's client", .unavailable)
    case .ended(let said, let status):
      return Failure(
        tried, "ssh says: \(words(said, "nothing, and ends with status \(status)"))",
        "see whether `ssh ssh://\(host)` works", .unavailable)
    case .needsAnswer(let said):
      return Failure(
        tried, "ssh would have to ask: \(words(said, "something"))",
        "call ctxtop in a terminal, use an agent or a key without a passphrase, or see what `ssh ssh://\(host)` says",
        .noPermission)
    case .interrupted:
      return Failure(tried, "it was interrupted", "try again", .tryLater)
    case .timedOut:
      return Failure(tried, "no answer", "see whether the host is up, and try again", .tryLater)
    case .system(let error):
      return Failure(tried, "\(error.description) (\(error.call))", "try again", .system)
    }
  }

  /// The same of what happened on another host, to somebody who is here.
  private func on(_ host: String) -> Failure {
    var words = remedy.split(separator: "`", omittingEmptySubsequences: false).map(String.init)
    // What stands between two of them is a command.
    for index in words.indices where index % 2 == 1 {
      if words[index] == "ctxtop ls" {
        words[index] += " ssh://\(host)"
      } else if words[index - 1].hasSuffix("as in "), words[index].hasPrefix("ctxtop ") {
        words[index] = "ctxtop " + Self.target(words[index].dropFirst("ctxtop ".count), on: host)
      }
    }
    let there = words.joined(separator: "`").replacing("what runs here", with: "what runs there")
      .replacing("run ctxtop as ", with: "log in there as ")
    return Failure("on \(host): \(tried)", happened, there, status)
  }

  /// An app's name or a path of another host as a target here.
  private static func target(_ text: Substring, on host: String) -> String {
    guard text.hasPrefix("/") else { return "ssh://\(host)/\(text)" }
    return "ssh://\(host)" + (text.dropFirst().contains("/") ? "" : "/") + text
  }

  /// What was said, as a part of a sentence.
  private static func words(_ said: String, _ instead: String) -> String {
    said.isEmpty ? instead : said.hasSuffix(".") ? String(said.dropLast()) : said
  }
}
