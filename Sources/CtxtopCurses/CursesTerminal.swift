// The one real Terminal, on ncurses. No other module sees ncurses.
//
//   CursesTerminal.swift   life of the terminal, drawing            CursesKeys.swift     what ncurses reads -> Key
//   CursesMouse.swift      the mouse, where it is asked for         CursesClipboard.swift  text for the clipboard
//   CursesPalette.swift    Style -> attributes and colour pair      Capabilities.swift   what the terminal can do
//   FatalSignals.swift     the terminal is given back on a crash    SignalPipe.swift     signals as readable bytes
//
// `newterm` is used and never `initscr`, which ends the process when it fails.

import CNcurses
import CtxtopScreen
import Glibc

/// Why there is no full-screen terminal; the program prints plain frames instead.
package enum TerminalError: Error, Equatable {
  /// Standard input or output is a file or a pipe.
  case notATerminal
  /// `TERM` names nothing that ncurses knows.
  case unknown(String)
  /// The terminal cannot put its cursor anywhere.
  case noCursorAddressing(String)
}

/// The terminal that the program was started in.
package final class CursesTerminal: Terminal {
  /// What it can do, and which theme and shapes suit it.
  package let capabilities: Capabilities
  /// Standard input.
  package let descriptor: Int32 = STDIN_FILENO

  private let screen: OpaquePointer
  private let window: UnsafeMutablePointer<WINDOW>
  private var palette: CursesPalette
  private var shown: Buffer?
  private var known: Size
  private var mouse: CursesMouse?
  /// What was done with the mouse and not yet told.
  private var pending: [Key] = []
  private(set) var isClosed = false

  /// Takes the terminal. `environment` is asked for TERM, NO_COLOR and the locale. With `usesMouse`, clicks and the
  /// wheel come as keys; the terminal's own selection of text then needs Shift. `isUnicode`: whether somebody who
  /// knows better than the locale says that it shows Unicode.
  package init(
    usesMouse: Bool = false, isUnicode: Bool? = nil, environment: (String) -> String? = Capabilities.environment
  ) throws(TerminalError) {
    guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else { throw .notATerminal }
    Capabilities.chooseLocale()
    var capabilities = try Capabilities(environment: environment)
    if let isUnicode { capabilities.isUnicode = isUnicode }
    self.capabilities = capabilities
    var original = termios()
    tcgetattr(STDIN_FILENO, &original)
    let restoring = Capabilities.restoringBytes(usesMouse: usesMouse)
    guard let screen = cn_newterm(), let window = newwin(0, 0, 0, 0) else {
      throw .unknown(environment("TERM") ?? "")
    }
    self.screen = screen
    self.window = window
    palette = CursesPalette(capabilities)
    known = Size(width: Int(getmaxx(window)), height: Int(getmaxy(window)))
    configure()
    if usesMouse { mouse = CursesMouse() }
    FatalSignals.install(restoring: restoring, original: original)
    adoptSize()
  }

  private func configure() {
    if capabilities.colors > 0 {
      start_color()
      use_default_colors()
    }
    cbreak()
    noecho()
    nonl()
    curs_set(0)
    intrflush(window, false)
    keypad(window, true)
    nodelay(window, true)
    leaveok(window, true)
    // How long Esc may wait to become the beginning of another key.
    set_escdelay(25)
    // Not even half a sequence may keep the program from its work. ncurses is to come back to these modes.
    cn_limit_waiting(STDIN_FILENO)
    def_prog_mode()
  }

  /// How large the terminal is; asks the kernel.
  package var size: Size {
    adoptSize()
    return known
  }

  /// Makes ncurses follow the kernel's idea of the size. Returns whether it has changed.
  @discardableResult
  private func adoptSize() -> Bool {
    var width: Int32 = 0
    var height: Int32 = 0
    guard cn_terminal_size(STDOUT_FILENO, &width, &height) == 1 else { return false }
    let current = Size(width: Int(width), height: Int(height))
    guard current != known else { return false }
    resizeterm(height, width)
    wresize(window, height, width)
    // What lies beyond the old edge, and what the terminal itself made of the text, is not known.
    clearok(window, true)
    known = current
    shown = nil
    return true
  }

  /// Writes what changed; ncurses finds the shortest way to say it.
  package func draw(_ buffer: Buffer) {
    guard !isClosed else { return }
    adoptSize()
    if shown?.size != buffer.size { werase(window) }
    for run in buffer.changes(since: shown) where run.y < known.height {
      write(run, of: buffer)
    }
    wrefresh(window)
    shown = buffer
  }

  private func write(_ run: Run, of buffer: Buffer) {
    var characters: [cchar_t] = []
    characters.reserveCapacity(run.columns.count)
    for x in run.columns where x < known.width {
      let cell = buffer[x, run.y]
      if cell.width == 0 { continue }
      // A wide character must not be cut by an edge that moved since the view was drawn.
      let isWhole = x + Int(cell.width) <= known.width
      append(isWhole ? cell : .blank(cell.style), to: &characters)
    }
    mvwadd_wchnstr(window, Int32(run.y), Int32(run.columns.lowerBound), characters, Int32(characters.count))
  }

  /// A character that the C library measures differently, or that a terminal without Unicode cannot show,
  /// becomes a question mark of the same width.
  private func append(_ cell: Cell, to characters: inout [cchar_t]) {
    let base = cell.base
    let isShown =
      base.isASCII
      || (capabilities.isUnicode && wcwidth(wchar_t(bitPattern: base.value)) == Int32(cell.width))
    guard isShown else {
      for _ in 0..<cell.width { characters.append(character(["?"], cell.style)) }
      return
    }
    characters.append(character(cell.hasMarks && capabilities.isUnicode ? cell.scalars : [base], cell.style))
  }

  private func character(_ scalars: [Unicode.Scalar], _ style: Style) -> cchar_t {
    var result = cchar_t()
    let (attributes, number) = palette.attributes(of: style)
    var pair = number
    let text = scalars.map { wchar_t(bitPattern: $0.value) } + [0]
    // A pair beyond a short's range is passed through the last argument, an ncurses extension.
    setcchar(&result, text, attributes, Int16(truncatingIfNeeded: pair), &pair)
    return result
  }

  /// The next key; a changed size comes before all keys.
  package func nextKey() -> Key? {
    guard !isClosed else { return nil }
    if adoptSize() { return .resize }
    while true {
      if !pending.isEmpty { return pending.removeFirst() }
      var code: wint_t = 0
      switch wget_wch(window, &code) {
      case OK:
        if let key = CursesKeys.key(forCharacter: code) { return key }
      case KEY_CODE_YES:
        if code == KEY_MOUSE { pending = mouse?.next() ?? [] }
        if let key = CursesKeys.key(forCode: Int32(bitPattern: code)) { return key }
      default:
        return nil
      }
    }
  }

  /// Forgets what is on the screen: the next `draw` clears it and writes all of it.
  package func repaint() {
    guard !isClosed else { return }
    clearok(window, true)
    shown = nil
  }

  /// Gives the terminal back and stops, as after Ctrl-Z; returns when the process is continued.
  package func suspend() {
    guard !isClosed else { return }
    leave()
    raise(SIGSTOP)
    resume()
  }

  /// Gives the terminal back for a while, until `resume`.
  package func leave() {
    guard !isClosed else { return }
    endwin()
  }

  /// Takes the terminal again and paints all of it: after SIGCONT, when somebody else may have used it.
  package func resume() {
    guard !isClosed else { return }
    // Whoever was in the foreground may have changed more than the screen: ncurses switches everything on again -
    // modes, keypad, mouse, the other screen - only when it was ended. To end it twice would put the cursor back to
    // where it was first, and what comes next over what was written since.
    if !isendwin() { endwin() }
    adoptSize()
    clearok(window, true)
    wrefresh(window)
  }

  /// Gives the terminal back as it was found.
  package func close() {
    guard !isClosed else { return }
    isClosed = true
    endwin()
    FatalSignals.remove()
    delwin(window)
    delscreen(screen)
  }
}
