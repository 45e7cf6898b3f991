// A server without sockets, for the tests of CtxtopContexts: one process has one agent, and these have it to themselves.
//
//   ctxtop-contexts-probe <directory> <case>       plays one case and says what the agent told otherwise than expected;
//                                                  exit status 1 then, 64 for a case that there is not
//   ctxtop-contexts-probe <directory> stress <n>   Stress.swift, so many rounds on each thread and task
//   ctxtop-contexts-probe <directory> cost ...     Cost.swift

import CCtxtop
import CtxtopContexts
import CtxtopGuestTestKit
import CtxtopSnapshot

@main
struct Main {
  static func main() async {
    let words = CommandLine.arguments
    guard words.count > 2 else { exit(64) }
    setenv("CTXTOP_DIR", words[1], 1)
    unsetenv("CTXTOP_NAME")
    let check = Check(words[1])
    do {
      switch words[2] {
      case "stress": try await Stress.run(rounds: words.count > 3 ? Int(words[3]) ?? 1 : 1, check)
      case "cost": try Cost.run(Array(words[3...]))
      default:
        guard let play = Cases.all[words[2]] else { exit(64) }
        try await play(check)
      }
    } catch {
      check.that(false, "no error: \(error)")
    }
    exit(check.status)
  }
}

/// What was expected of the agent, and whether it came.
final class Check: @unchecked Sendable {
  // Sendable: the main task alone checks.

  private let directory: String
  private(set) var status: Int32 = 0

  init(_ directory: String) { self.directory = directory }

  func that(_ holds: Bool, _ what: String, line: UInt = #line) {
    if holds { return }
    print("line \(line): not so: \(what)")
    status = 1
  }

  func equal<Value: Equatable>(_ value: Value, _ expected: Value, _ what: String = "", line: UInt = #line) {
    that(value == expected, "\(what) is \(value), expected \(expected)", line: line)
  }

  /// What the agent tells of this process now.
  func worker() throws -> Worker {
    guard let client = ServiceClient(directory) else { throw NoAgent() }
    client.send("snapshot\n")
    guard let worker = try client.record().workers.first else { throw NoAgent() }
    return worker
  }
}

struct NoAgent: Error {}
struct Refused: Error {}
