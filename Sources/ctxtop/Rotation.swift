// When a recording is large or old enough, and what becomes of it then.
//
// What must hold: nothing is removed but recordings of the same service that lie beside the file and bear its name and
// a time; nothing is ever written over.

import CtxtopStore
import Glibc

/// A recording's file, and those that were.
struct Rotation {
  private static let suffix = ".ctxtop"
  /// So many files may have begun in one second.
  private static let limit = 1_000

  /// Where records go.
  let path: String
  /// Length from which on a new file is begun.
  let size: UInt64?
  /// Age from which on a new file is begun, in nanoseconds.
  let age: UInt64?
  /// How many of the earlier files are kept; nil: all.
  let keep: Int?

  /// Whether the file is large or old enough.
  func isDue(_ writer: RecordingWriter, now wallTime: UInt64) -> Bool {
    if let size, writer.byteCount >= size { return true }
    guard let age, let began = writer.began else { return false }
    return wallTime >= began &+ age
  }

  /// Renames a file that is closed after the time when it began.
  func retire(began wallTime: UInt64) throws {
    let time = SnapshotFile.time(wallTime)
    // A number that is free again is not taken: the name would say that the file is older than it is.
    let latest = names.compactMap { order(of: $0) }.filter { $0.hasPrefix(time) }.compactMap { Int($0.suffix(4)) }.max()
    for number in ((latest ?? 0) + 1)...(Self.limit + 1) where number <= Self.limit {
      let name = stem + "-" + time + (number == 1 ? "" : "-\(number)") + ending
      do throws(SystemError) {
        if try System.renameUnlessThere(path, to: directory + name) { return }
      } catch {
        throw Failure(
          "renaming \(path)", error.description, "see who may write to its directory", .cannotCreate)
      }
    }
    throw Failure(
      "renaming \(path)", "there are \(Self.limit) files of this time", "remove some of them", .cannotCreate)
  }

  /// Removes the oldest of the earlier files, but for as many as are to be kept; why it could not, if it could not.
  func prune(service: String) -> Failure? {
    guard let keep else { return nil }
    let earlier = names.compactMap { name in order(of: name).map { (name, $0) } }
      .filter { isOurs(directory + $0.0, service: service) }
      .sorted { $0.1 < $1.1 }
    for (name, _) in earlier.dropLast(keep) {
      do throws(SystemError) {
        try System.unlink(directory + name)
      } catch {
        return Failure("removing \(directory + name)", error.description, "see who may write to it", .inputOutput)
      }
    }
    return nil
  }

  /// What sorts as the files began; nil: no name that `retire` gives.
  private func order(of name: String) -> String? {
    guard name.hasPrefix(stem + "-"), name.hasSuffix(ending) else { return nil }
    let rest = name.dropFirst(stem.utf8.count + 1).dropLast(ending.count)
    let parts = rest.split(separator: "-", omittingEmptySubsequences: false)
    guard let time = parts.first, Self.isTime(time), parts.count <= 2 else { return nil }
    guard parts.count == 2 else { return "\(time)-0001" }
    guard let number = Int(parts[1]), (2...Self.limit).contains(number), "\(number)" == parts[1] else { return nil }
    return "\(time)-" + String(repeating: "0", count: 4 - parts[1].count) + parts[1]
  }

  /// `20261122T090412Z`.
  private static func isTime(_ text: Substring) -> Bool {
    text.utf8.count == 16
      && text.utf8.enumerated().allSatisfy { index, byte in
        switch index {
        case 8: byte == UInt8(ascii: "T")
        case 15: byte == UInt8(ascii: "Z")
        default: (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
      }
  }

  private func isOurs(_ path: String, service: String) -> Bool {
    guard let status = try? System.linkStatus(path), status.kind == .regular else { return false }
    return RecordingReader.service(ofFile: path) == service
  }

  // MARK: - The path

  /// What lies beside the file.
  private var names: [String] { (try? System.names(in: directory.isEmpty ? "." : directory)) ?? [] }

  private var directory: String { path.lastIndex(of: "/").map { String(path[...$0]) } ?? "" }
  private var name: Substring { path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...] }
  private var ending: String { name.hasSuffix(Self.suffix) ? Self.suffix : "" }
  private var stem: String { String(name.dropLast(ending.count)) }
}
