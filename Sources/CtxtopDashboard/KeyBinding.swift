// The one table of keys: dispatch, footer, help and manual are made from it. What is not in it does nothing, but for
// the text that is typed into a prompt. In a recording, the keys that are made for it win over those that work
// everywhere: `of` says what is left of each.

import CtxtopScreen
import CtxtopSettings

/// Which part of the screen the keys go to.
package enum Mode: CaseIterable, Sendable {
  /// A list.
  case list
  /// The detail panel of a row.
  case detail
  /// The help and the charts.
  case text
  /// A line of text that is typed.
  case prompt
  /// A menu.
  case menu
  /// A question that wants yes or no.
  case question

  /// Where nothing asks for anything.
  static let calm: [Mode] = [.list, .detail, .text]
}

/// Keys that mean one action.
package struct KeyBinding: Sendable {
  /// What is watched.
  package enum Subject: CaseIterable, Sendable {
    case live, recording
    /// An app on another host that is lost until somebody answers ssh.
    case unanswered
  }

  /// The keys; the first is the one that the footer shows.
  package private(set) var keys: [Key]
  /// What they mean.
  package let action: Action
  /// What the footer calls it; nil: it is not in the footer.
  package let label: String?
  /// What the help says.
  package let help: String
  /// Where it works.
  package let modes: [Mode]
  /// With what it works; nil: with everything.
  package let subject: Subject?

  private init(
    _ keys: [Key], _ action: Action, _ label: String?, _ help: String, in modes: [Mode] = Mode.calm,
    of subject: Subject? = nil
  ) {
    self.subject = subject
    self.keys = keys
    self.action = action
    self.label = label
    self.help = help
    self.modes = modes
  }

  /// All keys, in the order of footer and help.
  package static let all: [KeyBinding] =
    general + answering + replaying + views + rows + order + acting + moving + asked

  private static let general = [
    KeyBinding(["h", "?", .function(1)], .help, "Help", "this help, and back"),
    KeyBinding(["q", .function(10)], .quit, "Quit", "quit"),
    KeyBinding([.enter], .detail, "Detail", "everything about the selected row", in: [.list]),
    KeyBinding([.enter], .goToSubject, "Go to", "from a detail to what it speaks of or belongs to", in: [.detail]),
    KeyBinding([.escape], .back, "Back", "back to where you were; in a list: take the filter away"),
  ]

  private static let answering = [
    KeyBinding([.enter], .answer, "Answer ssh", "leave the screen and let ssh ask what it has to", of: .unanswered)
  ]

  private static let replaying = [
    KeyBinding(["p", " "], .play, "Play", "play the recording, and stop", of: .recording),
    KeyBinding(["]"], .nextFinding, "Trouble", "the next record in which something begins to be wrong", of: .recording),
    KeyBinding(["["], .previousFinding, nil, "the one before it", of: .recording),
    KeyBinding(["t"], .nextRecord, "Next", "next record", of: .recording),
    KeyBinding(["T"], .previousRecord, nil, "previous record", of: .recording),
    KeyBinding(["b"], .goToTime, "Time", "go to a time, as 09:04, 2026-11-22T09:04Z, -5m, end", of: .recording),
    KeyBinding(["Z"], .goToEnd, "End", "to the last record, and to each that is appended to the file", of: .recording),
    KeyBinding(["r"], .rewind, nil, "back to the first record", of: .recording),
    KeyBinding(["+"], .faster, "Faster", "play faster, up to 3600 times", of: .recording),
    KeyBinding(["-"], .slower, nil, "play slower, down to how it was", of: .recording),
  ]

  private static let views =
    ViewName.allCases.filter { $0 != .tree }.map { view in
      KeyBinding([view.key], .show(view), nil, "the view \(view.title)")
    } + [
      KeyBinding([.tab], .nextView, nil, "next view", in: [.list]),
      KeyBinding([.backTab], .previousView, nil, "previous view", in: [.list]),
      KeyBinding(["t", .function(5)], .tree, "Tree", "worker > unit > context > connection as a tree, and back"),
      KeyBinding(["g"], .charts, "Graphs", "the service's numbers over the last ten minutes, and back"),
    ]

  private static let rows = [
    KeyBinding(["/", .function(3)], .search, "Search", "search by regular expression, also in a text"),
    KeyBinding(["n"], .nextMatch, "Next", "next row or line that was searched for"),
    KeyBinding(["N"], .previousMatch, nil, "the one before it"),
    KeyBinding(
      ["\\", .function(4)], .filter, "Filter", "show only rows that match; `!` in front: that do not", in: [.list]),
    KeyBinding(["F"], .follow, "Follow", "stay with the selected worker, also when it is replaced; and stop it"),
  ]

  private static let order = [
    KeyBinding([">"], .sortNext, nil, "sort by the next column", in: [.list]),
    KeyBinding(["<"], .sortPrevious, nil, "sort by the previous column", in: [.list]),
    KeyBinding(["s", .function(6)], .sortMenu, "Sort", "choose the column to sort by", in: [.list]),
    KeyBinding(["I"], .invertSort, nil, "turn the order round", in: [.list]),
    KeyBinding(["C", .function(2)], .columnMenu, "Columns", "choose the columns that are shown", in: [.list]),
    KeyBinding([.right], .fold(.unfold), nil, "unfold a branch of the tree", in: [.list]),
    KeyBinding([.left], .fold(.fold), nil, "fold it, or go to what it belongs to", in: [.list]),
    KeyBinding(["*"], .fold(.all), nil, "fold or unfold the whole tree", in: [.list]),
  ]

  private static let acting = [
    KeyBinding(["p", "Z", " "], .pause, "Pause", "hold the screen still, and go on", of: .live),
    KeyBinding(["K", .function(9)], .recycle, "Recycle", "replace the selected worker gracefully; asks first"),
    KeyBinding(["w"], .writeSnapshot, "Write", "write what is shown to a file"),
    KeyBinding(
      ["y"], .copy, "Copy",
      "copy the row, or the text that is open, through the terminal; in tmux with set -g set-clipboard on"),
    KeyBinding(["r"], .record, "Record", "write all that comes into a recording, and end it", of: .live),
    KeyBinding(["+"], .longerInterval, nil, "longer interval between snapshots", of: .live),
    KeyBinding(["-"], .shorterInterval, nil, "shorter interval between snapshots", of: .live),
    KeyBinding([.control("l")], .redraw, nil, "paint the screen anew", in: Mode.allCases),
  ]

  private static let moving = [
    KeyBinding([.up, "k"], .move(.up), nil, "up"),
    KeyBinding([.down, "j"], .move(.down), nil, "down"),
    KeyBinding([.pageUp], .move(.pageUp), nil, "a page up"),
    KeyBinding([.pageDown], .move(.pageDown), nil, "a page down"),
    KeyBinding([.home], .move(.home), nil, "to the top"),
    KeyBinding([.end], .move(.end), nil, "to the end"),
  ]

  private static let asked = [
    KeyBinding([.enter], .accept, "OK", "take what is typed or chosen", in: [.prompt, .menu]),
    KeyBinding([.escape], .back, "Cancel", "leave it as it was", in: [.prompt, .menu]),
    KeyBinding([.function(10)], .quit, nil, "quit", in: [.prompt, .menu, .question]),
    KeyBinding(["y"], .confirm, "Yes", "do it", in: [.question]),
    KeyBinding(["n", .escape], .decline, "No", "do not", in: [.question]),
    KeyBinding(["q"], .quit, nil, "quit", in: [.menu, .question]),
  ]

  /// The keys that work with what is watched.
  package static func of(_ subject: Subject) -> [KeyBinding] {
    switch subject {
    case .live: live
    case .recording: recording
    case .unanswered: unanswered
    }
  }

  private static let live = all.filter { $0.subject == nil || $0.subject == .live }
  private static let recording = all.compactMap(\.inRecording)
  private static let unanswered = answering + live.compactMap { $0.without(answering) }

  /// What the keys of a recording leave of it; nil: nothing.
  package var inRecording: KeyBinding? {
    guard subject == nil else { return subject == .recording ? self : nil }
    return without(Self.replaying)
  }

  /// What is left of it beside those that win over it; nil: nothing.
  private func without(_ winners: [KeyBinding]) -> KeyBinding? {
    let taken = winners.filter { !Set($0.modes).isDisjoint(with: modes) }.flatMap(\.keys)
    var binding = self
    binding.keys.removeAll { taken.contains($0) }
    return binding.keys.isEmpty ? nil : binding
  }

  /// What a key means in a mode; nil: nothing.
  package static func action(for key: Key, in mode: Mode, of subject: Subject = .live) -> Action? {
    let actions =
      switch subject {
      case .live: liveActions
      case .recording: recordingActions
      case .unanswered: unansweredActions
      }
    return actions[mode]?[key]
  }

  /// The key that shows a view.
  static func key(of view: ViewName, in subject: Subject) -> Key {
    guard view == .tree else { return view.key }
    return of(subject).first { $0.action == .tree }?.keys.first ?? view.key
  }

  private static let liveActions = actions(of: live)
  private static let recordingActions = actions(of: recording)
  private static let unansweredActions = actions(of: unanswered)

  private static func actions(of bindings: [KeyBinding]) -> [Mode: [Key: Action]] {
    Dictionary(
      uniqueKeysWithValues: Mode.allCases.map { mode in
        let pairs = bindings.filter { $0.modes.contains(mode) }
          .flatMap { binding in binding.keys.map { ($0, binding.action) } }
        return (mode, Dictionary(pairs, uniquingKeysWith: { first, _ in first }))
      })
  }
}

extension Key: ExpressibleByExtendedGraphemeClusterLiteral {
  /// The key of a character.
  package init(extendedGraphemeClusterLiteral character: Character) {
    self = .character(character)
  }
}
