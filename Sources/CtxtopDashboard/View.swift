// The whole screen from the state: a function of values, which reads no clock and asks no terminal.
//
//   ctxtop  shop@prod-3   gunicorn gthread 4x8   Flask 3.1.3   up 3d 04h                      ● live 1.0s   title
//   09:00:00 ────────────✗══════◆════════ 21:00:00      in a recording only                                 time line
//   req/s ...   p50 ...   in flight ...   errors ...                                                        traffic
//   context live ...   connections ...   teardown failures ...                                              contexts
//   ✗ CTX001 worker 4312 thread 7: app context left by GET /chat ...                                        verdict
//   1 Workers  2 Units  3 Contexts  4 Connections  5 Failures  6 Verdicts                                   tabs
//     PID STATE ...                                                                                         list
//   ▸✗4312 leaking ...
//   h Help  Enter Detail ...                                                                                footer

import CtxtopModel
import CtxtopScreen

/// Draws the state into a screen of the state's own size.
package func view(_ state: State) -> Buffer {
  var buffer = Buffer(state.size)
  let layout = state.layout
  state.renderHeader(layout, into: &buffer)
  state.renderList(in: layout.list, layout: layout, into: &buffer)
  state.renderFooter(in: layout.footer, into: &buffer)
  if state.opened != nil { state.renderPanel(into: &buffer) }
  if let notice = state.notice, !state.isAsking { state.render(notice, into: &buffer) }
  if let dialog = state.dialog { state.render(dialog, in: layout, into: &buffer) }
  return buffer
}
