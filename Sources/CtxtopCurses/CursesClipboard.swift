// Text for the clipboard goes to the terminal itself: ncurses would take the sequence for text, and reckon the
// cursor elsewhere. Between two refreshes nothing of ncurses' is under way.

import CtxtopScreen
import Glibc

extension CursesTerminal {
  /// Hands a text to the terminal's clipboard, as much of it as terminals take.
  package func copy(_ text: String) -> CopyOutcome {
    guard !isClosed, Clipboard.isUnderstood(by: capabilities.name) else {
      return .refused(terminal: capabilities.name)
    }
    let kept = Clipboard.prefix(of: text)
    write(Clipboard.sequence(kept, throughScreen: capabilities.isInScreen))
    return kept.count == text.utf8.count ? .sent : .cut(toBytes: kept.count)
  }

  private func write(_ bytes: [UInt8]) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress! + written, $0.count - written) }
      if count < 0, errno != EINTR { return }
      written += max(0, count)
    }
  }
}
