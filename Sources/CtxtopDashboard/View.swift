// The whole screen from the state: a function of values, which reads no clock and asks no terminal.
//
//   ctxtop  shop@prod-3   gunicorn gthread 4x8   Flask 3.1.3   up 3d 04h                      ● live 1.0s   title
//   req/s ...   p50 ...   in flight ...   errors ...                                                        traffic
//   context live ...   connections ...   teardown failures ...                                              contexts
//   ✗ CTX001 worker 4312 thread 7: app context left by GET /chat ...                                        verdict
//   1 Workers  5 Failures  6 Verdicts                                                                       tabs
//     PID STATE ...                                                                                         list
//   ▸✗4312 leaking ...
//   h Help  Enter Detail ...                                                                                footer

import CtxtopModel
import CtxtopScreen

/// Draws the state into a screen of the state's own size.
package func view(_ state: State) -> Buffer {
  var buffer = Buffer(state.size)
  let layout = Layout(state.size)
  state.renderHeader(layout, into: &buffer)
  state.renderList(in: layout.list, layout: layout, into: &buffer)
  state.renderFooter(in: layout.footer, into: &buffer)
  if state.mode != .list { state.renderPanel(into: &buffer) }
  return buffer
}

extension State {
  /// The text of what is open above the list.
  var panelText: TextBlock {
    switch mode {
    case .list: TextBlock([])
    case .help: TextBlock(helpText, offset: textOffset)
    case .detail: TextBlock(detailText, offset: textOffset)
    }
  }

  fileprivate func renderPanel(into buffer: inout Buffer) {
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
    switch (mode, detail) {
    case (.help, _): "Help"
    case (_, .worker): "Worker"
    case (_, .failure): "Teardown failure"
    case (_, .verdict): "Verdict"
    default: ""
    }
  }

  /// The detail panel's lines. What it shows may have left since it was opened.
  private var detailText: [Line] {
    var text = DetailText(look: look)
    guard let model, let identity = detail, text.describe(identity, in: model) else {
      return [Line([Span("it is not there any more", look[.dim])])]
    }
    return text.lines
  }
}
