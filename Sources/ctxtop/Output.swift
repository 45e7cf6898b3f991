// Where results go: standard output, or a file that is either whole or not there.

import CtxtopStore
import Glibc

/// Thrown when the reader of standard output has gone away: the end of the work, but no failure.
struct ReaderIsGone: Error {}

/// Standard output.
enum StandardOutput {
  /// Whether a person looks at it.
  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Writes all bytes; throws `ReaderIsGone` or a `Failure`. On a terminal, whatever the format, what could do
  /// something to it is replaced: CSV and JSON say what the app says, and a file or a program gets it as it is.
  static func write(_ bytes: [UInt8]) throws {
    do {
      try System.write(STDOUT_FILENO, isTerminal ? harmless(bytes) : bytes)
    } catch {
      if error.isBrokenPipe { throw ReaderIsGone() }
      throw Failure("writing to standard output", error.description, "see where it is redirected to", .inputOutput)
    }
  }
}

extension StandardOutput {
  /// A line may end as those of CSV do; a return elsewhere would write over what stands before it.
  private static func harmless(_ bytes: [UInt8]) -> [UInt8] {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
      let text = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      return Array(Failure.printable(String(decoding: text, as: UTF8.self), keeping: "\t").utf8)
    }
    return Array(lines.joined(separator: [UInt8(ascii: "\n")]))
  }
}

/// A file for results.
enum ResultFile {
  /// Puts the bytes into a new file, all or none; false: there is something at `path`, which stays as it is.
  static func create(_ path: String, with bytes: [UInt8], mode: UInt32) throws -> Bool {
    if (try? System.linkStatus(path)) != nil { return false }
    let temporary = try Temporary(for: path, mode: mode)
    do {
      try write(bytes, to: temporary.descriptor)
      let isNew = try System.renameUnlessThere(temporary.path, to: path)
      if !isNew { try? System.unlink(temporary.path) }
      return isNew
    } catch {
      try? System.unlink(temporary.path)
      throw failure(path, error, "make room, or choose another directory")
    }
  }

  /// Puts the bytes at `path`, all or none: they are written beside it and renamed over it.
  static func replace(_ path: String, with bytes: [UInt8]) throws {
    let existing = try? System.status(path)
    if let existing, existing.kind != .regular {
      // A device or a pipe cannot be renamed over.
      let series = try Series(path)
      try series.append(bytes)
      return try series.close()
    }
    // Through a link, the file that it leads to is replaced, and not the link.
    let path = System.realPath(path) ?? path
    let temporary = try Temporary(for: path, mode: 0o666)
    do {
      if let existing { _ = fchmod(temporary.descriptor, mode_t(existing.mode)) }
      try write(bytes, to: temporary.descriptor)
      try System.rename(temporary.path, to: path)
    } catch {
      try? System.unlink(temporary.path)
      throw failure(path, error, "make room, or choose another file")
    }
  }

  /// An empty file beside the one that it shall become.
  private struct Temporary {
    let path: String
    let descriptor: Int32

    init(for path: String, mode: UInt32) throws {
      self.path = temporaryPath(for: path)
      do {
        descriptor = try System.open(self.path, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
      } catch {
        throw Failure("creating \(path)", error.description, "choose a directory that you can write to", .cannotCreate)
      }
    }
  }

  /// A name beside a file, for what shall become it.
  static func temporaryPath(for path: String) -> String {
    "\(directory(of: path))/.\(name(of: path)).\(getpid()).tmp"
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) throws(SystemError) {
    do {
      try System.write(descriptor, bytes)
      try System.synchronize(descriptor)
    } catch {
      System.close(descriptor)
      throw error
    }
    try System.closeChecked(descriptor)
  }

  /// A file that results are appended to as they come.
  final class Series {
    private let path: String
    private let descriptor: Int32
    private var length: Int64 = 0

    /// Empties or creates the file.
    init(_ path: String) throws {
      self.path = path
      do {
        descriptor = try System.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o666)
      } catch {
        throw Failure("creating \(path)", error.description, "choose a file that you can write to", .cannotCreate)
      }
    }

    /// Appends the bytes; what was begun and could not be finished is taken back where that is possible.
    func append(_ bytes: [UInt8]) throws {
      do {
        try System.write(descriptor, bytes)
        length += Int64(bytes.count)
      } catch {
        _ = ftruncate(descriptor, off_t(length))
        if error.isBrokenPipe { throw ReaderIsGone() }
        throw failure(path, error, "make room or choose another file; what came before is in it")
      }
    }

    /// Closes the file; the file system may tell only now that something was not written.
    func close() throws {
      do {
        try System.synchronize(descriptor)
        try System.closeChecked(descriptor)
      } catch {
        throw failure(path, error, "make room or choose another file; what came before is in it")
      }
    }
  }

  private static func failure(_ path: String, _ error: any Error, _ remedy: String) -> Failure {
    let reason = (error as? SystemError)?.description ?? "\(error)"
    return Failure("writing \(path)", reason, remedy, .inputOutput)
  }

  private static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "" : String(path[..<slash])
  }

  private static func name(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
  }
}
