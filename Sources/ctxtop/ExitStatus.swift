// What the shell gets to know: the one table of exit statuses. `ctxtop help status`, the manual and the README are
// made from it.

/// An exit status.
struct ExitStatus {
  /// What the shell sees.
  let code: Int32
  /// What it means.
  let meaning: String

  init(_ code: Int32, _ meaning: String) {
    self.code = code
    self.meaning = meaning
  }
}

/// Statuses as in sysexits(3).
extension ExitStatus {
  static let done = ExitStatus(0, "done, quit, or the reader of the output went away")
  static let usage = ExitStatus(64, "the command line is wrong, or several apps run here and none was named")
  static let badData = ExitStatus(
    65, "a record, a segment or a file is damaged, of another version, or none that ctxtop reads")
  static let noInput = ExitStatus(66, "there is no such app, worker or file")
  static let unavailable = ExitStatus(
    69,
    """
    nobody listens on the socket, and there is no segment to read; ssh does not reach the host; `ctxtop run`: the \
    server's Python has no ctxtop
    """)
  static let software = ExitStatus(70, "a defect of ctxtop")
  static let system = ExitStatus(71, "the operating system refused something")
  static let cannotCreate = ExitStatus(73, "the output file cannot be made")
  static let inputOutput = ExitStatus(74, "the output cannot be written")
  static let tryLater = ExitStatus(
    75, "no answer, one that broke off, or a worker that was not replaced in time; try again")
  static let `protocol` = ExitStatus(76, "what answers does not speak the protocol of ctxtop")
  static let noPermission = ExitStatus(
    77,
    """
    the app, or its directory, belongs to somebody else, or it refuses what was asked of it; ssh would have to ask \
    something, and there is no terminal
    """)
}

/// Statuses as of env(1).
extension ExitStatus {
  static let cannotRun = ExitStatus(126, "the command cannot be run")
  static let noCommand = ExitStatus(127, "there is no such command")
}

/// Statuses of `ctxtop diff`, as of diff(1).
extension ExitStatus {
  static let nothingLeaked = ExitStatus(0, "nothing leaked in between")
  static let leaked = ExitStatus(1, "something leaked in between, or was not torn down")
  static let trouble = ExitStatus(2, "trouble: what is to be compared cannot be had, or the command line is wrong")
}

/// Statuses of `ctxtop check`, as of the monitoring plugins.
extension ExitStatus {
  static let ok = ExitStatus(0, "OK: no threshold alerts")
  static let warning = ExitStatus(1, "WARNING")
  static let critical = ExitStatus(2, "CRITICAL")
  static let unknown = ExitStatus(
    3, "UNKNOWN: a value is not known, the app cannot be asked, the command line is wrong, or help was asked for")
}

extension ExitStatus {
  /// The statuses of some commands, as they are told.
  struct Group {
    let commands: String
    let statuses: [ExitStatus]
    let entries: [(name: String, text: String)]

    init(_ commands: String, _ statuses: [ExitStatus], _ others: [(name: String, text: String)] = []) {
      self.commands = commands
      self.statuses = statuses
      entries = statuses.map { ("\($0.code)", $0.meaning) } + others
    }
  }

  /// All of them.
  static let table = [
    Group(
      "every command but diff and check",
      [
        done, usage, badData, noInput, unavailable, software, system, cannotCreate, inputOutput, tryLater, `protocol`,
        noPermission,
      ], [("128 + n", "ended by signal n")]),
    Group("run, also", [cannotRun, noCommand]),
    Group("diff", [nothingLeaked, leaked, trouble]),
    Group("check", [ok, warning, critical, unknown]),
  ]
}

/// Thrown by a command that did what it was asked to, and whose answer is its status.
struct Answer: Error {
  let status: ExitStatus
}
