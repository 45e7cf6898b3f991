// Which Python a command is going to run in, and where ctxtop's package lies in that one. The command is only looked
// at; the interpreter is asked.

import CtxtopStore

/// Why a command cannot be instrumented.
enum RunError: Error {
  /// The command is nowhere, or cannot be run.
  case command(String, SystemError)
  /// The interpreter that the user named is nowhere, or cannot be run.
  case interpreter(String, SystemError)
  /// Nothing tells which Python the command runs in, and there is none to try.
  case noInterpreter(command: String)
  /// The interpreter is started with an option that keeps it from loading what is on PYTHONPATH.
  case isolated(interpreter: String, option: String)
  /// The interpreter was asked and did not answer.
  case silent(interpreter: String)
  /// The interpreter cannot import ctxtop.
  case noPackage(interpreter: String)
  /// The interpreter's ctxtop is older than `ctxtop run`.
  case oldPackage(interpreter: String, directory: String)
}

/// A Python interpreter.
struct Interpreter {
  /// Its path. A link is not followed: where the link lies tells Python which packages it has.
  let path: String
  /// What it is given in front of the program that it runs, as far as that is known.
  var options: [String] = []

  /// Interpreters on a cold disk are slow; one that hangs must not hang ctxtop.
  private static let patience: UInt64 = 30_000_000_000

  /// As `site` would see it: without the working directory, which `-c` puts in front.
  private static let question = """
    import os, sys
    sys.path[:] = [path for path in sys.path if path]
    import ctxtop
    os.write(1, b"\\nctxtop in " + os.fsencode(os.path.dirname(os.path.abspath(ctxtop.__file__))) + b"\\n")
    """

  /// The directory to put on PYTHONPATH: it holds the `sitecustomize` that instruments.
  func siteDirectory() throws -> String {
    if let option = options.firstIndex(where: Self.isolates) {
      throw RunError.isolated(interpreter: path, option: options[option])
    }
    let answer: [UInt8]?
    do {
      answer = try System.output(of: path, ["-c", Self.question], within: Self.patience)
    } catch {
      throw RunError.interpreter(path, error)
    }
    guard let answer else { throw RunError.silent(interpreter: path) }
    // Others may have written something before.
    let mark = "ctxtop in "
    let lines = String(decoding: answer, as: UTF8.self).split(separator: "\n")
    guard let package = lines.last(where: { $0.hasPrefix(mark) })?.dropFirst(mark.count) else {
      throw RunError.noPackage(interpreter: path)
    }
    let site = "\(package)/_site"
    guard (try? System.status("\(site)/sitecustomize.py")) != nil else {
      throw RunError.oldPackage(interpreter: path, directory: String(package))
    }
    return site
  }

  /// Whether an option such as `-E` or `-uI` makes Python ignore PYTHONPATH, or leave `site` out.
  private static func isolates(_ option: String) -> Bool {
    // What follows one of these letters is its value.
    option.dropFirst().prefix { !"WXcm".contains($0) }.contains { "EIS".contains($0) }
  }
}

extension Interpreter {
  /// The interpreter of a command: `executable` is where it lies, `arguments` is what it is given.
  static func of(_ executable: String, arguments: [String]) throws -> Interpreter {
    if isPython(executable) { return Interpreter(path: executable, options: leadingOptions(arguments)) }
    if let named = named(inScript: executable) { return named }
    for path in likely(beside: executable) where (try? System.checkExecutable(path)) != nil {
      return Interpreter(path: path)
    }
    for name in ["python3", "python"] {
      if let path = try? System.find(command: name) { return Interpreter(path: path) }
    }
    throw RunError.noInterpreter(command: executable)
  }

  /// What the first lines of a script say.
  private static func named(inScript path: String) -> Interpreter? {
    guard let head = try? System.head(of: path, limit: 1024), head.starts(with: "#!".utf8) else { return nil }
    let lines = String(decoding: head, as: UTF8.self).dropFirst(2).split(separator: "\n", maxSplits: 2)
    guard let first = lines.first else { return nil }
    if let found = named(in: first) { return found }
    // Where the interpreter's path is too long for a first line, installers let a shell find it in the second.
    let mark = "'''exec' "
    guard lines.count > 1, lines[1].hasPrefix(mark) else { return nil }
    return named(in: lines[1].dropFirst(mark.count).filter { $0 != "\"" && $0 != "'" }[...])
  }

  /// `/usr/bin/python3 -u`, or `/usr/bin/env python3`.
  private static func named(in line: Substring) -> Interpreter? {
    let words = line.split { $0 == " " || $0 == "\t" || $0 == "\r" }.map(String.init)
    guard let first = words.first else { return nil }
    let isSearched = name(of: first) == "env"
    guard let place = isSearched ? words.firstIndex(where: isPython) : isPython(first) ? 0 : nil,
      let path = try? System.find(command: words[place])
    else { return nil }
    return Interpreter(path: path, options: leadingOptions(Array(words[(place + 1)...])))
  }

  /// For programs that embed Python, and for scripts of the shell.
  private static func likely(beside executable: String) -> [String] {
    let directory = executable.lastIndex(of: "/").map { String(executable[..<$0]) } ?? "."
    // Beside a system's programs lies the system's Python, which says nothing about what they will run.
    let isVirtual = (try? System.status("\(directory)/../pyvenv.cfg")) != nil
    let active = System.environment("VIRTUAL_ENV").map { "\($0)/bin/python" }
    return (isVirtual ? ["\(directory)/python"] : []) + (active.map { [$0] } ?? [])
  }

  /// `python`, `python3`, `python3.12`, `python3.13t`, `pypy3`.
  private static func isPython(_ word: String) -> Bool {
    let name = name(of: word)
    guard let prefix = ["python", "pypy"].first(where: name.hasPrefix) else { return false }
    return name.dropFirst(prefix.count).allSatisfy { $0.isNumber || $0 == "." || $0 == "t" || $0 == "d" }
  }

  /// The interpreter's own options, up to the program that it is to run.
  private static func leadingOptions(_ words: [String]) -> [String] {
    var options: [String] = []
    var rest = words[...]
    while let word = rest.popFirst(), word.hasPrefix("-"), word != "-", !word.hasPrefix("--") {
      options.append(word)
      if word == "-W" || word == "-X" { _ = rest.popFirst() }
      if word.dropFirst().contains(where: { $0 == "c" || $0 == "m" }) { break }
    }
    return options
  }

  private static func name(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
  }
}
