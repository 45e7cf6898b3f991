// The one table of settings. The file, the environment, `--write-config`, the manual and the README are made from it.

extension Setting {
  /// All settings, in the order of the file: first what stands in no table, then a table after the other.
  package static let all: [Setting] = looks + behaviour + meters + ViewName.allCases.flatMap(ofView)

  /// The setting of a key; nil: there is none.
  package static func named(_ key: String) -> Setting? { all.first { $0.key == key } }

  private static var looks: [Setting] {
    [
      Setting("theme", \.theme, .name, "--theme", "colours"),
      Setting("shapes", \.shapes, .name, "--unicode --ascii", "what is drawn with; auto: as the locale says"),
      Setting("color", \.color, .name, "--color --no-color", "whether there are colours; auto: unless NO_COLOR is set"),
    ]
  }

  private static var behaviour: [Setting] {
    [
      Setting("mouse", \.usesMouse, .boolean, "--mouse --no-mouse", "whether clicks and the wheel do something"),
      Setting("interval", \.interval, .seconds(0.1...86_400), "-d --interval", "seconds between snapshots"),
      Setting("view", \.startView, .name, "--view", "the view that is shown first"),
      Setting("readonly", \.isReadOnly, .boolean, "--readonly", "refuse whatever changes something"),
      Setting(
        "snapshot-directory", \.snapshotDirectory, .directory, "", "where the key w writes snapshots; ~/ is home"),
    ]
  }

  private static var meters: [Setting] {
    [
      Setting("meters.warning", \.meters.warning, .share, "", "share from which on a meter warns"),
      Setting("meters.critical", \.meters.critical, .share, "", "share from which on a meter is critical"),
    ]
  }

  private static func ofView(_ view: ViewName) -> [Setting] {
    let name = view.rawValue
    return [
      Setting(
        "\(name).sort", \.[view].sort, .sort(in: view), "--sort", "column to sort by; with - in front: the other way"),
      Setting(
        "\(name).columns", \.[view].columns, .columns(of: view), "--columns",
        "columns to show; or +column and -column for more or less than the usual ones"),
      Setting(
        "\(name).filter", \.[view].filter, .filter(of: view), "--filter", "which of its rows are shown; empty: all"),
    ]
  }
}
