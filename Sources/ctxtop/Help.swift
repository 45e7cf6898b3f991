// `ctxtop help [COMMAND | TOPIC]`: what `--help` says of a command, or a chapter of the reference.

import ArgumentParser
import CtxtopSelection

/// Explains a command or a topic. Takes the place of the `help` that the parser would add, which knows commands only.
struct Help: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Explain a command, or a topic: \(topics).",
    discussion: """
      TOPICS:
      \(HelpTopic.allCases.map { "  \($0.rawValue.padded(to: 14))\($0.abstract)" }.joined(separator: "\n"))

      EXAMPLES:
        ctxtop help dump
        ctxtop help verdicts
        ctxtop help manual | man -l -
      """)

  @Argument(help: ArgumentHelp("A command or a topic.", valueName: "command-or-topic"))
  var subject: String?

  private static let topics = HelpTopic.allCases.map(\.rawValue).joined(separator: ", ")

  func run() throws {
    do {
      try StandardOutput.write(Array(try text().utf8))
    } catch is ReaderIsGone {}
  }

  private func text() throws -> String {
    guard let subject else { return Ctxtop.helpMessage() + "\n" }
    if let topic = HelpTopic(rawValue: subject) { return try topic.text() }
    let commands = Ctxtop.configuration.subcommands
    if let command = commands.first(where: { $0.name == subject }) { return Ctxtop.helpMessage(for: command) + "\n" }
    let names = commands.filter { $0.configuration.shouldDisplay }.map { $0.name } + HelpTopic.allCases.map(\.rawValue)
    let near = Nearest.of(subject, among: names).map { "is it \($0)?" } ?? "`ctxtop help help` lists them all"
    throw Failure("explaining \(subject)", "there is no such command or topic", near, .usage)
  }
}

extension ParsableCommand {
  /// Its name on the command line.
  static var name: String { configuration.commandName ?? "\(self)".lowercased() }
}

extension String {
  /// With spaces behind it, up to so many characters.
  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
