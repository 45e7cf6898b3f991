// Everything that decides what is on the screen. Two equal states look the same.
//
//   Message.swift     what can happen, and what can be asked for      Update.swift      (state, message) -> effects
//   Action.swift      what keys can mean                              KeyBinding.swift  which key means it
//   Listing.swift     rows of a view in order, and who they are       ListColumn.swift  columns of the views
//   Layout.swift      which rows of the screen are for what           History.swift     numbers over time
//   View.swift        state -> buffer, from Header.swift, Traffic.swift, ListView.swift, Footer.swift, HelpView.swift,
//                     and DetailText.swift with WorkerDetail.swift and OtherDetails.swift

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

/// The dashboard's state.
package struct State: Sendable {
  /// What is shown; nil before the first snapshot. While paused, what was shown when the pause began.
  package internal(set) var model: Model?
  /// The latest snapshot, and the one before it.
  var latest: (now: Snapshot, earlier: Snapshot?)?
  /// Numbers over time; they go on while paused.
  package internal(set) var history = History()

  /// Where snapshots come from.
  package internal(set) var source = SourceState.connecting
  /// When the latest snapshot came, by the operator's monotonic clock.
  var received: UInt64?
  /// The operator's monotonic clock.
  package internal(set) var now: UInt64 = 0
  /// Milliseconds between snapshots.
  package internal(set) var interval: Int
  /// The charts while the screen is held still; nil: it is not.
  var heldCharts: History?

  /// The list that is shown.
  package internal(set) var view = ViewKind.workers
  /// Its rows in the order of the screen.
  var list = Listing()
  /// By what each view is sorted.
  var sorts: [ViewKind: SortOrder] = [:]
  /// What is selected in each view: by identity, so that it stays selected when rows move.
  var selections: [ViewKind: Selection] = [:]

  /// What the keys go to.
  package internal(set) var mode = Mode.list
  /// What the detail panel shows.
  var detail: RowIdentity?
  /// How far the text of the detail panel or the help is scrolled.
  var textOffset = 0

  /// One line for the operator, and until when it is shown.
  var notice: (text: String, until: UInt64)?
  /// The terminal's size.
  package internal(set) var size: Size
  /// Theme and shapes.
  package let look: Look

  /// A dashboard that has not seen a snapshot.
  package init(size: Size, look: Look, interval: Int = 1_000) {
    self.size = size
    self.look = look
    self.interval = interval
  }
}

/// What is selected in a view, and which part of its rows is on the screen.
struct Selection: Equatable, Sendable {
  /// The row; nil: there is none.
  var identity: RowIdentity?
  /// Whether somebody moved to it. Until then the first row is selected, whichever that is.
  var isChosen = false
  /// Where the row was last: if it vanishes, the row that takes its place is selected.
  var index = 0
  /// The row at the top of the list.
  var top = 0
}

extension State {
  /// Whether the screen is held still.
  package var isPaused: Bool { heldCharts != nil }

  /// The numbers that charts are made of.
  var charts: History { heldCharts ?? history }

  /// By what the shown view is sorted.
  var sort: SortOrder { sorts[view] ?? SortOrder() }

  /// What is selected in the shown view.
  var selection: Selection {
    get { selections[view] ?? Selection() }
    set { selections[view] = newValue }
  }

  /// Whether snapshots have stopped coming although nobody said that the source is lost.
  var isStale: Bool { silence.map { $0 > UInt64(interval) * 2_500_000 + 1_000_000_000 } ?? false }

  /// How long ago the latest snapshot came, in nanoseconds.
  var silence: UInt64? { received.map { now > $0 ? now - $0 : 0 } }
}
