// Everything that decides what is on the screen. Two equal states look the same.
//
//   Message.swift    what can happen, and what can be asked for      Update.swift      (state, message) -> effects
//   Action.swift     what keys can mean                              KeyBinding.swift  which key means it
//   Moving.swift, Sorting.swift, Finding.swift, Folding.swift, Following.swift, Opening.swift, Replacing.swift,
//   Acting.swift, Copying.swift    what actions do                   Pointing.swift    what the mouse does
//   Choices.swift    what the user chose beforehand                  Notice.swift      a line for the operator
//   Dialog.swift     what asks for something: a prompt, a menu, a question
//   Layout.swift     which rows of the screen are for what           View.swift        state -> buffer
//   Tabs.swift, Footer.swift                                         rows that can be clicked
//   Incumbent.swift  a worker, and who takes its place               Interval.swift, Moment.swift    times
//
//   Lists/     the views: their definitions, columns, rows           Header/   the rows above, and their history
//   Replaying/ a recording instead of a live service
//   Details/   everything about one row                              Panels/   what lies over the list

import CtxtopModel
import CtxtopPattern
import CtxtopScreen
import CtxtopSettings
import CtxtopSnapshot

/// The dashboard's state.
package struct State: Sendable {
  /// What is shown; nil before the first snapshot. While paused, what was shown when the pause began.
  package internal(set) var model: Model?
  /// How many kinds of teardown failures it knows: counted once a snapshot, not once a frame.
  var failureCount = 0
  /// The latest snapshot, and the one before it.
  var latest: (now: Snapshot, earlier: Snapshot?)?
  /// Numbers over time; they go on while paused.
  package internal(set) var history = History()

  /// The recording that is shown; nil: a live service is.
  package internal(set) var replay: Replay?
  /// The recording that is being made of what is watched; nil: none is.
  package internal(set) var recording: SavedRecords?

  /// Where snapshots come from.
  package internal(set) var source = SourceState.connecting
  /// When the latest snapshot came, by the operator's monotonic clock.
  var received: UInt64?
  /// The operator's monotonic clock.
  package internal(set) var now: UInt64 = 0
  /// Milliseconds between snapshots.
  package internal(set) var interval: Int
  /// When somebody changed it last: snapshots are expected at that pace from then on.
  var intervalChanged: UInt64 = 0
  /// The charts while the screen is held still; nil: it is not.
  var heldCharts: History?

  /// The list that is shown.
  package internal(set) var view = ViewName.workers
  /// The list that the tree replaced.
  var viewBeforeTree = ViewName.workers
  /// Its rows in the order of the screen.
  var list: any RowList = NoRows()
  /// What is remembered of each view.
  var lists: [ViewName: ListState] = [:]
  /// Branches of the tree that somebody unfolded or folded.
  var branches: [RowIdentity: Bool] = [:]
  /// What was searched for last.
  var searched: Pattern?
  /// The pattern of which was said last that it takes too long.
  var costly: Pattern?
  /// The worker that stays selected, also when its server replaces it.
  var followed: Incumbent?

  /// What lies over the list; nil: nothing.
  package internal(set) var opened: Opened?
  /// How far its text is scrolled.
  var textOffset = 0
  /// The row whose detail is open, as it was when it was seen last.
  var lastSeen: LastSeen?
  /// What was searched for last in a text.
  var searchedText: Pattern?
  /// The line that was found.
  var foundLine: FoundLine?
  /// Where Esc goes back to, the latest last.
  var trail: [Place] = []
  /// What asks for something; nil: nothing.
  var dialog: Dialog?
  /// What was typed before, in each kind of prompt.
  var typed: [Prompt.Kind: [String]] = [:]
  /// The workers that are being replaced on the operator's demand.
  var replacements: [Replacement] = []
  /// The workers whose replacement this dashboard asked for, until the app tells that somebody did; at most sixteen.
  var asked: [AskedWorker] = []

  /// One line for the operator; nil: there is nothing to say.
  var notice: Notice?
  /// The terminal's size.
  package internal(set) var size: Size
  /// Theme and shapes.
  package let look: Look
  /// From which share of a limit on a number is bad news.
  let thresholds: MeterThresholds
  /// Whether everything is refused that acts on something.
  let isReadOnly: Bool

  /// A dashboard that has not seen a snapshot, as the user wants it.
  package init(size: Size, look: Look, settings: Settings = Settings()) {
    self.size = size
    self.look = look
    thresholds = settings.meters
    interval = settings.interval
    isReadOnly = settings.isReadOnly
    adopt(settings)
  }
}

/// What lies over the list.
package enum Opened: Hashable, Sendable {
  /// Everything about a row.
  case detail(RowIdentity)
  /// The help.
  case help
  /// The service's numbers over time.
  case charts
}

/// Where the operator was.
struct Place: Sendable {
  /// So many are remembered.
  static let limit = 32

  let view: ViewName
  let opened: Opened?
  let textOffset: Int
}

extension State {
  /// What the keys go to.
  package var mode: Mode {
    if let dialog { return dialog.mode }
    switch opened {
    case nil: return .list
    case .detail: return .detail
    case .help, .charts: return .text
    }
  }

  /// Whether the screen is held still.
  package var isPaused: Bool { heldCharts != nil }

  /// The numbers that charts are made of.
  var charts: History { heldCharts ?? history }

  /// Which rows of the screen are for what.
  var layout: Layout { Layout(size, hasTimeLine: replay != nil) }

  /// What is remembered of the shown view.
  var listState: ListState {
    get { lists[view] ?? ListState() }
    set { lists[view] = newValue }
  }

  /// By what the shown view is sorted.
  var sort: SortOrder { listState.sort }

  /// What is selected in the shown view.
  var selection: Selection {
    get { listState.selection }
    set { lists[view, default: ListState()].selection = newValue }
  }

  /// Whether snapshots have stopped coming although nobody said that the source is lost.
  var isStale: Bool {
    received.map { Moment.between(max($0, intervalChanged), now) > UInt64(interval) * 2_500_000 + 1_000_000_000 }
      ?? false
  }

  /// Whether what is shown is as old as the source is silent, and nobody asked for that.
  var isOutdated: Bool {
    switch source {
    case .reconnecting, .needsAttention: return true
    case .connecting, .live, .segment: return isStale
    }
  }

  /// How long ago the latest snapshot came, in nanoseconds.
  var silence: UInt64? { received.map { Moment.between($0, now) } }
}
