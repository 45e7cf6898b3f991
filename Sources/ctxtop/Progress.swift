// One line on a terminal that is written over again and again; and troubles, which stay.

import CtxtopScreen
import CtxtopStore
import Glibc

/// What somebody who looks gets to see. Where nobody does, only troubles are told.
final class Progress {
  /// How often the line changes, in nanoseconds.
  private static let interval: UInt64 = 500_000_000

  private let isShown: Bool
  private var shownAt: UInt64 = 0
  private var latest: String?

  /// Progress on standard error, if that is a terminal.
  init(isQuiet: Bool) { isShown = !isQuiet && isatty(STDERR_FILENO) == 1 }

  /// Shows a line, unless another was shown just before.
  func show(_ line: @autoclosure () -> String) {
    guard isShown else { return }
    let text = Failure.printable(line())
    let now = System.monotonicTime()
    let isDue = latest == nil || now >= shownAt &+ Self.interval
    latest = text
    guard isDue else { return }
    shownAt = now
    put("\r\(Self.cut(text))\u{1B}[K")
  }

  /// Tells a trouble.
  func note(_ line: String) {
    if isShown { put("\r\u{1B}[K") }
    Failure.note(line)
    shownAt = 0
  }

  /// Leaves the last line as it is.
  func end() {
    if let latest { put("\r\(Self.cut(latest))\u{1B}[K\n") }
    latest = nil
  }

  /// What of a line the terminal has room for, now: a line that it folds cannot be written over.
  private static func cut(_ text: String) -> String {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return text }
    // A character in the last column would be erased with what is behind it.
    var room = Int(size.ws_col) - 1
    return String(
      text.prefix { character in
        room -= DisplayWidth.of(String(character))
        return room >= 0
      })
  }

  /// Nobody could be told that this failed.
  private func put(_ text: String) { try? System.write(STDERR_FILENO, Array(text.utf8)) }
}
