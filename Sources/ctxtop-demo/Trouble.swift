// Why the demo cannot go on: one line, as of `ctxtop` itself, and a status of sysexits(3).

import Glibc

/// Why the demo cannot go on.
struct Trouble: Error {
  /// What was being done, as a participle.
  let tried: String
  /// What came of it.
  let happened: String
  /// What can be done about it.
  let remedy: String

  init(_ tried: String, _ happened: String, _ remedy: String) {
    self.tried = tried
    self.happened = happened
    self.remedy = remedy
  }

  /// The call that failed, with `errno` as it is now unless another number is given.
  static func call(_ tried: String, _ code: Int32 = errno, _ remedy: String = "try again") -> Trouble {
    Trouble(tried, String(cString: strerror(code)), remedy)
  }

  /// Says so, and ends the process.
  func end() -> Never {
    Trouble.say("\(tried): \(happened); \(remedy)")
    exit(71)
  }

  /// One line on standard error.
  static func say(_ text: String) { Lines.write("ctxtop-demo: \(text)\n", to: 2) }
}

/// Lines as they are printed: at once, so that who reads them need not wait.
enum Lines {
  static func print(_ line: String) { write("\(line)\n", to: 1) }

  /// Nothing is said any more.
  static func silence() {
    let nowhere = open("/dev/null", O_WRONLY)
    guard nowhere >= 0 else { return }
    for descriptor: Int32 in [1, 2] { dup2(nowhere, descriptor) }
    close(nowhere)
  }

  static func write(_ text: String, to descriptor: Int32) {
    // Nobody could be told that this failed.
    _ = Glibc.write(descriptor, text, text.utf8.count)
  }
}
