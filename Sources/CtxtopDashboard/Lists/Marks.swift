// Signs and styles of levels. A level is always shown by both, so that nothing depends on colour.

import CtxtopModel
import CtxtopScreen

extension StateLevel {
  /// How text of this level looks.
  var role: Role {
    switch self {
    case .quiet: .dim
    case .good: .text
    case .notice: .notice
    case .warning: .warning
    case .critical: .critical
    }
  }

  /// The sign that stands beside it; a space where nothing needs to be said.
  func mark(_ look: Look) -> Span {
    let sign: Unicode.Scalar =
      switch self {
      case .quiet, .good: " "
      case .notice: look.shapes.notice
      case .warning: look.shapes.warning
      case .critical: look.shapes.critical
      }
    return Span(String(sign), look[role])
  }
}

extension WorkerState {
  /// The sign beside a worker's row. Workers that are gone or stopped have signs of their own.
  func mark(_ look: Look) -> Span {
    switch self {
    case .dead, .exited: Span(String(look.shapes.dead), look[role])
    case .stopped: Span(String(look.shapes.paused), look[role])
    default: level.mark(look)
    }
  }

  /// How the state's name looks.
  var role: Role {
    switch self {
    case .ok: .good
    case .busy: .busy
    // What a dead worker held is said by a verdict; its row recedes.
    case .dead, .exited: .dim
    default: level.role
    }
  }

  /// Whether the row shows the past.
  var isPast: Bool { self == .dead || self == .exited || self == .stale }
}
