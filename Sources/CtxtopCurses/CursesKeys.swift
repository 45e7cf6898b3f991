// What ncurses reads, as keys.

import CNcurses
import CtxtopScreen

/// Translation of characters and key codes.
enum CursesKeys {
  /// The key of a character; nil for what means nothing.
  static func key(forCharacter code: wint_t) -> Key? {
    switch code {
    case 9: .tab
    case 10, 13: .enter
    case 27: .escape
    case 8, 127: .backspace
    case 1...26: .control(Character(Unicode.Scalar(UInt8(code) + 96)))
    case 0..<32: nil
    default: Unicode.Scalar(code).map { .character(Character($0)) }
    }
  }

  /// The key of a code; nil for one that has no use here. A changed size is found by asking the kernel.
  static func key(forCode code: Int32) -> Key? {
    switch code {
    case KEY_UP: .up
    case KEY_DOWN: .down
    case KEY_LEFT: .left
    case KEY_RIGHT: .right
    case KEY_PPAGE: .pageUp
    case KEY_NPAGE: .pageDown
    case KEY_HOME: .home
    case KEY_END: .end
    case KEY_ENTER: .enter
    case KEY_BACKSPACE: .backspace
    case KEY_DC: .delete
    case KEY_IC: .insert
    case KEY_BTAB: .backTab
    case KEY_F0 + 1...KEY_F0 + 12: .function(Int(code - KEY_F0))
    default: nil
    }
  }
}
