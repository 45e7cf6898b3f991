// A screen without a dashboard, for the terminal's tests: shows what keys and mouse did, and moves on request.
// Arguments: `mouse` asks for the mouse; `copy=TEXT` is what `c` copies.
//
//   q  quits             t  the picture moves, or stands still      ^L  paints all anew     ^Z  stops
//   c  copies the text   C  copies more than terminals take         s   dies of SIGSEGV     a   dies of SIGABRT

import CtxtopCurses
import CtxtopScreen
import Glibc

@main
struct Probe {
  private let terminal: CursesTerminal
  private let signals: SignalPipe
  private let text: String
  private let look: Look
  private var last = "nothing"
  private var step = 0
  private var isMoving = false

  static func main() throws {
    var probe = try Probe(CommandLine.arguments.dropFirst())
    probe.run()
  }

  private init(_ arguments: ArraySlice<String>) throws {
    terminal = try CursesTerminal(usesMouse: arguments.contains("mouse"))
    signals = try SignalPipe()
    text = arguments.first { $0.hasPrefix("copy=") }.map { String($0.dropFirst(5)) } ?? ""
    look = terminal.capabilities.look(theme: arguments.first.flatMap { ThemeName(rawValue: $0) })
  }

  private mutating func run() {
    var isDone = false
    while !isDone {
      terminal.draw(picture())
      var inputs = [terminal.descriptor, signals.descriptor].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      poll(&inputs, 2, isMoving ? 20 : -1)
      if isMoving { step += 1 }
      for signal in signals.receive() {
        switch signal {
        case SIGTSTP: terminal.suspend()
        case SIGCONT: terminal.resume()
        case SIGWINCH: break
        default: isDone = true
        }
      }
      while let key = terminal.nextKey() {
        if key == .character("q") { isDone = true }
        perform(key)
      }
    }
    terminal.close()
    signals.close()
  }

  private mutating func perform(_ key: Key) {
    last = key.name
    switch key {
    case .mouse(let mouse): last += " \(mouse.position.x),\(mouse.position.y)"
    case .character("t"): isMoving.toggle()
    case .character("c"): last = "\(terminal.copy(text))"
    case .character("C"): last = "\(terminal.copy(String(repeating: "long ", count: 20_000)))"
    case .character("s"): UnsafeMutablePointer<UInt8>(bitPattern: 8)!.pointee = 1
    case .character("a"): abort()
    case .control("l"): terminal.repaint()
    case .control("z"): terminal.suspend()
    default: break
    }
  }

  /// Every role, and characters of every width, elsewhere in each step.
  private func picture() -> Buffer {
    let size = terminal.size
    var buffer = Buffer(size)
    let signs = "日本語 e\u{301}ñ 한국 ▁▃▅█ 👍 │├─ ａ ░ - "
    for (index, role) in zip(1..., Role.allCases) {
      let text = String(repeating: signs, count: 1 + size.width / 20)
      let start = (step * (index % 5) + index * 7) % 40
      buffer.put("\(role) \(text)", at: Position(x: -start, y: index), look[role], in: Rect(size))
    }
    Line([Span("last: \(last) ", look[.title]), Span("\(size.width)x\(size.height)")]).render(
      in: Rect(size).row(0), into: &buffer)
    return buffer
  }
}
