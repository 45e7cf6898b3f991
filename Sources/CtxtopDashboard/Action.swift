// What a key can mean. Which key means it stands in KeyBinding.swift, what it does in Update.swift.

import CtxtopScreen
import CtxtopSettings

/// What a key can mean.
package enum Action: Hashable, Sendable {
  case quit
  case help
  case back
  case detail
  case answer
  case goToSubject
  case move(Movement)
  case show(ViewName)
  case nextView
  case previousView
  case tree
  case fold(Folding)
  case sortNext
  case sortPrevious
  case sortMenu
  case invertSort
  case columnMenu
  case search
  case filter
  case nextMatch
  case previousMatch
  case follow
  case pause
  case longerInterval
  case shorterInterval
  case charts
  case recycle
  case writeSnapshot
  case copy
  case redraw
  case record
  case play
  case nextRecord
  case previousRecord
  case nextFinding
  case previousFinding
  case goToTime
  case goToEnd
  case rewind
  case faster
  case slower
  case confirm
  case decline
  case accept
}

/// Where the selection, or a text that is read, moves to.
package enum Movement: Hashable, Sendable {
  case up, down, pageUp, pageDown, home, end
}

/// What happens to a branch of the tree, or to all of it.
package enum Folding: Hashable, Sendable {
  case fold, unfold, all
}
