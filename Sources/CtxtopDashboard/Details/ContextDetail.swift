// Everything known about a context: who pushed it, what has become of them, what hangs on it.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

extension DetailText {
  /// Adds everything about a context.
  mutating func context(_ row: ContextRow, _ verdicts: [Verdict], _ charts: [NumberChart]) {
    let context = row.context
    let now = row.model.now
    heading("\(row.kindName) on \(row.unitRow.fullName)")
    self.verdicts(verdicts)
    state(row.shownState.rawValue, row.shownState.level, row.shownState.meaning)
    field("pushed by", row.pusher, .value)
    field("endpoint", context.label?.endpoint)
    field("where", context.frame, .value)
    field("pushed", moment(context.pushed, in: now))
    field("owner", row.ownerText, row.state == .leaked ? .critical : .text)
    field("found left", context.left.flatMap { moment($0, in: now) }, .critical)
    if context.served > 0 {
      let requests = Format.count(context.served, "request that did", "requests that did")
      field("served", "\(requests) not push it", .warning)
    }
    if context.isPreserved { field("preserved", "kept on purpose: a test client, a debugger") }
    let held = row.model.heldRows(ofWorker: row.workerIndex) { $0.holder?.context == context.serial }
    heading("Holds")
    if held.isEmpty { text("nothing that is known of", .dim) }
    for row in held { marked(row.state.level, summary(of: row)) }
    stack(of: row.unitRow, marking: row.index)
    self.charts(charts)
    heading("Names")
    field("serial number", "\(context.serial)")
    if context.request != 0 { field("of request", "\(context.request)") }
    field("on", row.unitRow.fullName + (row.unit.name.isEmpty ? "" : "  \(row.unit.name)"))
    if row.unit.nativeID > 0 { field("kernel's thread", "\(row.unit.nativeID)") }
  }
}
