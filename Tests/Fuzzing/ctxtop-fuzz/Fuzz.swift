// Fuzzes one reader of foreign bytes. Tests/fuzz builds it with libFuzzer and AddressSanitizer; built without, it can
// replay inputs only.
//
//   ctxtop-fuzz list                        the targets
//   ctxtop-fuzz replay TARGET FILE...       reads each file once
//   ctxtop-fuzz TARGET [libFuzzer's arguments]

import CFuzzer
import CtxtopFuzzTargets
import Glibc

/// What is fuzzed; set once, before libFuzzer begins.
nonisolated(unsafe) private var target: FuzzTarget?

@main
enum Fuzz {
  /// libFuzzer starts this program again, with its own arguments.
  private static let variable = "CTXTOP_FUZZ_TARGET"

  static func main() {
    let words = Array(CommandLine.arguments.dropFirst())
    switch words.first {
    case "list":
      for target in FuzzTarget.all { print("\(target.name)\t\(target.summary)") }
    case "replay" where words.count >= 2: replay(words[1], Array(words.dropFirst(2)))
    case let name?:
      if let known = FuzzTarget.named(name) {
        setenv(variable, known.name, 1)
        fuzz(skipping: 1)
      }
      if getenv(variable) != nil { fuzz(skipping: 0) }
      fail("no target \(name); `list` has them")
    case nil: fail("which target? `list` has them")
    }
  }

  private static func replay(_ name: String, _ paths: [String]) {
    guard let target = FuzzTarget.named(name) else { fail("no target \(name); `list` has them") }
    for path in paths {
      guard let bytes = Inputs.bytes(of: path) else { fail("cannot read \(path)") }
      print(path)
      target.run(bytes)
    }
  }

  private static func fuzz(skipping skipped: Int) -> Never {
    guard let name = getenv(variable), let chosen = FuzzTarget.named(String(cString: name)) else { fail("no target") }
    target = chosen
    let longest = strdup("-max_len=\(chosen.longest)")
    let given = UnsafeMutableBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc))
    // Its own name, the length unless another is given later, and what was given.
    var arguments = [given[0], longest] + given.dropFirst(1 + skipped) + [nil]
    var count = Int32(arguments.count - 1)
    let code = arguments.withUnsafeMutableBufferPointer { arguments in
      var start = arguments.baseAddress
      return withUnsafeMutablePointer(to: &start) { start in
        start.withMemoryRebound(to: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?.self, capacity: 1) {
          ctxtop_fuzz_run(&count, $0) { bytes, count in
            target?.run([UInt8](UnsafeBufferPointer(start: bytes, count: count)))
            return 0
          }
        }
      }
    }
    if code < 0 { fail("built without libFuzzer; Tests/fuzz builds it with") }
    exit(code)
  }

  private static func fail(_ line: String) -> Never {
    let bytes = Array("ctxtop-fuzz: \(line)\n".utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
    exit(64)
  }
}
