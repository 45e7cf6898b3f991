// The one seam between the program and whatever shows its screen: ncurses in the program, a value in tests.

/// Something that shows a buffer and reports keys. Nothing in it blocks.
package protocol Terminal: AnyObject {
  /// How large the terminal is now.
  var size: Size { get }
  /// Readable when `nextKey` may have something; for `poll`.
  var descriptor: Int32 { get }
  /// Shows a screen, by writing what differs from the one shown before.
  func draw(_ buffer: Buffer)
  /// The next key that is waiting; nil when none is.
  func nextKey() -> Key?
  /// Forgets what is on the screen, so that the next `draw` writes all of it: somebody else may have written there.
  func repaint()
  /// Hands a text to the clipboard of whoever sits before the terminal.
  func copy(_ text: String) -> CopyOutcome
  /// Gives the terminal back, stops the process as job control wants, and takes the terminal again when the
  /// process is continued.
  func suspend()
  /// Gives the terminal back as it was found. May be called more than once.
  func close()
}
