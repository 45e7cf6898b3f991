// What is copied: a row in one line, or all of the text that is open, as something to paste into a ticket.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

extension State {
  /// The selected row, or all of the text that is open.
  mutating func copy() -> [Effect] {
    if let reason = refusal("copy") {
      say(reason)
      return []
    }
    switch opened {
    case .help: return [.copy(panelText.plain)]
    case .detail, .charts: return [.copy(provenance + panelText.plain)]
    case nil: break
    }
    guard list.count > 0 else {
      say("nothing is selected")
      return []
    }
    return [.copy(list.text(at: selection.index))]
  }

  /// Which app a text is about, where it runs and on what, and when it was so: two lines and an empty one.
  private var provenance: String {
    guard let snapshot = model?.now else { return "" }
    let time = Format.time(snapshot.wallTime).prefix(19)
    let host = snapshot.host.isEmpty ? "" : " on \(snapshot.host)"
    var parts = ["ctxtop: \(snapshot.service)\(host) at \(time)Z"]
    if snapshot.targets.isEmpty,
      let worker = snapshot.workers.first(where: { $0.liveness.isPresent }) ?? snapshot.workers.first
    {
      let (server, runtime) = (worker.server, worker.runtime)
      let names = [
        ("Flask", runtime.flask), ("Werkzeug", runtime.werkzeug), ("SQLAlchemy", runtime.sqlalchemy),
        ("Python", runtime.python), ("ctxtop agent", runtime.agent),
      ]
      let versions = names.filter { !$0.1.isEmpty }.map { "\($0.0) \($0.1)" }
      let words = [server.kind, server.version, server.model].filter { !$0.isEmpty }.joined(separator: " ")
      parts.append(([words].filter { !$0.isEmpty } + versions).joined(separator: ", "))
    }
    return parts.filter { !$0.isEmpty }.map { Format.cleaned($0) + "\n" }.joined() + "\n"
  }
}

extension TextBlock {
  /// Its lines without styles, and without spaces at their ends.
  fileprivate var plain: String {
    lines.map { line in
      let text = line.text
      return String(text.reversed().drop { $0 == " " }.reversed()) + "\n"
    }.joined()
  }
}

/// A row in one line.
enum RowText {
  /// `pid=4312 state=leaking now="GET /chat 4m"`: what is known of it.
  static func of(_ fields: [(name: String, value: Value)]) -> String {
    fields.filter { $0.value != .unknown }.map { "\($0.name)=\(quoted(Format.screen($0.value)))" }
      .joined(separator: " ")
  }

  private static func quoted(_ text: String) -> String {
    guard text.isEmpty || text.contains(where: { $0 == " " || $0 == "\"" || $0 == "\\" }) else { return text }
    let inner = text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined()
    return "\"\(inner)\""
  }
}
