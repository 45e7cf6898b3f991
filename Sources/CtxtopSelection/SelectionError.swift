// What is wrong with what was written.

import CtxtopPattern

/// Why a selection cannot be used.
package enum SelectionError: Error, Equatable {
  /// There is no such column; what may have been meant, and which there are.
  case noSuchColumn(String, near: String?, all: [String])
  /// Some columns have a sign in front and others have none.
  case mixedColumns
  /// A column was named twice.
  case columnTwice(String)
  /// Neither `asc` nor `desc` stands behind a column.
  case badOrder(String)
  /// The expression that rows are to match.
  case badPattern(String, PatternError)
}
