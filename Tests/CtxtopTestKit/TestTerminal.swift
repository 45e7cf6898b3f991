// A terminal of which tests hold both ends: the keys that come, the screen that is seen.

import CtxtopScreen

/// A terminal without a terminal.
package final class TestTerminal: Terminal {
  /// How large it is; a test may change it at any time.
  package var size: Size
  /// No descriptor: nothing waits for it.
  package let descriptor: Int32 = -1
  /// Keys that have not been read yet.
  package var keys: [Key] = []
  /// The screen that was drawn last.
  package private(set) var shown: Buffer?
  /// How many cells changed in each frame.
  package private(set) var changedCells: [Int] = []
  /// The texts that went to the clipboard.
  package private(set) var copied: [String] = []
  /// How often it was suspended.
  package private(set) var suspensions = 0
  /// Whether it was given back.
  package private(set) var isClosed = false

  /// A terminal of a size.
  package init(_ size: Size) {
    self.size = size
  }

  /// Remembers the screen.
  package func draw(_ buffer: Buffer) {
    changedCells.append(buffer.changes(since: shown).reduce(0) { $0 + $1.columns.count })
    shown = buffer
  }

  /// The first key that has not been read.
  package func nextKey() -> Key? {
    keys.isEmpty ? nil : keys.removeFirst()
  }

  /// Forgets.
  package func repaint() {
    shown = nil
  }

  /// Remembers.
  package func copy(_ text: String) -> CopyOutcome {
    copied.append(text)
    return .sent
  }

  /// Counts.
  package func suspend() {
    suspensions += 1
  }

  /// Remembers.
  package func close() {
    isClosed = true
  }
}
