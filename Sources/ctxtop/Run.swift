// `ctxtop run`: becomes the command, in an environment in which every Python loads ctxtop. Nothing of this program is
// left then: process id, signals and exit status are the command's own.
//
// The other half is ctxtop/_site/sitecustomize.py in the Python package.

import ArgumentParser
import CtxtopStore
import Glibc

/// Runs a server with every Flask app in it instrumented.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a Python server with every Flask app in it instrumented.",
    usage: "ctxtop run [--name <name>] [--group <group>] [--dir <dir>] [--python <python>] [--] <command> ...",
    discussion: """
      The command is started as it stands; its code and its files stay as they are. The Python that it runs in must \
      have the package ctxtop. Which one that is, is read from the command: python itself, or the first line of a \
      script. For programs that embed Python and for shell scripts it is the one of their virtual environment, of \
      $VIRTUAL_ENV or in PATH, unless --python names another.

      What the server restarts of itself stays instrumented. Other programs that it starts are not.

      EXAMPLES:
        ctxtop run -- gunicorn --workers 4 shop:app
        ctxtop run --name shop -- uwsgi --ini shop.ini
        ctxtop run -- flask --app shop run --debug
        ctxtop run -- celery --app shop worker
        ctxtop run --python venv/bin/python -- ./start.sh
      """)

  @Option(help: "The app's name for ctxtop; sets CTXTOP_NAME.")
  var name: String?

  @Option(help: "A group whose members may look at the app too; sets CTXTOP_GROUP.")
  var group: String?

  @Option(help: "Where segment and socket lie; sets CTXTOP_DIR.")
  var dir: String?

  @Option(help: "The Python that the command runs in, where ctxtop cannot tell.")
  var python: String?

  @Argument(parsing: .captureForPassthrough, help: "The command, with its arguments.")
  var command: [String] = []

  /// The command's words without the `--` that may stand before them.
  private var words: [String] { command.first == "--" ? Array(command.dropFirst()) : command }

  func validate() throws {
    guard let first = words.first, !first.isEmpty else {
      throw ValidationError("There is no command to run, as in: ctxtop run -- gunicorn shop:app")
    }
    guard command.first != "--", first.hasPrefix("-") else { return }
    // The parser takes for a command whatever it does not know, and that is where it begins to capture.
    if ["-h", "--help", "-help"].contains(first) { throw CleanExit.helpRequest(self) }
    throw ValidationError("Unknown option '\(first)'")
  }

  func run() throws {
    do {
      let executable = try Self.found(words[0]) { RunError.command(words[0], $0) }
      let site = try interpreter(of: executable).siteDirectory()
      setEnvironment(site)
      Inherited.restoreSignals()
      // As they came: what is not UTF-8 has been repaired in `words`.
      let arguments = CommandLine.unsafeArgv + (Int(CommandLine.argc) - words.count)
      throw RunError.command(words[0], System.become(words[0], arguments))
    } catch let error as RunError {
      Inherited.ignoreSignals()
      throw Failure(error)
    }
  }

  private func interpreter(of executable: String) throws -> Interpreter {
    guard let python else { return try Interpreter.of(executable, arguments: Array(words.dropFirst())) }
    return Interpreter(path: try Self.found(python) { RunError.interpreter(python, $0) })
  }

  private static func found(_ command: String, _ failure: (SystemError) -> RunError) throws -> String {
    do { return try System.find(command: command) } catch { throw failure(error) }
  }

  private func setEnvironment(_ site: String) {
    for (variable, value) in [("CTXTOP_NAME", name), ("CTXTOP_GROUP", group), ("CTXTOP_DIR", dir)] {
      if let value { setenv(variable, value, 1) }
    }
    let earlier = System.environment("PYTHONPATH")
    setenv("PYTHONPATH", earlier.map { "\(site):\($0)" } ?? site, 1)
  }
}
