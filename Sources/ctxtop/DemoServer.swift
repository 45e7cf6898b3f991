// The demo's server as a child of this process: started, waited for until it serves, and ended.

import CtxtopStore
import Glibc

/// A demo that serves.
final class DemoServer {
  /// Processes of a cold disk are slow to start.
  private static let patience: UInt64 = 30_000_000_000
  /// For so long the server may take to end its requests.
  private static let grace: UInt64 = 12_000_000_000

  /// What the dashboard is given.
  let target: String
  private let child: ChildProcess

  /// Starts the server; returns when all of its workers serve.
  init(_ program: String, _ words: [String]) throws {
    do {
      child = try ChildProcess(program, ["serve", "--quiet"] + words, output: .pipe)
    } catch {
      throw Failure("running \(program)", error.description, "build it anew", .cannotRun)
    }
    target = try Self.target(child)
  }

  /// Ends the server, and waits until nothing of it is left.
  func end() {
    child.terminate()
    _ = try? System.poll([PollRequest(descriptor: child.end)], timeout: Self.grace)
  }

  /// The program that lies beside this one.
  static func program() throws -> String {
    let own = System.realPath("/proc/self/exe") ?? ""
    let directory = own.lastIndex(of: "/").map { String(own[..<$0]) } ?? "."
    let path = "\(directory)/ctxtop-demo"
    do { try System.checkExecutable(path) } catch {
      throw Failure(
        "looking for the demo", "\(path): \(error.description)",
        "build it: swift build -c release --product ctxtop-demo", .noInput)
    }
    return path
  }

  /// What the server's first line says, `ready URL TARGET`.
  private static func target(_ child: ChildProcess) throws -> String {
    var (said, complaint): ([UInt8], [UInt8]) = ([], [])
    let deadline = System.monotonicTime() &+ patience
    while !said.contains(10) {
      let now = System.monotonicTime()
      guard now < deadline else {
        throw Failure("starting the demo", "it does not get ready", "see whether this machine is busy", .tryLater)
      }
      let waiting = [child.output, child.errors, child.end].map { PollRequest(descriptor: $0) }
      let ready = try? System.poll(waiting, timeout: deadline - now)
      let count = try? System.read(child.output, into: &said, limit: 4096)
      _ = try? System.read(child.errors, into: &complaint, limit: 4096)
      // What it has said is there when its end is seen; after that there is no more.
      if ready?.contains(2) == true || count == 0 || complaint.count > 65_536 { break }
    }
    let words = String(decoding: said.prefix { $0 != 10 }, as: UTF8.self).split(separator: " ")
    guard words.count == 3, words[0] == "ready" else { throw failure(complaint) }
    return String(words[2])
  }

  /// Why it did not get ready, in its own words.
  private static func failure(_ complaint: [UInt8]) -> Failure {
    let lines = String(decoding: complaint, as: UTF8.self).split(separator: "\n")
    let mark = "ctxtop-demo: "
    guard let line = lines.first(where: { $0.hasPrefix(mark) }) else {
      return Failure("starting the demo", "it ended without a word", "see what `ctxtop demo --serve` says", .system)
    }
    return Failure("starting the demo", String(line.dropFirst(mark.count)), "see `ctxtop demo --help`", .system)
  }
}
