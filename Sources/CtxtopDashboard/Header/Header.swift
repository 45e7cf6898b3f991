// The rows above the list: who is watched, how it does, the worst of what is wrong.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

extension State {
  /// Draws everything above the list.
  func renderHeader(_ layout: Layout, into buffer: inout Buffer) {
    renderTimeLine(into: &buffer)
    Strip(titleGroups, trailing: Strip.Group(stateOfSource, weight: 100)).render(
      in: margin(layout.title), into: &buffer)
    if let model {
      renderNumbers(model.totals, in: layout, into: &buffer)
      renderVerdict(model, in: margin(layout.verdict), into: &buffer)
    }
    renderTabs(in: margin(layout.tabs), into: &buffer)
  }

  func margin(_ row: Rect) -> Rect { row.width > 40 ? row.inset(left: 1) : row }

  private func label(_ text: String) -> Span { Span(text, look[.dim]) }

  // MARK: Title

  private var titleGroups: [Strip.Group] {
    guard let model else { return [Strip.Group([Span("ctxtop", look[.title])], weight: 90)] }
    if model.hasTargets { return targetGroups(of: model) }
    let snapshot = model.now
    var groups = [
      Strip.Group([Span("ctxtop", look[.dim])], weight: 50),
      Strip.Group(
        [Span(snapshot.service, look[.title])] + (size.width >= 40 ? [label("@" + snapshot.host)] : []), weight: 90),
    ]
    guard let worker = snapshot.workers.first(where: { $0.liveness.isPresent }) ?? snapshot.workers.first else {
      return groups
    }
    if let recordingGroup { groups.append(recordingGroup) }
    groups.append(Strip.Group([Span(serverText(worker.server, of: snapshot), look[.text])], weight: 70))
    if !worker.runtime.flask.isEmpty {
      groups.append(Strip.Group([Span("Flask \(worker.runtime.flask)", look[.text])], weight: 40))
    }
    let starts = snapshot.workers.lazy.filter { $0.liveness.isPresent && $0.started > 0 }.map(\.started)
    if let started = starts.min() {
      let age = Format.uptime(Moment.between(started, snapshot.wallTime))
      groups.append(Strip.Group([label("up "), Span(age, look[.text])], weight: 60))
    }
    return groups
  }

  /// `3 targets  shop, blog, a/shop  12 workers`.
  private func targetGroups(of model: Model) -> [Strip.Group] {
    let names = model.now.targets.map { Format.cleaned($0.name) }.joined(separator: ", ")
    var groups = [
      Strip.Group([Span("ctxtop", look[.dim])], weight: 50),
      Strip.Group([Span("\(model.now.targets.count) targets", look[.title])], weight: 90),
    ]
    if let recordingGroup { groups.append(recordingGroup) }
    groups.append(Strip.Group([Span(names, look[.text])], weight: 70))
    groups.append(
      Strip.Group(
        [label(Format.count(UInt64(model.totals.workers), "worker", "workers"))], weight: 60))
    return groups
  }

  /// Which of several targets does not answer, while others do; nil: all do, or none does.
  private var troubleOfTargets: String? {
    guard let targets = latest?.now.targets, targets.contains(where: { $0.state == .live || $0.state == .segment }),
      !isPaused, !isStale
    else { return nil }
    let troubled = targets.filter { $0.state != .live }
    guard let worst = troubled.min(by: { $0.isWorse(than: $1) })?.trouble(at: now) else { return nil }
    return Format.cleaned(worst) + (troubled.count > 1 ? ", +\(troubled.count - 1) more" : "")
  }

  /// `gunicorn gthread 4x8`: workers by threads, as far as the server tells.
  private func serverText(_ server: Server, of snapshot: Snapshot) -> String {
    let present = snapshot.workers.count { $0.liveness.isPresent }
    let workers = server.workers ?? present
    let shape = server.threads.map { "\(workers)x\($0)" } ?? "\(workers)"
    return [server.kind, server.model, shape].filter { !$0.isEmpty }.joined(separator: " ")
  }

  private var stateOfSource: [Span] {
    let shapes = look.shapes
    func span(_ sign: Unicode.Scalar, _ text: String, _ role: Role) -> [Span] {
      [Span("\(sign) \(text)", look[role])]
    }
    if let replay { return title(of: replay) }
    let step = Interval.text(interval)
    if let trouble = troubleOfTargets { return span(shapes.warning, trouble, .warning) }
    switch source {
    case .reconnecting(let since):
      return span(shapes.warning, "reconnecting for \(Format.age(Moment.between(since, now)))", .critical)
    case .needsAttention(let since):
      let time = Format.age(Moment.between(since, now))
      return span(shapes.warning, "lost for \(time), ssh wants an answer: Enter", .critical)
    case .connecting:
      return span(shapes.notice, "connecting", .notice)
    case _ where isPaused:
      return span(shapes.paused, "paused", .warning)
    case _ where isStale:
      return span(shapes.warning, "stale for \(Format.age(silence ?? 0))", .warning)
    case .segment:
      return span(shapes.notice, "no answer, reading the segment \(step)", .warning)
    case .live:
      return span(shapes.live, "live \(step)", .good)
    }
  }

  // MARK: Tabs and verdict

  private func renderTabs(in rect: Rect, into buffer: inout Buffer) {
    tabStrip.render(in: rect, into: &buffer)
  }

  /// Why there is no verdict: that is good news only while somebody is there whom it speaks of.
  private func absenceOfVerdicts(_ model: Model) -> Span {
    guard model.earlier != nil || model.isTold else {
      return Span(replay.map(reasonNotToJudge) ?? "judging: needs a second snapshot", look[.dim])
    }
    if isOutdated { return Span("nothing was wrong when the last snapshot came", look[.dim]) }
    if model.totals.workers == 0 {
      let dead = Format.count(UInt64(model.now.workers.count), "worker is", "workers are")
      let text = model.now.workers.isEmpty ? "no worker is there" : "no worker is there: \(dead) dead or gone"
      return Span("\(look.shapes.warning) \(text)", look[.warning])
    }
    let silent = model.now.targets.filter { $0.state != .live }.count
    if silent > 0 {
      let others = silent == 1 ? "1 target does not" : "\(silent) targets do not"
      return Span("nothing is wrong in what answers; \(others)", look[.dim])
    }
    return Span("\(look.shapes.good) nothing is wrong", look[.good])
  }

  /// The worst verdict as one sentence, and how many others there are. A sentence that changes every second is
  /// written anew every second: from a minute on, ages have no seconds.
  private func renderVerdict(_ model: Model, in rect: Rect, into buffer: inout Buffer) {
    guard let worst = model.verdicts.first else {
      return Line([absenceOfVerdicts(model)]).render(in: rect, into: &buffer)
    }
    let others = model.verdicts.count - 1
    let note = others > 0 ? "+\(others) more" : ""
    let noteWidth = note.isEmpty ? 0 : DisplayWidth.of(note) + 1
    let mark = worst.severity.level.mark(look)
    let sentence = Line(
      [mark, Span(" \(worst.code.rawValue) ", mark.style), Span(Moment.coarse(in: worst.message), look[.value])],
      ellipsis: look.shapes.ellipsis)
    let row = rect.row(0)
    let area = Rect(x: row.x, y: row.y, width: row.width - noteWidth, height: row.height)
    sentence.render(in: area, into: &buffer)
    buffer.put(note, at: Position(x: area.maxX + 1, y: row.y), look[.dim], in: row)
  }
}
