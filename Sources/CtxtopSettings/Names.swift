// The names that settings may have. The raw values are what users write: a contract.

/// What charts, borders and marks are drawn with.
package enum ShapesName: String, CaseIterable, Sendable {
  /// What the locale says that the terminal shows.
  case auto
  /// Block elements and box drawing.
  case unicode
  /// Nothing beyond ASCII.
  case ascii
}

/// Whether there are colours.
package enum ColorUse: String, CaseIterable, Sendable {
  /// As many as the terminal has, unless `NO_COLOR` is set.
  case auto
  /// None.
  case none
  /// As many as the terminal has, also with `NO_COLOR`.
  case always
}

/// A view of the dashboard: a list that fills the middle of the screen. The order is that of their keys.
package enum ViewName: String, CaseIterable, Sendable {
  case workers, units, contexts, connections, failures, verdicts, tree
}
