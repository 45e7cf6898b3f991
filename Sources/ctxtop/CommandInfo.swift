// The commands and options of the program, as the parser itself describes them: for the manual and for completions.

import ArgumentParser
import FoundationEssentials

/// A command.
struct CommandInfo: Decodable {
  let commandName: String
  let shouldDisplay: Bool?
  let abstract: String?
  let discussion: String?
  let subcommands: [CommandInfo]?
  let arguments: [ArgumentInfo]?

  /// The program with all of its commands.
  static func program() throws -> CommandInfo {
    // The parser's own description of what it parses is as it is, unless a version of it changes the format.
    guard let dump = try? JSONDecoder().decode(Dump.self, from: Data(Ctxtop._dumpHelp().utf8)) else {
      throw Failure(
        "describing the commands", "the argument parser describes itself in another format",
        "build ctxtop with the version of swift-argument-parser that its Package.swift names", .software)
    }
    return dump.command
  }

  /// The commands that users know of.
  var visibleCommands: [CommandInfo] {
    var seen: Set<String> = []
    // The parser adds a `help` to the one that is there.
    return (subcommands ?? []).filter { $0.shouldDisplay != false && seen.insert($0.commandName).inserted }
  }

  /// What may stand behind it.
  var visibleArguments: [ArgumentInfo] { (arguments ?? []).filter { $0.shouldDisplay != false } }

  private struct Dump: Decodable {
    let command: CommandInfo
  }
}

/// An argument or option of a command.
struct ArgumentInfo: Decodable {
  /// One of its names.
  struct Name: Decodable {
    let kind: String
    let name: String

    /// As users write it.
    var text: String { (kind == "long" ? "--" : "-") + name }
  }

  let kind: String
  let shouldDisplay: Bool?
  let isOptional: Bool
  let isRepeating: Bool
  let names: [Name]?
  let valueName: String?
  let defaultValue: String?
  let allValues: [String]?
  let abstract: String?

  /// Its names as users write them; none for what has only a place.
  var flags: [String] { (names ?? []).map(\.text) }
  /// Whether a value follows its name.
  var takesValue: Bool { kind == "option" }
  /// Whether it has only a place.
  var isPositional: Bool { kind == "positional" }
}
