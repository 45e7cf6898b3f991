// What lies over the list and is read: the detail of a row, the help, the charts.

import CtxtopModel
import CtxtopScreen

extension State {
  /// The text of what is open above the list.
  var panelText: TextBlock {
    var lines: [Line] =
      switch opened {
      case nil: []
      case .help: helpText
      case .charts: chartText
      case .detail(let identity): detailText(of: identity)
      }
    if let foundLine, foundLine.opened == opened, lines.indices.contains(foundLine.line) {
      lines[foundLine.line].spans = lines[foundLine.line].spans.map { Span($0.text, look[.selected]) }
    }
    return TextBlock(lines, offset: textOffset)
  }

  /// The room that a text has.
  var panelContent: Size { Panel.content(of: Layout.panel(in: size)).size }

  /// Draws what is open.
  func renderPanel(into buffer: inout Buffer) {
    let area = Layout.panel(in: size)
    let content = Panel.content(of: area)
    let text = panelText
    let last = text.greatestOffset(in: content.size)
    let first = min(textOffset, last)
    let range = last == 0 ? "" : "\(first + 1)-\(first + content.height) of \(last + content.height)"
    // The part of the text that is seen is the last to go.
    let notes = [[panelNote, range], [range]].map { $0.filter { !$0.isEmpty }.joined(separator: "  ") }
    let note = notes.first { DisplayWidth.of($0) + 4 <= content.width } ?? ""
    Panel(panelTitle, note: note, look: look).render(in: area, into: &buffer)
    text.render(in: content, into: &buffer)
  }

  private var panelTitle: String {
    switch opened {
    case nil: ""
    case .help: "Help"
    case .charts: "Graphs"
    case .detail(let identity): identity.title
    }
  }

  /// Stands in the lower border: where Enter leads to, how far back the charts go.
  private var panelNote: String {
    switch opened {
    case nil, .help: ""
    case .charts: chartNote
    case .detail(let identity):
      model.flatMap { model in model.subject(of: identity).flatMap(model.name) }.map { "Enter: \($0)" } ?? ""
    }
  }
}

extension RowIdentity {
  /// What its detail is called.
  fileprivate var title: String {
    switch self {
    case .target: "Target"
    case .worker: "Worker"
    case .unit: "Unit"
    case .context: "Context"
    case .connection: "Connection"
    case .session: "Session"
    case .resource: "Resource"
    case .failure: "Teardown failure"
    case .verdict: "Verdict"
    }
  }
}
