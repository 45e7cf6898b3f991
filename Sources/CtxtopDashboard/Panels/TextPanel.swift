// What lies over the list and is read: the detail of a row, the help, the charts.

import CtxtopModel
import CtxtopScreen

extension State {
  /// The text of what is open above the list.
  var panelText: TextBlock {
    switch opened {
    case nil: TextBlock([])
    case .help: TextBlock(helpText, offset: textOffset)
    case .charts: TextBlock(chartText, offset: textOffset)
    case .detail(let identity): TextBlock(detailText(of: identity), offset: textOffset)
    }
  }

  /// Draws what is open.
  func renderPanel(into buffer: inout Buffer) {
    let area = Layout.panel(in: size)
    let content = Panel.content(of: area)
    let text = panelText
    let last = text.greatestOffset(in: content.size)
    let first = min(textOffset, last)
    let note = last == 0 ? "" : "\(first + 1)-\(first + content.height) of \(last + content.height)"
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

  /// The detail panel's lines. What it shows may have left since it was opened.
  private func detailText(of identity: RowIdentity) -> [Line] {
    var text = DetailText(look: look)
    guard let model, text.describe(identity, in: model) else {
      return [Line([Span("it is not there any more", look[.dim])])]
    }
    return text.lines
  }
}

extension RowIdentity {
  /// What its detail is called.
  fileprivate var title: String {
    switch self {
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
