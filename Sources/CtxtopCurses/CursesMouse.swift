// The mouse. ncurses switches it on, takes it away from the terminal with everything else, and reads what the
// terminal tells, in whichever of the protocols terminfo names.

import CNcurses
import CtxtopScreen
import Glibc

/// The mouse of a terminal of which it was asked for.
struct CursesMouse {
  private var clicks = Clicks()

  /// Asks for the buttons and the wheel; nothing happens where there is no mouse.
  init() {
    // ncurses would hold each press back to see whether it becomes a click.
    mouseinterval(0)
    // After an event that was not asked for, ncurses reads on until there is another one, and the program stands
    // still: so it is asked for the release of a button as well.
    mousemask(CN_ALL_BUTTONS, nil)
  }

  /// What was done, once ncurses says that something was, oldest first. It says so once for all that came together,
  /// and gives the latest first.
  mutating func next() -> [Key] {
    var events: [MEVENT] = []
    var event = MEVENT()
    while getmouse(&event) == OK { events.append(event) }
    return events.reversed().compactMap { key(of: $0) }
  }

  /// Nil for what has no use here.
  private mutating func key(of event: MEVENT) -> Key? {
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
