// What a key can mean. Which key means it stands in KeyBinding.swift, what it does in Update.swift.

/// A list that fills the middle of the screen.
package enum ViewKind: Int, CaseIterable, Hashable, Sendable {
  case workers = 1
  case failures = 5
  case verdicts = 6

  /// What it is called on the screen. Its number is its key.
  package var title: String {
    switch self {
    case .workers: "Workers"
    case .failures: "Failures"
    case .verdicts: "Verdicts"
    }
  }
}

/// What a key can mean.
package enum Action: Hashable, Sendable {
  case quit
  case help
  case back
  case detail
  case move(Movement)
  case show(ViewKind)
  case nextView
  case previousView
  case sortNext
  case sortPrevious
  case invertSort
  case pause
  case longerInterval
  case shorterInterval
}

/// Where the selection, or a text that is read, moves to.
package enum Movement: Hashable, Sendable {
  case up, down, pageUp, pageDown, home, end
}
