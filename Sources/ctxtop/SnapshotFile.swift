// A snapshot as a file: what was on the screen, for whoever looks at it later.

import CtxtopModel
import CtxtopReport
import CtxtopSnapshot
import CtxtopStore
import Glibc

/// Files with one judged snapshot as JSON.
enum SnapshotFile {
  /// A snapshot may hold what only its owner should see: paths, URLs, errors.
  private static let mode: UInt32 = 0o600
  /// So many files may have the time of one snapshot.
  private static let limit = 1_000
  /// Longer names are cut.
  private static let nameLimit = 64

  /// Writes the model into a new file of the directory, all or nothing; where.
  static func write(_ model: Model, in directory: String) throws -> (name: String, directory: String) {
    let bytes = Report.bytes(model, as: .json)
    let stem = stem(of: model.now)
    for number in 1...limit {
      let name = number == 1 ? "\(stem).json" : "\(stem)-\(number).json"
      if try ResultFile.create("\(directory)/\(name)", with: bytes, mode: mode) {
        return (name, System.realPath(directory) ?? directory)
      }
    }
    throw Failure("writing \(directory)/\(stem).json", "it exists \(limit) times", "remove some of them", .cannotCreate)
  }

  /// `ctxtop-shop-20261122T090412Z`: of which app, and when.
  static func stem(of snapshot: Snapshot) -> String {
    "ctxtop-\(name(snapshot.service))-\(time(snapshot.wallTime))"
  }

  /// The app's name, which may hold anything, as a part of a file's name.
  static func name(_ service: String) -> String {
    let kept = service.unicodeScalars.prefix(nameLimit).map { scalar -> Character in
      let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
      return isPlain || "._-".unicodeScalars.contains(scalar) ? Character(scalar) : "_"
    }
    return kept.isEmpty ? "app" : String(kept)
  }

  /// `20261122T090412Z`: sorts as it should, and no file system minds it.
  static func time(_ wallTime: UInt64) -> String {
    String(Format.time(wallTime).prefix(19).filter { $0 != "-" && $0 != ":" }) + "Z"
  }
}
