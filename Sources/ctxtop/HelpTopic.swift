// What `ctxtop help TOPIC` explains. Every chapter is made from the table that the program itself goes by.

import CtxtopDashboard
import CtxtopModel
import CtxtopReport
import CtxtopScreen
import CtxtopSelection
import CtxtopSettings

/// A topic of the help that is no command.
enum HelpTopic: String, CaseIterable {
  case keys, columns, states, verdicts, metrics, settings, environment, status, manual

  /// What the list of topics says.
  var abstract: String {
    switch self {
    case .keys: "The keys of the dashboard."
    case .columns: "The columns of all views, and their names in CSV and options."
    case .states: "The states of workers, units, contexts and connections."
    case .verdicts: "The verdicts, by code."
    case .metrics: "The metrics that ctxtop dump -f prometheus prints."
    case .settings: "What can be configured, in the file, by variables and by options."
    case .environment: "The variables that are looked at."
    case .status: "What the exit statuses mean."
    case .manual: "All of this and all commands, as a manual page: ctxtop help manual | man -l -"
    }
  }

  /// What is printed.
  func text() throws -> String {
    switch self {
    case .manual: try Manual.page()
    case .keys: ReferenceText.text(Self.keyChapter)
    case .columns: ReferenceText.text(Self.columnChapter)
    case .states: ReferenceText.text(Self.stateChapter)
    case .verdicts: ExplainReport.list()
    case .metrics: ReferenceText.text(Self.metricChapter)
    case .settings: ReferenceText.text(Self.settingChapter)
    case .environment: ReferenceText.text(Self.environmentChapter)
    case .status: ReferenceText.text(Self.statusChapter)
    }
  }
}

extension HelpTopic {
  static var keyChapter: ReferenceChapter {
    ReferenceChapter(
      "Keys",
      sections: [
        ReferenceSection(nil, entries(KeyBinding.of(.live))),
        ReferenceSection(
          "Keys in a recording, where they win over those above",
          entries(KeyBinding.all.filter { $0.subject == .recording })),
        ReferenceSection(
          "Keys while ssh wants an answer, where they win over those above",
          entries(KeyBinding.all.filter { $0.subject == .unanswered })),
      ])
  }

  private static func entries(_ bindings: [KeyBinding]) -> [(name: String, text: String)] {
    bindings.map { ($0.keys.map(\.name).joined(separator: " "), $0.help) }
  }

  static var columnChapter: ReferenceChapter {
    ReferenceChapter(
      "Columns",
      [
        "The heading on the screen and the name in CSV, in options and in the file. Columns without a heading are on "
          + "the screen only where they are chosen."
      ],
      sections: ViewName.allCases.map { view in
        let entries = view.columns.map { column in
          ((column.isOnDemand ? "" : column.title + " ") + column.id, column.description)
        }
        return ReferenceSection("Columns of \(view.rawValue)", entries)
      })
  }

  static var stateChapter: ReferenceChapter {
    ReferenceChapter(
      "States", ["Of those that hold, the first is shown."],
      sections: [
        section("States of a worker", WorkerState.self), section("States of a unit", UnitState.self),
        section("States of a context", ContextState.self),
        section("States of a connection", JudgedConnectionState.self),
      ])
  }

  static var verdictChapter: ReferenceChapter {
    let entries = VerdictCatalogue.all.map { code, entry in
      ("\(code.rawValue) \(entry.name) (\(entry.severity.rawValue))", "\(entry.meaning) What to do: \(entry.remedy)")
    }
    return ReferenceChapter("Verdicts", sections: [ReferenceSection(nil, entries)])
  }

  static var metricChapter: ReferenceChapter {
    ReferenceChapter(
      "Metrics",
      [
        """
        What ctxtop dump -f prometheus prints. Every metric has the label app; those of a worker also worker, its \
        number where its server counts, pid, and slot, its place in the segment. What is not known is not printed.
        """
      ],
      sections: [ReferenceSection(nil, Metric.all.map { ($0.name, "\($0.kind.rawValue): \($0.help)") })])
  }

  static var settingChapter: ReferenceChapter {
    ReferenceChapter(
      "Settings",
      [
        """
        Settings are read from $XDG_CONFIG_HOME/ctxtop/config.toml, where that is not set from \
        ~/.config/ctxtop/config.toml. Variables of the environment win over the file, options win over both. \
        `ctxtop --write-config` prints the defaults as such a file. A mistake in the file or in a variable costs \
        what it speaks of and nothing else: it is told in one line and left out.
        """
      ],
      sections: [ReferenceSection(nil, Setting.all.map { ($0.key, text(of: $0)) })])
  }

  static var environmentChapter: ReferenceChapter {
    let settings = Setting.all.map { ($0.variable, "The setting \($0.key): \($0.comment).") }
    return ReferenceChapter(
      "Environment", ["An empty variable is as good as none."],
      sections: [ReferenceSection(nil, Variable.all.map { ($0.name, $0.meaning) } + settings)])
  }

  static var statusChapter: ReferenceChapter {
    ReferenceChapter("Exit status", sections: ExitStatus.table.map { ReferenceSection($0.commands, $0.entries) })
  }

  private static func section<State: LegendState>(_ title: String, _: State.Type) -> ReferenceSection {
    ReferenceSection(title, State.allCases.map { ($0.rawValue, $0.meaning) })
  }

  private static func text(of setting: Setting) -> String {
    let comment = setting.comment.prefix(1).uppercased() + setting.comment.dropFirst()
    let ways = [setting.options, setting.variable].filter { !$0.isEmpty }.joined(separator: ", ")
    return "\(comment). May be \(setting.expected). Default: \(setting.defaultValue). Also: \(ways)."
  }
}

/// A variable of the environment that is no setting of the dashboard.
struct Variable {
  let name: String
  let meaning: String

  /// All of them.
  static let all = [
    Variable(name: "CTXTOP_DIR", meaning: "A directory in which apps are looked for first."),
    Variable(name: "XDG_RUNTIME_DIR", meaning: "Apps are looked for in its directory ctxtop."),
    Variable(
      name: "CTXTOP_REMOTE_PROGRAM",
      meaning: "What ctxtop is called on the host of an ssh:// target, or where it is; none: do without it."),
    Variable(name: "XDG_CONFIG_HOME", meaning: "Where ctxtop/config.toml lies; by default ~/.config."),
    Variable(name: "HOME", meaning: "The home directory."),
    Variable(name: "NO_COLOR", meaning: "Show no colours."),
    Variable(name: "TERM", meaning: "The terminal, as terminfo knows it."),
    Variable(
      name: "LC_ALL, LC_CTYPE, LANG", meaning: "Where the first one set names UTF-8, shapes are drawn in Unicode."),
    Variable(name: "VIRTUAL_ENV", meaning: "ctxtop run: the environment whose Python is asked for its ctxtop."),
  ]
}
