// What the user wants to look at, and where that is.

/// A target as it stands on the command line.
package enum Target: Equatable, Sendable {
  /// Nothing was named: the only service that runs here.
  case onlyOne
  /// A service's name.
  case name(String)
  /// A path to a socket, a file, or a directory that holds one service.
  case path(String)
  /// An app on another host.
  case remote(RemoteTarget)

  /// Reads a target; nil: none was given.
  package init(_ argument: String?) throws(StoreError) {
    guard let argument else {
      self = .onlyOne
      return
    }
    if argument.hasPrefix(RemoteTarget.scheme) {
      self = .remote(try RemoteTarget(argument))
      return
    }
    if argument.contains("://") { throw .unsupportedTarget(argument) }
    self = Service.isName(argument) ? .name(argument) : .path(argument)
  }

  /// Finds what is meant. A regular file is taken for a segment: see `locate`.
  package func resolve(in directories: RuntimeDirectories) throws(StoreError) -> Endpoint {
    switch self {
    case .onlyOne:
      return try Self.onlyOne(of: Services.find(in: directories), user: directories.user)
    case .name(let name):
      let services = Services.find(in: directories)
      let matches = services.named(name)
      if matches.isEmpty, (try? System.linkStatus(name)) != nil { return try Self.atPath(name, directories.user) }
      guard let service = matches.first else {
        throw .unknownName(name, known: Self.distinctNames(services.found), searched: services.searched)
      }
      guard matches.count == 1 else { throw .severalServices(Self.distinctNames(matches)) }
      return Endpoint(service, user: directories.user)
    case .path(let path):
      return try Self.atPath(path, directories.user)
    case .remote(let target):
      return Endpoint(target, user: directories.user)
    }
  }

  /// Whether what is not there now may come: an app that has yet to begin. Nobody puts a file where one was missed.
  package var mayComeLater: Bool {
    switch self {
    case .onlyOne: true
    case .name(let name): !Self.isFileName(name)
    case .path(let path): path.hasSuffix(".sock") || (try? System.status(path))?.kind == .directory
    case .remote: false
    }
  }

  private static func isFileName(_ name: String) -> Bool {
    [".ctxtop", ".segment", ".json", ".ndjson"].contains { name.hasSuffix($0) }
  }

  /// The service on another host that is meant; whether somebody listens there is not known.
  static func choose(_ app: RemoteApp, in services: Services) throws(StoreError) -> Service {
    let matches = app.argument.map { services.named($0) } ?? services.found
    guard let service = matches.first else {
      guard let name = app.argument else { throw .nothingFound(searched: services.searched) }
      throw .unknownName(name, known: distinctNames(services.found), searched: services.searched)
    }
    guard matches.count == 1 else { throw .severalServices(distinctNames(matches)) }
    return service
  }

  /// The only service that has a listener, else the only one that left anything behind.
  private static func onlyOne(of services: Services, user: UInt32) throws(StoreError) -> Endpoint {
    guard !services.found.isEmpty else { throw .nothingFound(searched: services.searched) }
    let running = services.found.count > 1 ? services.listening : services.found
    let candidates = running.isEmpty ? services.found : running
    guard candidates.count == 1 else { throw .severalServices(distinctNames(candidates)) }
    return Endpoint(candidates[0], user: user)
  }

  private static func atPath(_ path: String, _ user: UInt32) throws(StoreError) -> Endpoint {
    let status: FileStatus
    do { status = try System.status(path) } catch { throw .system(error, path: path) }
    switch status.kind {
    case .socket, .regular:
      return Endpoint(path: path, status: status, user: user)
    case .directory:
      let services = try Services.find(inNamed: path)
      return try onlyOne(of: services, user: user).trusting(status.owner)
    case .symbolicLink, .other:
      throw .notATarget(path)
    }
  }

  /// Names to choose from: paths for those whose names are not unique.
  private static func distinctNames(_ services: [Service]) -> [String] {
    services.map { service in
      let isUnique = services.filter { $0.name == service.name }.count == 1
      return isUnique ? service.name : service.hasSocket ? service.socketPath : service.segmentPath
    }
  }
}

/// A target that was found: where to get snapshots, and whom to trust there.
package struct Endpoint: Equatable, Sendable {
  /// The name it is shown by.
  package var name: String
  /// The exporter's socket; nil where the target is a segment only.
  package var socketPath: String?
  /// The segment to read when nobody answers; nil where there is none beside the socket.
  package var segmentPath: String?
  /// On whose behalf the program looks.
  package var user: UInt32
  /// The owner of a path that was given explicitly: trusted as well.
  package var trustedOwner: UInt32?
  /// Where it is on another host; nil: on this machine. Such an endpoint has no paths here.
  package var remote: RemoteTarget?

  /// An endpoint with every part given.
  package init(
    name: String, socketPath: String?, segmentPath: String?, user: UInt32 = System.userID(),
    trustedOwner: UInt32? = nil
  ) {
    self.name = name
    self.socketPath = socketPath
    self.segmentPath = segmentPath
    self.user = user
    self.trustedOwner = trustedOwner
  }

  /// The files of a service that was found. A socket that is not there now may come back.
  package init(_ service: Service, user: UInt32) {
    self.init(
      name: service.name, socketPath: service.socketPath,
      segmentPath: service.segmentVersions.isEmpty ? nil : service.segmentPath, user: user)
  }

  /// An app on another host.
  package init(_ target: RemoteTarget, user: UInt32) {
    self.init(name: target.name, socketPath: nil, segmentPath: nil, user: user)
    remote = target
  }

  /// The same app, at a socket of this user's that leads to it.
  func forwarded(through path: String) -> Endpoint {
    Endpoint(name: name, socketPath: path, segmentPath: nil, user: user)
  }

  /// How long it may take to answer, in nanoseconds.
  package var patience: UInt64 { remote == nil ? SnapshotClient.patience : SnapshotClient.farPatience }

  /// The file at an explicit path: a socket with the segment that belongs to it, or a segment.
  init(path: String, status: FileStatus, user: UInt32) {
    let slash = path.lastIndex(of: "/")
    let directory = slash.map { String(path[..<$0]) } ?? "."
    let file = String(slash.map { path[path.index(after: $0)...] } ?? path[...])
    let isSocket = status.kind == .socket
    let stem = file.hasSuffix(".sock") ? String(file.dropLast(5)) : file
    let segment = "\(directory)/\(stem).v\(Service.segmentVersion).segment"
    let hasSegment = isSocket && (try? System.linkStatus(segment))?.kind == .regular
    self.init(
      name: isSocket ? stem : file, socketPath: isSocket ? path : nil,
      segmentPath: isSocket ? (hasSegment ? segment : nil) : path, user: user, trustedOwner: status.owner)
  }

  /// The same endpoint, with one more owner to trust.
  func trusting(_ owner: UInt32) -> Endpoint {
    var copy = self
    copy.trustedOwner = owner
    return copy
  }

  /// Whether what `owner` says may be shown.
  package func trusts(_ owner: UInt32) -> Bool {
    owner == trustedOwner || RuntimeDirectories.trusts(owner, user: user)
  }

  /// The owner to name on the screen: of an explicit path that belongs to somebody else.
  package var foreignOwner: UInt32? {
    guard let trustedOwner, trustedOwner != user, trustedOwner != 0 else { return nil }
    return trustedOwner
  }
}
