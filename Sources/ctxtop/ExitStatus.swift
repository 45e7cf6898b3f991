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
  static let badData = ExitStatus(65, "a record or a segment is damaged or of another version")
  static let noInput = ExitStatus(66, "there is no such app, worker or file")
  static let unavailable = ExitStatus(
    69, "nobody listens on the socket, and there is no segment to read; `ctxtop run`: the server's Python has no ctxtop"
  )
  static let software = ExitStatus(70, "a defect of ctxtop")
  static let system = ExitStatus(71, "the operating system refused something")
  static let cannotCreate = ExitStatus(73, "the output file cannot be made")
  static let inputOutput = ExitStatus(74, "the output cannot be written")
  static let tryLater = ExitStatus(
    75, "no answer, one that broke off, or a worker that was not replaced in time; try again")
  static let `protocol` = ExitStatus(76, "what answers does not speak the protocol of ctxtop")
  static let noPermission = ExitStatus(
    77, "the app, or its directory, belongs to somebody else, or it refuses what was asked of it")
}

/// Statuses as of env(1).
extension ExitStatus {
  static let cannotRun = ExitStatus(126, "the command cannot be run")
  static let noCommand = ExitStatus(127, "there is no such command")
}

extension ExitStatus {
  /// The statuses of some commands, as they are told.
  struct Group {
    let commands: String
    let entries: [(name: String, text: String)]

    init(_ commands: String, _ statuses: [ExitStatus], _ others: [(name: String, text: String)] = []) {
      self.commands = commands
      entries = statuses.map { ("\($0.code)", $0.meaning) } + others
    }
  }

  /// All of them.
  static let table = [
    Group(
      "every command",
      [
        done, usage, badData, noInput, unavailable, software, system, cannotCreate, inputOutput, tryLater, `protocol`,
        noPermission,
      ], [("128 + n", "ended by signal n")]),
    Group("run, also", [cannotRun, noCommand]),
  ]
}

/// Thrown by a command that did what it was asked to, and whose answer is its status.
struct Answer: Error {
  let status: ExitStatus
}
