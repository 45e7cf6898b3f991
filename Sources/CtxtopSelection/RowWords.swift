// Which rows a pattern means: the search and the filters of the screen and of reports.

import CtxtopModel
import CtxtopPattern

/// A pattern, and the columns in which it is looked for.
package struct RowWords<Row> {
  private let pattern: Pattern
  private let columns: [Column<Row>]
  private let answers = Answers()

  /// A pattern that names a column is looked for there, in what the screen shows. Any other is looked for in all
  /// columns of words and of names that happen to be numbers; a count is no name.
  package init(_ pattern: Pattern, table: Table<Row>) {
    self.pattern = pattern
    if let name = pattern.column, let column = table.columns.first(where: { $0.id == name || $0.title == name }) {
      columns = [column]
    } else {
      columns = table.columns.filter { $0.alignment == .left || $0.isIdentifier }
    }
  }

  /// Whether a row is meant.
  package func match(_ row: Row) -> Bool {
    columns.contains { isFound(in: $0.value(row)) } != pattern.isInverted
  }

  /// Those of the indices whose rows are meant. Column by column: with thousands of rows, what is done anew for each
  /// column of each row is most of the work.
  package func matches(in rows: [Row], _ indices: [Int]) -> [Int] {
    var isFound = [Bool](repeating: false, count: rows.count)
    for column in columns {
      let value = column.value
      // Neighbours often say the same: of one worker, in one state.
      var last = (value: Value.unknown, isFound: false)
      for index in indices where !isFound[index] {
        let next = value(rows[index])
        if next != last.value { last = (next, self.isFound(in: next)) }
        isFound[index] = last.isFound
      }
    }
    return indices.filter { isFound[$0] != pattern.isInverted }
  }

  private func isFound(in value: Value) -> Bool {
    switch value {
    case .unknown: false
    case .text(let text): answers.match(text, pattern)
    case let value: answers.match(Format.screen(value), pattern)
    }
  }
}

/// What a pattern said about the texts that it has seen. Texts recur from row to row, and to remember is cheaper than to
/// match.
private final class Answers {
  private var answers: [String: Bool] = [:]

  func match(_ text: String, _ pattern: Pattern) -> Bool {
    if let answer = answers[text] { return answer }
    let answer = pattern.matches(text)
    // Ages and the like hardly recur.
    if answers.count < 4_096 { answers[text] = answer }
    return answer
  }
}

extension Column {
  /// Whether it holds names that happen to be numbers.
  fileprivate var isIdentifier: Bool { id == "pid" || id == "number" || id == "unit" || id == "backend_pid" }
}
