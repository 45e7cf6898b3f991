// What the terminal can do, from terminfo and the environment, and the look that suits it.

import CNcurses
import CtxtopScreen
import Glibc

/// What a terminal can do.
package struct Capabilities: Equatable, Sendable {
  /// The value of TERM.
  package let name: String
  /// Number of colours; 0 where there are none.
  package let colors: Int
  /// Number of colour pairs.
  package let pairs: Int
  /// Whether colours are given by their parts instead of by number.
  package let hasDirectColor: Bool
  /// Whether it shows more than ASCII, as far as the locale tells.
  package internal(set) var isUnicode: Bool

  /// Whether the user wants no colours: NO_COLOR.
  package let wantsNoColor: Bool
  /// Whether GNU screen stands between the program and the terminal.
  package let isInScreen: Bool

  /// The theme and shapes that suit it.
  package var look: Look { look(theme: nil) }

  /// The look with what is asked for; nil: what suits the terminal. A theme that is asked for is given in spite of
  /// NO_COLOR; whoever shall be overruled by that variable asks for none.
  package func look(theme: ThemeName?, shapes: Shapes? = nil) -> Look {
    let depth: ColorDepth = hasDirectColor ? .direct : colors >= 256 ? .palette : .sixteen
    let wanted = theme ?? (wantsNoColor ? .monochrome : .standard)
    return Look(
      theme: .named(colors >= 8 ? wanted : .monochrome, depth: depth),
      shapes: shapes ?? (isUnicode ? .unicode : .ascii))
  }

  /// A variable of the process's environment; an empty one is as good as none.
  package static func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  /// Looks the terminal up in terminfo, which must not end the process when it finds nothing.
  init(environment: (String) -> String?) throws(TerminalError) {
    let name = environment("TERM") ?? ""
    var status: Int32 = 0
    // An error is also reported for "hardcopy" and "generic" terminals, which cannot address the cursor either.
    guard setupterm(nil, STDOUT_FILENO, &status) == OK else {
      throw status == 1 ? .noCursorAddressing(name) : .unknown(name)
    }
    guard cn_capability("cup") != nil else { throw .noCursorAddressing(name) }
    self.name = name
    wantsNoColor = environment("NO_COLOR") != nil
    // tmux sets TERM to screen's, too, but not this.
    isInScreen = environment("STY") != nil && environment("TMUX") == nil
    let available = Int(tigetnum("colors"))
    colors = available < 8 ? 0 : available
    let pairs = Int(tigetnum("pairs"))
    // Direct-colour entries count more pairs than fit into the number; ncurses makes what it can.
    self.pairs = pairs > 0 ? pairs : available > 256 ? 32767 : 0
    hasDirectColor = available > 256 && (tigetflag("RGB") > 0 || tigetnum("RGB") > 0)
    isUnicode = Capabilities.wantsUnicode(environment, terminal: name)
  }

  /// A locale that names a character set other than UTF-8 means ASCII. Where none is set - containers, init
  /// systems - everything but the oldest terminals is taken to show UTF-8.
  static func wantsUnicode(_ environment: (String) -> String?, terminal: String) -> Bool {
    guard let locale = environment("LC_ALL") ?? environment("LC_CTYPE") ?? environment("LANG") else {
      return !terminal.hasPrefix("vt") && terminal != "linux"
    }
    let name = locale.lowercased()
    return name.contains("utf-8") || name.contains("utf8")
  }

  /// Makes the C library, and so ncurses, read and write UTF-8, also where the configured locale is missing.
  static func chooseLocale() {
    setlocale(LC_ALL, "")
    if String(cString: nl_langinfo(nl_item(CODESET))) != "UTF-8" {
      setlocale(LC_CTYPE, "C.UTF-8")
    }
  }

  /// What gives the terminal back, for a moment in which ncurses cannot be asked: attributes off, cursor
  /// shown, keypad off, the mouse no longer reported, the other screen left. Without the padding that terminfo
  /// asks for very old terminals.
  static func restoringBytes(usesMouse: Bool) -> [UInt8] {
    // What ncurses switches on is in no capability for many terminals; where it means nothing, it is ignored.
    var bytes: [UInt8] = usesMouse ? Array("\u{1B}[?1006;1000l".utf8) : []
    for name in ["sgr0", "op", "cnorm", "rmkx", "rmcup"] {
      guard var next = cn_capability(name) else { continue }
      while next.pointee != 0 {
        if next.pointee == 0x24, next[1] == 0x3C {
          while next.pointee != 0, next.pointee != 0x3E { next += 1 }
          if next.pointee != 0 { next += 1 }
          continue
        }
        bytes.append(UInt8(bitPattern: next.pointee))
        next += 1
      }
    }
    return bytes
  }
}
