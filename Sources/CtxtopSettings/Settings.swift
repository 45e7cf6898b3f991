// What a user can choose about the dashboard, as one value. Where it can be chosen, under which name and how a
// mistake reads, stands in one table.
//
//   Names.swift         what the names of views and the like may be      ViewColumns.swift   which columns they have
//   Setting.swift       one line of the table            SettingTable.swift   the table
//   ValueKind.swift     what a value may be, and how it is read and written
//   SettingsReader.swift file and environment -> Settings and mistakes, with TOMLDocument.swift, KeyPlaces.swift
//   DefaultsText.swift  `ctxtop --write-config`

import CtxtopScreen
import CtxtopSelection

/// What a user can choose about the dashboard.
package struct Settings: Equatable, Sendable {
  /// The colours.
  package var theme = ThemeName.standard
  /// What charts, borders and marks are drawn with.
  package var shapes = ShapesName.auto
  /// Whether there are colours at all.
  package var color = ColorUse.auto
  /// Whether the mouse is listened to.
  package var usesMouse = true
  /// Milliseconds between snapshots: 100 to 86,400,000.
  package var interval = 1_000
  /// The view that is shown first.
  package var startView = ViewName.workers
  /// Whether everything that changes something is refused.
  package var isReadOnly = false
  /// Where snapshots are written to; `~` in front stands for the home directory.
  package var snapshotDirectory = "."
  /// From where on a meter warns.
  package var meters = MeterThresholds()
  private var views: [ViewName: ViewSettings] = [:]

  /// The defaults.
  package init() {}

  /// What is chosen for one view.
  package subscript(view: ViewName) -> ViewSettings {
    get { views[view] ?? ViewSettings() }
    // What is as by default is not kept: equal settings are equal values.
    set { views[view] = newValue == ViewSettings() ? nil : newValue }
  }
}

/// What is chosen for one view.
package struct ViewSettings: Equatable, Sendable {
  /// By what it is sorted; nil: as the view does by itself.
  package var sort: SortChoice?
  /// Which columns it shows.
  package var columns = ColumnChoice.usual
  /// A regular expression that rows must match, or with `!` in front must not match; empty: all rows.
  package var filter = ""
}

/// From which share on a meter of the header warns.
package struct MeterThresholds: Equatable, Sendable {
  /// Shown as a warning: 0 to 1.
  package var warning = 0.7
  /// Shown as critical: 0 to 1, not below the warning.
  package var critical = 0.9
}
