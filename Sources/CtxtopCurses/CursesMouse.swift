// The mouse. ncurses switches it on, takes it away from the terminal with everything else, and reads what the
// terminal tells, in whichever of the protocols terminfo names.

import CNcurses
import CtxtopScreen
import Glibc

/// The mouse of a terminal of which it was asked for.
struct CursesMouse {
  private var clicks = Clicks()

  /// Asks for the left button and the wheel; nothing happens where there is no mouse.
  init() {
    // ncurses would hold each press back to see whether it becomes a click.
    mouseinterval(0)
    mousemask(CN_PRESSED | CN_WHEEL_UP | CN_WHEEL_DOWN, nil)
  }

  /// What was done, once ncurses says that something was; nil for what has no use here.
  mutating func next() -> Key? {
    var event = MEVENT()
    guard getmouse(&event) == OK else { return nil }
    let place = Position(x: Int(event.x), y: Int(event.y))
    if event.bstate & CN_WHEEL_UP != 0 { return .mouse(Mouse(.wheelUp, at: place)) }
    if event.bstate & CN_WHEEL_DOWN != 0 { return .mouse(Mouse(.wheelDown, at: place)) }
    guard event.bstate & CN_PRESSED != 0 else { return nil }
    return .mouse(Mouse(clicks.press(at: place, time: Self.now()), at: place))
  }

  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
