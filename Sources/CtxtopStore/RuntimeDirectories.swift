// Where services leave their sockets and segments, and which of these places may be trusted.
//
//   $CTXTOP_DIR   $XDG_RUNTIME_DIR/ctxtop   /run/ctxtop   /dev/shm/ctxtop-UID
//   root also, for every user: /run/user/UID/ctxtop   /dev/shm/ctxtop-UID
//
// All of them are looked in. A place is trusted when nobody but its owner can put a file there, and the
// owner is the user, root, or anybody for root.

/// One place that was looked in, and what came of it.
package struct DirectoryReport: Equatable, Sendable {
  /// What was found at the place.
  package enum Finding: Equatable, Sendable {
    /// A directory that may be used; its owner.
    case usable(owner: UInt32)
    /// Nothing is there.
    case absent
    /// Something is there that is not to be used.
    case refused(Refusal)
    /// It could not be looked at.
    case failed(SystemError)
  }

  /// The place.
  package let path: String
  /// What was found there.
  package let finding: Finding

  /// A report of what was found at a place.
  package init(path: String, finding: Finding) {
    self.path = path
    self.finding = finding
  }
}

/// The places to look in.
package struct RuntimeDirectories: Equatable, Sendable {
  /// On whose behalf the program looks.
  package var user: UInt32
  /// Candidate directories, in order of preference.
  package var candidates: [String]

  /// The given places, for the given user.
  package init(user: UInt32, candidates: [String]) {
    self.user = user
    self.candidates = candidates
  }

  /// The places of this user on this machine.
  package static func ofThisUser() -> RuntimeDirectories {
    let user = System.userID()
    var candidates: [String] = []
    if let directory = System.environment("CTXTOP_DIR") { candidates.append(withoutTrailingSlash(directory)) }
    if let directory = System.environment("XDG_RUNTIME_DIR") {
      candidates.append(withoutTrailingSlash(directory) + "/ctxtop")
    }
    candidates += ["/run/ctxtop", "/dev/shm/ctxtop-\(user)"]
    if user == 0 {
      candidates += entries(of: "/run/user") { _ in true }.map { $0 + "/ctxtop" }
      candidates += entries(of: "/dev/shm") { name in
        name.hasPrefix("ctxtop-") && name.dropFirst(7).allSatisfy { $0.isASCII && $0.isNumber }
      }
    }
    return RuntimeDirectories(user: user, candidates: candidates)
  }

  /// What is at each of the places; a directory that two of them lead to is reported once.
  package func search() -> [DirectoryReport] {
    var seen: Set<[UInt64]> = []
    var reports: [DirectoryReport] = []
    for path in candidates where !reports.contains(where: { $0.path == path }) {
      let (finding, identity) = Self.examine(path, for: user)
      if let identity, !seen.insert(identity).inserted { continue }
      reports.append(DirectoryReport(path: path, finding: finding))
    }
    return reports
  }

  /// Whether `user` may rely on what `owner` says: itself, root, and anybody for root.
  package static func trusts(_ owner: UInt32, user: UInt32) -> Bool { owner == user || owner == 0 || user == 0 }

  private static func examine(_ path: String, for user: UInt32) -> (DirectoryReport.Finding, [UInt64]?) {
    let status: FileStatus
    do {
      status = try System.linkStatus(path)
    } catch {
      return (error.isAbsence ? .absent : .failed(error), nil)
    }
    return (judge(status, for: user).map { .refused($0) } ?? .usable(owner: status.owner), status.identity)
  }

  private static func judge(_ status: FileStatus, for user: UInt32) -> Refusal? {
    if status.kind == .symbolicLink { return .symbolicLink }
    if status.kind != .directory { return .notADirectory }
    if !trusts(status.owner, user: user) { return .foreignOwner(status.owner) }
    // The agent refuses such a directory as well: whoever may write could have put anything there.
    if status.mode & 0o022 != 0 { return .writableByOthers(mode: status.mode) }
    return nil
  }

  private static func entries(of directory: String, where matches: (String) -> Bool) -> [String] {
    ((try? System.names(in: directory)) ?? []).filter(matches).map { directory + "/" + $0 }
  }

  private static func withoutTrailingSlash(_ path: String) -> String {
    var path = path
    while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
    return path
  }
}
