// The manual page ctxtop(1), made from the commands and from all tables.

import ArgumentParser
import CtxtopReport

/// The manual page.
enum Manual {
  /// The page in the language of man(7).
  static func page() throws -> String {
    let program = try CommandInfo.program()
    var page = Roff("ctxtop", date: Ctxtop.released, version: Ctxtop.configuration.version)
    page.chapter("Name")
    page.paragraph("ctxtop - \(program.abstract ?? "")", isFirst: true)
    page.chapter("Synopsis")
    for (index, command) in program.visibleCommands.enumerated() {
      page.paragraph(synopsis(of: command), isFirst: index == 0)
    }
    page.chapter("Description")
    write(program.discussion, to: &page)
    page.chapter("Commands")
    for command in program.visibleCommands { write(command, to: &page) }
    for chapter in [
      HelpTopic.keyChapter, HelpTopic.columnChapter, HelpTopic.stateChapter, HelpTopic.verdictChapter,
      HelpTopic.metricChapter, HelpTopic.settingChapter, HelpTopic.environmentChapter, files, HelpTopic.statusChapter,
    ] {
      page.chapter(chapter)
    }
    page.chapter("See also")
    page.paragraph("top(1), htop(1), gunicorn(1), uwsgi(1), sysexits(3)", isFirst: true)
    return page.text
  }

  private static var files: ReferenceChapter {
    ReferenceChapter(
      "Files",
      sections: [
        ReferenceSection(
          nil,
          [
            ("~/.config/ctxtop/config.toml", "Settings; see there."),
            ("$XDG_RUNTIME_DIR/ctxtop, /run/ctxtop, /dev/shm/ctxtop-UID", "Where apps are looked for."),
            ("NAME.sock", "The socket of an app's agent."),
            ("NAME.v2.segment", "What the app's workers write to; read when nobody answers on the socket."),
          ])
      ])
  }

  private static func synopsis(of command: CommandInfo) -> String {
    let name = command.commandName == Watch.name ? "[\(Watch.name)]" : command.commandName
    let arguments = command.visibleArguments.filter(\.isPositional).map { argument in
      let value = "<\(argument.valueName ?? "value")>" + (argument.isRepeating ? " ..." : "")
      return argument.isOptional ? "[\(value)]" : value
    }
    return (["ctxtop", name, "[options]"] + arguments).joined(separator: " ")
  }

  private static func write(_ command: CommandInfo, to page: inout Roff) {
    page.section("ctxtop \(command.commandName)")
    page.paragraph(command.abstract ?? "", isFirst: true)
    write(command.discussion, to: &page, isFirst: false)
    for argument in command.visibleArguments { page.entry(name(of: argument), text(of: argument)) }
  }

  private static func name(of argument: ArgumentInfo) -> String {
    let value = "<\(argument.valueName ?? "value")>"
    if argument.isPositional { return value }
    return argument.flags.joined(separator: ", ") + (argument.takesValue ? " \(value)" : "")
  }

  private static func text(of argument: ArgumentInfo) -> String {
    var text = argument.abstract ?? ""
    if let values = argument.allValues, !values.isEmpty { text += " One of: \(values.joined(separator: ", "))." }
    if let value = argument.defaultValue { text += " Default: \(value)." }
    return text
  }

  /// Paragraphs, and in between what stands under a heading of its own and is indented: examples.
  private static func write(_ discussion: String?, to page: inout Roff, isFirst: Bool = true) {
    var isFirst = isFirst
    for part in (discussion ?? "").split(separator: "\n\n") {
      let lines = part.split(separator: "\n").map(String.init)
      if let heading = lines.first, heading.hasSuffix(":"), lines.dropFirst().allSatisfy({ $0.hasPrefix("  ") }) {
        let words = heading.prefix(1) + heading.dropFirst().lowercased()
        page.paragraph(String(words), isFirst: isFirst)
        page.verbatim(lines.dropFirst().map { String($0.dropFirst(2)) })
      } else {
        page.paragraph(lines.joined(separator: " "), isFirst: isFirst)
      }
      isFirst = false
    }
  }
}
