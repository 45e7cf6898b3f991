// What a storm is watched for besides its answers: that it goes on, that its memory does not grow, and where it was
// when it ended too soon.

import Glibc

/// The block that runs now, for whoever must tell of it when it can ask nobody.
nonisolated(unsafe) private var block: UInt64 = 0

enum Watch {
  /// No block takes so many seconds, unless something hangs.
  private static let patience: UInt32 = 60

  /// Has signals tell the block: a trap, an access to what is not there, or a hang.
  static func begin() {
    for signal in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGALRM] {
      Glibc.signal(signal) { signal in
        Watch.tell(signal)
        _exit(1)
      }
    }
  }

  /// A block begins.
  static func begin(_ number: UInt64) {
    block = number
    alarm(patience)
  }

  /// Only what a signal handler may do.
  private static func tell(_ signal: Int32) {
    var line: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    withUnsafeMutableBytes(of: &line) { bytes in
      var place = bytes.count
      func put(_ byte: UInt8) {
        place -= 1
        bytes[place] = byte
      }
      func put(decimal value: UInt64) {
        var rest = value
        repeat {
          put(UInt8(ascii: "0") + UInt8(rest % 10))
          rest /= 10
        } while rest > 0
      }
      put(10)
      put(decimal: block)
      put(UInt8(ascii: ":"))
      put(decimal: UInt64(signal))
      _ = write(STDERR_FILENO, "storm: signal:block ", 20)
      _ = write(STDERR_FILENO, bytes.baseAddress! + place, bytes.count - place)
    }
  }
}

/// Memory of this process, in KiB.
enum Memory {
  /// What it has now.
  static var now: Int { line("VmRSS:") }
  /// The most that it ever had.
  static var peak: Int { line("VmHWM:") }

  private static func line(_ name: String) -> Int {
    guard let file = fopen("/proc/self/status", "r") else { return 0 }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 256)
    while fgets(&buffer, 256, file) != nil {
      let words = buffer.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }.split { $0 == " " || $0 == "\t" }
      if words.first == name[...], words.count > 1 { return Int(words[1]) ?? 0 }
    }
    return 0
  }
}
