// What it means to the user that a command cannot be run with its apps instrumented.

import CtxtopStore

extension Failure {
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
}
