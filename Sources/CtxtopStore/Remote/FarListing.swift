// Where there is no ctxtop on the far side: what `ls` shows of the places in which services leave their sockets. The
// same rules hold as here (RuntimeDirectories.swift), with the user that ssh logged in as.

/// The listing of another host.
package struct FarListing {
  /// What is listed: a directory, and its sockets behind it. What is not there is left out.
  private static let places = [
    #""${CTXTOP_DIR:-/run/ctxtop}""#, #""${XDG_RUNTIME_DIR:-/run}"/ctxtop"#, "/run/ctxtop", "/dev/shm/ctxtop-[0-9]*",
    "/run/user/*/ctxtop",
  ]

  /// The command line that prints the user's id and the listing. A POSIX shell is asked, whatever the login shell is.
  static let command: String = {
    let words = places.flatMap { [$0, "\($0)/*.sock"] }.joined(separator: " ")
    return ShellWords.line(["sh", "-c", "id -u && LC_ALL=C ls -lnqd \(words) 2>/dev/null; exit 0"])
  }()

  /// The user's id there.
  let user: UInt32
  private var directories: [(path: String, finding: DirectoryReport.Finding)] = []
  private var sockets: [(directory: String, name: String)] = []

  /// Reads a listing; nil: it is none.
  package init?(_ text: String) {
    let lines = text.split(separator: "\n")
    guard let first = lines.first, let user = UInt32(first) else { return nil }
    self.user = user
    for line in lines.dropFirst() { take(line) }
  }

  /// `drwx------ 2 0 0 60 Nov 22 23:40 /run/ctxtop`
  private mutating func take(_ line: Substring) {
    guard let slash = line.firstIndex(of: "/") else { return }
    let path = String(line[slash...])
    let fields = line[..<slash].split(separator: " ")
    // A link's line ends with what it leads to, and a name that cannot be printed was changed.
    guard fields.count >= 5, fields[0].utf8.count >= 10, let owner = UInt32(fields[2]),
      path.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "?") })
    else { return }
    let mode = Array(fields[0].utf8)
    switch mode[0] {
    case UInt8(ascii: "d"):
      guard !directories.contains(where: { $0.path == path }) else { return }
      directories.append((path, finding(owner, mode)))
    case UInt8(ascii: "s"):
      guard let end = path.lastIndex(of: "/") else { return }
      let entry = (String(path[..<end]), String(path[path.index(after: end)...]))
      if !sockets.contains(where: { $0 == entry }) { sockets.append(entry) }
    default: return
    }
  }

  private func finding(_ owner: UInt32, _ mode: [UInt8]) -> DirectoryReport.Finding {
    guard RuntimeDirectories.trusts(owner, user: user) else { return .refused(.foreignOwner(owner)) }
    let isWritable = mode[5] == UInt8(ascii: "w") || mode[8] == UInt8(ascii: "w")
    return isWritable ? .refused(.writableByOthers(mode: Self.bits(mode))) : .usable(owner: owner)
  }

  private static func bits(_ mode: [UInt8]) -> UInt32 {
    mode[1...9].reduce(0) { $0 << 1 | ($1 == UInt8(ascii: "-") ? 0 : 1) }
  }

  /// The services that a listing shows.
  static func services(_ outcome: RemoteCommand.Outcome, of host: RemoteHost) throws(StoreError) -> Services {
    guard let listing = FarListing(String(decoding: outcome.output, as: UTF8.self)) else {
      throw outcome.failure(of: host)
    }
    return listing.services
  }

  /// The services in directories that may be used.
  package var services: Services {
    var found: [Service] = []
    for (path, finding) in directories {
      guard case .usable(let owner) = finding else { continue }
      for socket in sockets where socket.directory == path && socket.name.hasSuffix(".sock") {
        let stem = String(socket.name.dropLast(5))
        guard Service.isName(stem) else { continue }
        var service = Service(stem: stem, directory: path, owner: owner)
        service.hasSocket = true
        found.append(service)
      }
    }
    let searched = directories.map { DirectoryReport(path: $0.path, finding: $0.finding) }
    return Services(named: found, searched: searched)
  }
}
