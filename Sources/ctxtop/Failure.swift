// The one place where errors become prose and exit statuses.
//
//   ctxtop: what was tried: what happened; what to do

import CtxtopStore
import Glibc

/// Exit statuses, as in sysexits(3).
enum ExitStatus: Int32, CaseIterable {
  case usage = 64
  case badData = 65
  case noInput = 66
  case unavailable = 69
  case software = 70
  case system = 71
  case cannotCreate = 73
  case inputOutput = 74
  case tryLater = 75
  case `protocol` = 76
  case noPermission = 77
  // As of env(1), for a command that cannot be run.
  case cannotRun = 126
  case noCommand = 127

  /// What it means, for the manual.
  var meaning: String {
    switch self {
    case .usage: "the command line is wrong, or several apps run here and none was named"
    case .badData: "a record or a segment is damaged or of another version"
    case .noInput: "there is no such app, worker or file"
    case .unavailable:
      "nobody listens on the socket, and there is no segment to read; `ctxtop run`: the server's Python has no ctxtop"
    case .software: "a defect of ctxtop"
    case .system: "the operating system refused something"
    case .cannotCreate: "the output file cannot be made"
    case .inputOutput: "the output cannot be written"
    case .tryLater: "no answer, one that broke off, or a worker that was not replaced in time; try again"
    case .protocol: "what answers does not speak the protocol of ctxtop"
    case .noPermission: "the app, or its directory, belongs to somebody else, or it refuses what was asked of it"
    case .cannotRun: "`ctxtop run`: the command cannot be run"
    case .noCommand: "`ctxtop run`: there is no such command"
    }
  }
}

/// Why the program ends without having done what it was asked to.
struct Failure: Error {
  /// What was being done, as a participle: `connecting to /run/...`.
  var tried: String
  /// What came of it.
  var happened: String
  /// What the user can do about it.
  var remedy: String
  /// What the shell gets to know.
  var status: ExitStatus

  init(_ tried: String, _ happened: String, _ remedy: String, _ status: ExitStatus) {
    self.tried = tried
    self.happened = happened
    self.remedy = remedy
    self.status = status
  }

  /// The one line that the user gets to read.
  var line: String { "ctxtop: \(said)" }

  /// The same on a screen that is ctxtop's own.
  var said: String { "\(tried): \(happened); \(remedy)" }

  /// What is said when the segment is read because the socket failed in this way.
  func fallbackLine(_ endpoint: Endpoint) -> String {
    "ctxtop: \(tried): \(happened); showing the segment \(endpoint.segmentPath ?? "") instead"
  }

  /// `explain` was asked for a code that the catalogue does not have.
  static func noSuchVerdict(_ code: String) -> Failure {
    Failure("explaining \(code)", "there is no such verdict", "`ctxtop explain` lists them all", .usage)
  }

  /// Writes the line to standard error.
  func report() { Self.note(line) }

  /// Writes a line to standard error, without what could do something to a terminal.
  static func note(_ line: String) {
    // Nobody could be told that this failed.
    try? System.write(STDERR_FILENO, Array((printable(line) + "\n").utf8))
  }

  /// The text without what could do something to a terminal, but for the one character that is wanted.
  static func printable(_ text: String, keeping wanted: Unicode.Scalar? = nil) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == wanted || isPrintable($0) ? $0 : "?" }))
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: false
    default: true
    }
  }
}

extension Failure {
  /// What a failed source or target means to the user.
  init(_ error: StoreError) {
    switch error {
    case .system(let error, let path):
      self.init(error, path)
    case .nothingFound, .unknownName, .severalServices, .unsupportedTarget, .notATarget, .unknownFile:
      self = .ofTarget(error)
    case .refused, .foreignPeer:
      self = .ofTrust(error)
    case .notASegment, .otherSegmentVersion, .damagedSegment:
      self = .ofSegment(error)
    case .neither(let socket, let segment):
      self = .of(socket: socket, segment: segment)
    default:
      self = .ofSocket(error)
    }
  }

