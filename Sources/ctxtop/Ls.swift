// `ctxtop ls`: which apps run here.

import ArgumentParser
import CtxtopSnapshot
import CtxtopStore

/// Lists the services that can be found, and asks each of them.
struct Ls: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the apps that run here, or on another host.",
    discussion: """
      Looks in $CTXTOP_DIR, $XDG_RUNTIME_DIR/ctxtop, /run/ctxtop and /dev/shm/ctxtop-UID; as root also in every \
      user's. Each app is asked for a snapshot; where no worker answers, its segment is read.

      EXAMPLES:
        ctxtop ls
        ctxtop ls --json
        ctxtop ls ssh://prod-3
      """)

  @Argument(help: "The host to look on: ssh://[user@]host[:port]. Default: this one.")
  var host: String?

  @Flag(help: "Print JSON instead of a table.")
  var json = false

  func run() throws {
    if let host { return try FarLs(host, json: json).run() }
    let directories = RuntimeDirectories.ofThisUser()
    let services = Services.find(in: directories)
    for report in services.searched { noteRefusal(report) }
    let sources = services.found.map { service in
      (service.name, LiveSource.open(Endpoint(service, user: directories.user), interval: SnapshotClient.usualGap))
    }
    try Self.list(services, sources, within: SnapshotClient.patience, json: json)
  }

  /// Asks each service, and prints the list.
  static func list(
    _ services: Services, _ sources: [(String, any SnapshotSource)], within patience: UInt64, json: Bool
  ) throws {
    let answers = SnapshotClient.passes(1, from: sources, within: patience)
    let listings = zip(services.found, answers).map { Listing(service: $0, answer: $1) }
    if listings.isEmpty && !json {
      Failure.note(Failure(.nothingFound(searched: services.searched)).line)
    }
    do {
      try StandardOutput.write(json ? Listing.json(listings) : Listing.table(listings))
    } catch is ReaderIsGone {}
  }

  /// A directory that is there and not used is worth a word: the app in it is not in the list.
  private func noteRefusal(_ report: DirectoryReport) {
    switch report.finding {
    case .usable, .absent: break
    case .refused(let refusal): Failure.note("ctxtop: \(report.path) is not searched: \(Failure.describe(refusal))")
    case .failed(let error): Failure.note("ctxtop: \(report.path) is not searched: \(error.description)")
    }
  }
}

/// One line of the list.
struct Listing {
  /// Who answered when the service was asked.
  enum Answer: String {
    /// The leader did, through the socket.
    case live
    /// Nobody; the segment was read.
    case segment
    /// Nobody, and there is nothing to read.
    case none
  }

  let service: Service
  let answer: Answer
  let server: Server
  let alive: Int
  let total: Int
  /// Why nobody answered.
  let reason: String?

  init(service: Service, answer: Result<Passes, StoreError>) {
    self.service = service
    switch answer {
    case .success(let passes):
      let workers = passes.snapshots.last?.workers ?? []
      server = (workers.last { $0.liveness == .alive } ?? workers.last)?.server ?? Server()
      alive = workers.filter { $0.liveness == .alive }.count
      total = workers.filter { $0.liveness != .exited }.count
      if case .segment(let error) = passes.state {
        self.answer = .segment
        reason = error.map { Failure($0).happened }
      } else {
        self.answer = .live
        reason = nil
      }
    case .failure(let error):
      server = Server()
      alive = 0
      total = 0
      self.answer = .none
      reason = Failure(error).happened
    }
  }

  /// All lines, aligned, under a heading; nothing where there are none.
  static func table(_ listings: [Listing]) -> [UInt8] {
    guard !listings.isEmpty else { return [] }
    let heading = ["NAME", "SERVER", "WORKERS", "ANSWERS", "OWNER", "SOCKET"]
    let rows = [heading] + listings.map(\.cells)
    let widths = heading.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      let padded = zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
      var line = padded.joined(separator: "  ")
      while line.hasSuffix(" ") { line.removeLast() }
      return line + "\n"
    }
    return Array(lines.joined().utf8)
  }

  private var cells: [String] {
    let kind = [server.kind, server.model].filter { !$0.isEmpty }.joined(separator: " ")
    let answers =
      switch answer {
      case .live: "yes"
      case .segment: "no, read from the segment"
      case .none: "no: \(reason ?? "")"
      }
    return [
      service.name, kind.isEmpty ? "-" : kind, answer == .none ? "-" : "\(alive)/\(total)", answers,
      System.userName(service.owner), service.socketPath,
    ].map { Failure.printable($0) }
  }

  /// All lines as one JSON array.
  static func json(_ listings: [Listing]) -> [UInt8] {
    let objects = listings.map { listing in
      let known = listing.answer != .none
      let fields: [(String, String?)] = [
        ("name", quoted(listing.service.name)),
        ("stem", quoted(listing.service.stem)),
        ("server", known ? quoted(listing.server.kind) : nil),
        ("model", known ? quoted(listing.server.model) : nil),
        ("workers_alive", known ? "\(listing.alive)" : nil),
        ("workers", known ? "\(listing.total)" : nil),
        ("answers", quoted(listing.answer.rawValue)),
        ("reason", listing.reason.map(quoted)),
        ("socket", listing.service.hasSocket ? quoted(listing.service.socketPath) : nil),
        ("segment", listing.service.segmentVersions.isEmpty ? nil : quoted(listing.service.segmentPath)),
        ("owner", quoted(System.userName(listing.service.owner))),
      ]
      return "{" + fields.map { "\"\($0.0)\":\($0.1 ?? "null")" }.joined(separator: ",") + "}"
    }
    return Array(("[" + objects.joined(separator: ",\n ") + "]\n").utf8)
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 32:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
