// One slot as a reader sees it. Where the words come from (a mapping, or copies made with pread) is the
// business of who makes the view.

import CCtxtop

/// The tables of one slot as a reader sees them.
package struct SlotView {
  package let control: Words
  package let lanes: Words
  package let names: Words
  package let units: TableView
  package let holdings: TableView
  package let failures: TableView
  /// Records of each table that may be looked at.
  package let nameCount: Int
  package let unitCount: Int
  package let holdingCount: Int
  package let failureCount: Int

  package init(
    control: Words, lanes: Words, names: Words, units: TableView, holdings: TableView, failures: TableView,
    nameCount: Int, unitCount: Int, holdingCount: Int, failureCount: Int
  ) {
    self.control = control
    self.lanes = lanes
    self.names = names
    self.units = units
    self.holdings = holdings
    self.failures = failures
    self.nameCount = nameCount
    self.unitCount = unitCount
    self.holdingCount = holdingCount
    self.failureCount = failureCount
  }

  /// How many entries of a table on the control page are used; never more than the table has.
  func used(_ word: Int, of capacity: Int) -> Int {
    max(min(Int(truncatingIfNeeded: control.load(word)), capacity), 0)
  }
}
