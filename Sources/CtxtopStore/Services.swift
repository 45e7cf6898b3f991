// The services that left files in the runtime directories.
//
//   S.sock   S.v2.segment   S.v2.lock         S: the service's stem, [A-Za-z0-9._-], at most 48 bytes

import CCtxtop

/// One service, as its files show it. Whether it lives is not known before it is asked.
package struct Service: Equatable, Sendable {
  /// The layout version of segments that this program reads.
  package static let segmentVersion = Int(CTXTOP_LAYOUT)

  /// The name its files begin with.
  package let stem: String
  /// The directory they lie in.
  package let directory: String
  /// Who owns that directory.
  package let owner: UInt32
  /// Whether there is a socket.
  package var hasSocket = false
  /// Layout versions of the segments that are there.
  package var segmentVersions: [Int] = []
  /// The name it is shown by: the stem, without its hash where that is unique.
  package var name: String

  init(stem: String, directory: String, owner: UInt32) {
    self.stem = stem
    self.directory = directory
    self.owner = owner
    name = stem
  }

  /// Whether there is a segment that this program can read.
  package var hasSegment: Bool { segmentVersions.contains(Self.segmentVersion) }
  /// Where its socket is, or would be.
  package var socketPath: String { "\(directory)/\(stem).sock" }
  /// Where its segment is; of the versions that are there the one that can be read, else the newest.
  package var segmentPath: String {
    let version = hasSegment ? Self.segmentVersion : segmentVersions.max() ?? Self.segmentVersion
    return "\(directory)/\(stem).v\(version).segment"
  }
  /// The stem without the six hexadecimal digits that an agent adds to an app's name; nil where there are none.
  var nameWithoutHash: String? { Self.withoutHash(stem) }

  static func withoutHash(_ stem: String) -> String? {
    let bytes = Array(stem.utf8)
    guard bytes.count > 7, bytes[bytes.count - 7] == UInt8(ascii: "-") else { return nil }
    let isHash = bytes.suffix(6).allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    return isHash ? String(stem.utf8.dropLast(7)) : nil
  }

  /// Whether a text is a service's name: `[A-Za-z0-9._-]`, 1 to 48 bytes.
  package static func isName(_ text: String) -> Bool {
    (1...48).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
          || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
      }
  }
}

extension Service {
  /// Whether anybody listens at its socket. Asks the kernel, not the exporter: a stopped process listens as well.
  fileprivate var hasListener: Bool {
    guard hasSocket else { return false }
    do {
      System.close(try System.connect(to: socketPath))
      return true
    } catch {
      return error.isBusy
    }
  }
}

/// All services that could be found, and where they were looked for.
package struct Services: Equatable, Sendable {
  /// The services, by name.
  package var found: [Service]
  /// The places that were looked in.
  package var searched: [DirectoryReport]

  /// Those at whose sockets anybody listens.
  package var listening: [Service] { found.filter(\.hasListener) }

  /// Services that were found elsewhere; they are given the names they are shown by.
  init(named found: [Service], searched: [DirectoryReport]) {
    self.found = found
    self.searched = searched
    nameAll()
  }

  /// Looks in all usable places.
  package static func find(in directories: RuntimeDirectories) -> Services {
    var services = Services(named: [], searched: directories.search())
    for (index, report) in services.searched.enumerated() {
      guard case .usable(let owner) = report.finding else { continue }
      do {
        services.found += try list(report.path, owner: owner)
      } catch {
        services.searched[index] = DirectoryReport(path: report.path, finding: .failed(error))
      }
    }
    services.nameAll()
    return services
  }

  /// The services in one directory that the user named, whoever owns it.
  package static func find(inNamed directory: String) throws(StoreError) -> Services {
    do {
      let owner = try System.status(directory).owner
      return Services(
        named: try list(directory, owner: owner),
        searched: [DirectoryReport(path: directory, finding: .usable(owner: owner))])
    } catch {
      throw StoreError.system(error, path: directory)
    }
  }

  /// Services that the user may mean by `name`: by stem, else by shown name, else by app name.
  package func named(_ name: String) -> [Service] {
    for matches in [
      found.filter { $0.stem == name }, found.filter { $0.name == name },
      found.filter { $0.nameWithoutHash == name },
    ] where !matches.isEmpty { return matches }
    return []
  }

  private static func list(_ directory: String, owner: UInt32) throws(SystemError) -> [Service] {
    var services: [String: Service] = [:]
    for name in try System.names(in: directory) {
      guard let (stem, version) = parse(name) else { continue }
      // A symbolic link or a stranger's file is not a service's: links are never made by an agent.
      guard let status = try? System.linkStatus(directory + "/" + name) else { continue }
      var service = services[stem] ?? Service(stem: stem, directory: directory, owner: owner)
      switch (version, status.kind) {
      case (nil, .socket): service.hasSocket = true
      case (let version?, .regular): service.segmentVersions.append(version)
      default: continue
      }
      services[stem] = service
    }
    return services.values.sorted { $0.stem < $1.stem }
  }

  /// `S.sock` -> (S, nil); `S.v7.segment` -> (S, 7); nil for any other name.
  private static func parse(_ file: String) -> (stem: String, version: Int?)? {
    if file.hasSuffix(".sock") {
      let stem = String(file.dropLast(5))
      return Service.isName(stem) ? (stem, nil) : nil
    }
    guard file.hasSuffix(".segment") else { return nil }
    let rest = file.dropLast(8)
    guard let dot = rest.lastIndex(of: "."), rest[dot...].hasPrefix(".v"),
      let version = Int(rest[dot...].dropFirst(2)), version > 0
    else { return nil }
    let stem = String(rest[..<dot])
    return Service.isName(stem) ? (stem, version) : nil
  }

  private mutating func nameAll() {
    for index in found.indices {
      guard let short = found[index].nameWithoutHash else { continue }
      let rivals = found.filter { $0.nameWithoutHash == short || $0.stem == short }
      if rivals.count == 1 { found[index].name = short }
    }
    found.sort { ($0.name, $0.directory) < ($1.name, $1.directory) }
  }
}