  /// Why a command cannot be run with its apps instrumented.
  init(_ error: RunError) {
    let install = "install it there with pip, or name another Python with --python"
    switch error {
    case .command(let name, let error):
      let remedy = error.isAbsence ? "check its name, or give its path" : "see what it is, and whether you may run it"
      self.init("running \(name)", error.description, remedy, error.isAbsence ? .noCommand : .cannotRun)
    case .interpreter(let path, let error):
      self.init("asking \(path) for its ctxtop", error.description, "name a Python with --python", .noInput)
    case .noInterpreter(let command):
      self.init(
        "telling which Python \(command) runs in", "there is none in VIRTUAL_ENV and PATH", "name it with --python",
        .unavailable)
    case .isolated(let path, let option):
      self.init(
        "instrumenting \(path)", "with \(option) it does not look at PYTHONPATH",
        "leave \(option) out, or call Ctxtop(app) where the app is made", .usage)
    case .silent(let path):
      self.init("asking \(path) for its ctxtop", "no answer", "see whether it starts at all", .tryLater)
    case .noPackage(let path):
      self.init("asking \(path) for its ctxtop", "it has none", install, .unavailable)
    case .oldPackage(let path, let directory):
      self.init(
        "asking \(path) for its ctxtop", "the one in \(directory) is too old for `ctxtop run`", install, .unavailable)
    }
  }

  /// A system call failed on a path.
  init(_ error: SystemError, _ path: String) {
    let tried = error.call == "connect" ? "connecting to \(path)" : "reading \(path)"
    if error.isAbsence {
      self.init(tried, error.description, "check the path, or see with `ctxtop ls` what runs here", .noInput)
    } else if error.isPermission {
      self.init(tried, error.description, "run ctxtop as the user who runs the app, or as root", .noPermission)
    } else {
      self.init(tried, "\(error.description) (\(error.call))", "try again", .system)
    }
  }

  private static func ofTarget(_ error: StoreError) -> Failure {
    switch error {
    case .nothingFound(let searched):
      let places = searched.map(describe).joined(separator: ", ")
      let isRefused = searched.contains { if case .refused = $0.finding { true } else { false } }
      return Failure(
        "looking for a running app", "none in \(places)",
        "start an app that is instrumented with ctxtop, or give the path of its socket",
        isRefused ? .noPermission : .noInput)
    case .unknownName(let name, let known, let searched):
      if known.isEmpty { return ofTarget(.nothingFound(searched: searched)).looking(for: name) }
      return Failure(
        "looking for the app \(name)", "not here; there is \(known.joined(separator: ", "))",
        "name one of these, or give the path of its socket", .noInput)
    case .severalServices(let names):
      return Failure(
        "choosing an app", "there are several: \(names.joined(separator: ", "))",
        "name one of them, as in `ctxtop \(names.first ?? "")`", .usage)
    case .unsupportedTarget(let text):
      return Failure(
        "reading the target \(text)", "this version cannot attach to URLs", "give an app's name or a path", .usage)
    case .notATarget(let path):
      return Failure(
        "reading \(path)", "it is neither a socket nor a file", "give an app's name, or the path of its socket",
        .noInput)
    case .unknownFile(let path, let content):
      return .ofFile(path, content)
    default:
      return Failure("choosing an app", "\(error)", "give an app's name or a path", .software)
    }
  }

  private static func ofFile(_ path: String, _ content: FileContent) -> Failure {
    let known = "give an app's socket or segment, a recording, or JSON that `ctxtop dump` wrote"
    switch content {
    case .empty: return Failure("reading \(path)", "it is empty", known, .badData)
    case .compressed(let program):
      return Failure("reading \(path)", "it was compressed by \(program)", "unpack it first", .badData)
    case .segment, .recording, .document, .other:
      return Failure("reading \(path)", "it is neither a segment, nor a recording, nor JSON", known, .badData)
    }
  }

