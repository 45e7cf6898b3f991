// A comparison as text: the conclusion first, as one sentence, then what it rests on.

package import CtxtopModel
import CtxtopSnapshot

extension Report {
  /// A comparison as text. What is as it should be - a context in use, a connection in its pool - comes and goes all
  /// the time: it is counted, and listed only if `isWhole`.
  package static func text(_ difference: Difference, isWhole: Bool = false) -> String {
    var text = Format.cleaned(difference.conclusion) + "\n"
    for note in difference.notes { text += "note: \(Format.cleaned(note))\n" }
    text += "\n" + head(difference) + "\n"
    text += section("leaked", difference.leaks.flatMap(lines))
    text += section("not torn down", difference.failures.flatMap(lines))
    text += "\n" + numbers(difference)
    text += "\n" + workers(difference)
    for fate in ThingFate.allCases { text += things(fate, difference, isWhole) }
    return text
  }

  private static func head(_ difference: Difference) -> String {
    let (before, after) = (difference.before.now, difference.after.now)
    func name(_ snapshot: Snapshot) -> String { "\(snapshot.service)@\(snapshot.host)" }
    let names = name(before) == name(after) ? [name(after)] : [name(before), name(after)]
    return Format.cleaned(names.joined(separator: " and ")) + "  " + Format.screen(.time(before.wallTime)) + "Z to "
      + Format.screen(.time(after.wallTime)) + "Z  \(Format.age(difference.interval))  \(difference.traffic)"
  }

  private static func lines(_ loss: Loss) -> [String] { ["  \(loss.phrase)"] + loss.evidence.map { "    \($0)" } }

  private static func section(_ title: String, _ lines: [String]) -> String {
    lines.isEmpty ? "" : "\n\(title)\n" + lines.map { Format.cleaned($0) + "\n" }.joined()
  }

  private static func numbers(_ difference: Difference) -> String {
    let rows = difference.totals.map { change in
      [
        change.number.title, amount(change.before), amount(change.after),
        (change.isAtLeast ? ">= " : "") + signed(change.change),
      ]
    }
    return Columns.text([["IN ALL", "BEFORE", "AFTER", "IN BETWEEN"]] + rows, left: [0])
  }

  /// A line for each worker, with the numbers that are not the same in all of them.
  private static func workers(_ difference: Difference) -> String {
    let changes = difference.workers.map { pair in
      DifferenceNumber.all.map { $0.change(pair, difference.before, difference.after).change }
    }
    let shown = DifferenceNumber.all.indices.filter { column in changes.contains { $0[column] ?? 0 != 0 } }
    let heading = ["PID", "WORKER"] + shown.map { DifferenceNumber.all[$0].heading }
    let rows = zip(difference.workers, changes).map { pair, changes in
      [difference.worker(of: pair).map { String($0.pid) } ?? "-", pair.fate.rawValue]
        + shown.map { signed(changes[$0]) }
    }
    return rows.isEmpty ? "no workers\n" : Columns.text([heading] + rows, left: [1])
  }

  private static func things(_ fate: ThingFate, _ difference: Difference, _ isWhole: Bool) -> String {
    let all = difference.things.filter { $0.fate == fate }
    let shown = all.filter { isWhole || $0.level >= .notice }
    let rest = all.count - shown.count
    let more = rest > 0 ? ["  \(rest) \(rest == 1 ? "thing" : "things") as they should be: --all lists them"] : []
    return section(title(of: fate), shown.map { "  " + line($0) } + more)
  }

  private static func title(of fate: ThingFate) -> String {
    switch fate {
    case .appeared: "appeared"
    case .changed: "changed"
    case .vanished: "vanished"
    case .goneWithWorker: "gone with its worker, which is no repair"
    }
  }

  private static func line(_ thing: ThingChange) -> String {
    let worker = thing.kind == .verdict ? "" : thing.worker.map { "worker \($0): " } ?? ""
    var text = worker + thing.text
    let states = [thing.stateBefore, thing.stateAfter].compactMap { $0 }
    if thing.kind != .verdict || thing.stateBefore != thing.stateAfter, !states.isEmpty {
      text += "; \(Set(states).count == 1 ? states[0] : states.joined(separator: ", now "))"
    }
    if let old = thing.countBefore, let new = thing.countAfter, old != new { text += "; \(old), now \(new)" }
    return text
  }

  private static func amount(_ value: UInt64?) -> String { value.map { String($0) } ?? Format.unknown }

  private static func signed(_ value: Int64?) -> String {
    value.map { $0 > 0 ? "+\($0)" : String($0) } ?? Format.unknown
  }
}

/// Lines whose cells stand under each other.
enum Columns {
  /// The first line is the heading; `left` are the columns that begin at the left.
  static func text(_ lines: [[String]], left: Set<Int>) -> String {
    let widths = (lines.first ?? []).indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    return lines.map { cells in
      var line = cells.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return left.contains(column) ? cell + space : space + cell
      }.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }
}
