// Which style each kind of thing has. Views name roles, never colours. More themes: Themes.swift.

/// What a piece of text is, for the eye.
package enum Role: Int, CaseIterable, Sendable {
  /// Ordinary text.
  case text
  /// What matters less: labels, rows of the dead.
  case dim
  /// A number that one looks for.
  case value
  /// The program's and the service's name.
  case title
  /// Column titles.
  case columnTitle
  /// The title of the column that rows are sorted by.
  case sortedTitle
  /// The row that the keys act on.
  case selected
  /// The view that is shown, among the names of all views.
  case tab
  /// Well.
  case good
  /// At work.
  case busy
  /// A fact worth knowing.
  case notice
  /// Something is wrong.
  case warning
  /// Something is wrong and harms now.
  case critical
  /// Borders and rules.
  case border
  /// Charts.
  case chart
  /// A key in the footer or the help.
  case key
}

/// A style for each role.
package struct Theme: Equatable, Sendable {
  private var styles: [Style]

  /// A theme that asks `style` for each role.
  package init(_ style: (Role) -> Style) {
    styles = Role.allCases.map(style)
  }

  /// The style of a role.
  package subscript(role: Role) -> Style { styles[role.rawValue] }

  /// Only colours from the user's own sixteen, so that it is readable on dark and on light.
  package static let color = Theme { role in
    switch role {
    case .text: Style()
    case .dim: Style(.standard, .dim)
    case .value: Style(.standard, .bold)
    case .title: Style(.indexed(6), .bold)
    case .columnTitle: Style(.indexed(0), on: .indexed(6))
    case .sortedTitle: Style(.indexed(0), on: .indexed(6), [.bold, .underline])
    case .selected: Style(.standard, .reverse)
    case .tab: Style(.standard, [.bold, .reverse])
    case .good: Style(.indexed(2))
    // The darker blue cannot be read on black.
    case .busy: Style(.indexed(12))
    case .notice: Style(.indexed(6))
    case .warning: Style(.indexed(3), .bold)
    case .critical: Style(.indexed(1), .bold)
    case .border: Style(.indexed(6))
    case .chart: Style(.indexed(2))
    case .key: Style(.indexed(6), .bold)
    }
  }

  /// No colour: bold, dim, underlined and reversed.
  package static let monochrome = Theme { role in
    switch role {
    case .text, .good, .busy, .notice, .border, .chart: Style()
    case .dim: Style(.standard, .dim)
    case .value, .title, .warning, .key: Style(.standard, .bold)
    case .critical: Style(.standard, [.bold, .underline])
    case .columnTitle: Style(.standard, .underline)
    case .sortedTitle: Style(.standard, [.bold, .underline])
    case .selected, .tab: Style(.standard, .reverse)
    }
  }
}

extension Style {
  fileprivate init(_ foreground: Color, _ attributes: Attributes) {
    self.init(foreground, on: .standard, attributes)
  }
}