  private static func ofTrust(_ error: StoreError) -> Failure {
    switch error {
    case .foreignPeer(let path, let owner):
      return Failure(
        "connecting to \(path)", "\(System.userName(owner)) listens there, who is neither you nor root",
        "run ctxtop as that user or as root", .noPermission)
    case .refused(let path, let refusal):
      return Failure("reading \(path)", describe(refusal), "give a path that you trust", .noPermission)
    default:
      return Failure("choosing an app", "\(error)", "give an app's name or a path", .software)
    }
  }

  private static func ofSocket(_ error: StoreError) -> Failure {
    let app = "the app's log says whether ctxtop is active in it"
    switch error {
    case .noListener(let path):
      return Failure("connecting to \(path)", "nobody listens there", "start the app; its socket is dead", .unavailable)
    case .silent(let path):
      return Failure("asking \(path)", "no answer", "see whether the app is stopped, and try again", .tryLater)
    case .stalled(let path):
      return Failure("reading from \(path)", "the answer stopped in the middle of a record", "try again", .tryLater)
    case .closed(let path):
      return Failure(
        "reading from \(path)", "the connection was closed", "try again; the app may be restarting", .tryLater)
    case .notOurProtocol(let path):
      return Failure(
        "reading from \(path)", "what came is not a ctxtop snapshot", "give the path of an app's ctxtop socket",
        .protocol)
    case .refusedRequest(let path, let message):
      return Failure(
        "asking \(path)", "it refused: \(message)", "use the ctxtop that belongs to the app's agent", .protocol)
    case .otherRecordVersion(let path, let version):
      return Failure(
        "reading from \(path)", "it speaks version \(version) of the snapshot record",
        "use the ctxtop that belongs to the app's agent", .protocol)
    case .damagedRecord(let path, let reason):
      return Failure("reading from \(path)", "the record is damaged: \(reason)", app, .badData)
    default:
      return Failure("reading", "\(error)", app, .software)
    }
  }

  private static func ofSegment(_ error: StoreError) -> Failure {
    switch error {
    case .otherSegmentVersion(let path, let version):
      return Failure(
        "reading \(path)",
        "its layout has version \(version), and this ctxtop reads version \(Service.segmentVersion)",
        "use the ctxtop that belongs to the app's agent", .badData)
    case .damagedSegment(let path):
      return Failure(
        "reading \(path)", "it is shorter than it says or contradicts itself", "restart the app to have it made anew",
        .badData)
    case .notASegment(let path):
      return Failure(
        "reading \(path)", "it is not a ctxtop segment", "give the path of an app's .sock or .segment file", .badData)
    default:
      return Failure("reading a segment", "\(error)", "try again", .software)
    }
  }

  /// Both ways failed. A segment that is not there adds nothing to what the socket said.
  private static func of(socket: StoreError, segment: StoreError) -> Failure {
    if case .system(let error, _) = segment, error.isAbsence { return Failure(socket) }
    let first = Failure(socket)
    var failure = Failure(segment)
    failure.tried = "\(first.tried): \(first.happened); \(failure.tried) instead"
    return failure
  }

  private func looking(for name: String) -> Failure {
    var copy = self
    copy.tried = "looking for the app \(name)"
    return copy
  }

  private static func describe(_ report: DirectoryReport) -> String {
    switch report.finding {
    case .usable, .absent: report.path
    case .refused(let refusal): "\(report.path) (refused: \(describe(refusal)))"
    case .failed(let error): "\(report.path) (\(error.description))"
    }
  }

  /// Why a file or directory is not used.
  static func describe(_ refusal: Refusal) -> String {
    switch refusal {
    case .symbolicLink: "it is a symbolic link"
    case .notADirectory: "it is not a directory"
    case .foreignOwner(let owner): "it belongs to \(System.userName(owner)), who is neither you nor root"
    case .writableByOthers(let mode): "others can write to it (mode \(String(mode, radix: 8)))"
    }
  }
}
