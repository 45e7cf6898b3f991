// The one table of keys: dispatch, footer and help are made from it. What is not in it does nothing.

import CtxtopScreen

/// Which part of the screen the keys go to.
package enum Mode: CaseIterable, Sendable {
  /// A list.
  case list
  /// The detail panel of a row.
  case detail
  /// The help.
  case help
}

/// Keys that mean one action.
package struct KeyBinding: Sendable {
  /// The keys; the first is the one that the footer shows.
  package let keys: [Key]
  /// What they mean.
  package let action: Action
  /// What the footer calls it; nil: it is not in the footer.
  package let label: String?
  /// What the help says.
  package let help: String
  /// Where it works.
  package let modes: [Mode]

  private init(_ keys: [Key], _ action: Action, _ label: String?, _ help: String, in modes: [Mode] = Mode.allCases) {
    self.keys = keys
    self.action = action
    self.label = label
    self.help = help
    self.modes = modes
  }

  /// All keys, in the order of footer and help.
  package static let all: [KeyBinding] =
    [
      KeyBinding(["h", "?", .function(1)], .help, "Help", "this help, and back"),
      KeyBinding([.enter], .detail, "Detail", "everything about the selected row", in: [.list]),
      KeyBinding([.escape], .back, "Back", "back to the list", in: [.detail, .help]),
    ] + ViewKind.allCases.map(showing) + [
      KeyBinding([.tab], .nextView, nil, "next view", in: [.list]),
      KeyBinding([.backTab], .previousView, nil, "previous view", in: [.list]),
      KeyBinding([">", .function(6)], .sortNext, "Sort", "sort by the next column", in: [.list]),
      KeyBinding(["<"], .sortPrevious, nil, "sort by the previous column", in: [.list]),
      KeyBinding(["I"], .invertSort, "Invert", "turn the order round", in: [.list]),
      KeyBinding(["p", "Z", " "], .pause, "Pause", "hold the screen still, and go on"),
      KeyBinding(["+"], .longerInterval, "Slower", "longer interval between snapshots"),
      KeyBinding(["-"], .shorterInterval, "Faster", "shorter interval between snapshots"),
      KeyBinding([.up, "k"], .move(.up), nil, "up"),
      KeyBinding([.down, "j"], .move(.down), nil, "down"),
      KeyBinding([.pageUp], .move(.pageUp), nil, "a page up"),
      KeyBinding([.pageDown], .move(.pageDown), nil, "a page down"),
      KeyBinding([.home], .move(.home), nil, "to the top"),
      KeyBinding([.end], .move(.end), nil, "to the end"),
      KeyBinding(["q", .function(10)], .quit, "Quit", "quit"),
    ]

  private static func showing(_ view: ViewKind) -> KeyBinding {
    let digit = Character(String(view.rawValue))
    return KeyBinding([.character(digit)], .show(view), nil, "the view \(view.title)")
  }

  /// What a key means in a mode; nil: nothing.
  package static func action(for key: Key, in mode: Mode) -> Action? {
    dispatch[mode]?[key]
  }

  private static let dispatch: [Mode: [Key: Action]] = Dictionary(
    uniqueKeysWithValues: Mode.allCases.map { mode in
      let bindings = all.filter { $0.modes.contains(mode) }
      let pairs = bindings.flatMap { binding in binding.keys.map { ($0, binding.action) } }
      return (mode, Dictionary(pairs, uniquingKeysWith: { first, _ in first }))
    })
}

extension Key: ExpressibleByExtendedGraphemeClusterLiteral {
  /// The key of a character.
  package init(extendedGraphemeClusterLiteral character: Character) {
    self = .character(character)
  }
}
